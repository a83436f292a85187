"""What a bot is and says of itself."""

import json
from typing import Final

from sandbox.call import Call, Method
from sandbox.errors import bad_request
from sandbox.model import Json
from sandbox.render import bot_json

_MOST_PHOTOS: Final = 100
_TEXT_MAX: Final = 200  # TELEGRAM.md, Limits: a callback answer


async def get_me(call: Call) -> Json:
    return {
        **bot_json(call.bot),
        "can_join_groups": True,
        "can_read_all_group_messages": call.bot.can_read_all_group_messages,
        "supports_inline_queries": call.bot.supports_inline_queries,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
    }


def _commands_key(call: Call) -> str:
    """The scope as JSON, empty for the default one, a bar, the language."""
    scope = call.structure("scope") or {"type": "default"}
    named = "" if scope.get("type") == "default" else json.dumps(scope, sort_keys=True)
    return f"{named}|{call.arguments.text('language_code')}"


async def set_my_commands(call: Call) -> bool:
    commands = call.structure("commands")
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    call.bot.commands[_commands_key(call)] = commands
    call.world.state.save_bot(call.bot)
    return True


async def get_my_commands(call: Call) -> list[Json]:
    found: list[Json] = call.bot.commands.get(_commands_key(call), [])
    return found


async def delete_my_commands(call: Call) -> bool:
    call.bot.commands.pop(_commands_key(call), None)
    call.world.state.save_bot(call.bot)
    return True


async def answer_callback_query(call: Call) -> bool:
    text = call.arguments.text("text")
    if len(text) > _TEXT_MAX:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {
        "text": text or None,
        "show_alert": call.arguments.flag("show_alert"),
        "url": call.arguments.text("url") or None,
        "answered": True,
    }
    query_id = call.arguments.text("callback_query_id")
    chat_id = call.world.callbacks.answer(call.bot.id, query_id, answer)
    event = {"type": "callback_answer", "chat_id": chat_id, "bot_id": call.bot.id}
    call.world.tell({**event, "text": answer["text"], "show_alert": answer["show_alert"]})
    return True


async def get_profile_photos(call: Call) -> Json:
    """The latest first, each in its sizes; `offset` and `limit` 1-100 as documented."""
    person = call.world.state.people.get(call.arguments.integer("user_id"))
    if person is None:
        raise bad_request("user not found")
    start, limit = max(0, call.arguments.integer("offset")), call.arguments.integer("limit", _MOST_PHOTOS)
    chosen = person.photos[start : start + max(1, min(limit, _MOST_PHOTOS))]
    return {"total_count": len(person.photos), "photos": [call.world.renderer.photo(call.bot, uid) for uid in chosen]}


METHODS: Final[dict[str, Method]] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "answerCallbackQuery": answer_callback_query,
    "getUserProfilePhotos": get_profile_photos,
}
