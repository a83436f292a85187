"""answerInlineQuery and answerWebAppQuery."""

from typing import Final

from sandbox import inlineids
from sandbox.call import Call, Method
from sandbox.errors import OLD_QUERY, bad_request
from sandbox.inline_results import send_result
from sandbox.model import Json


async def answer_inline_query(call: Call) -> bool:
    extra: Json = {
        "next_offset": call.arguments.text("next_offset"),
        "button": call.structure("button"),
        "is_personal": call.arguments.flag("is_personal"),
        "cache_time": call.arguments.integer("cache_time", 300),
    }
    results = call.structure("results")
    call.world.inline.answer(call.bot.id, call.arguments.text("inline_query_id"), results, extra)
    return True


async def answer_web_app_query(call: Call) -> Json:
    """Sends the result for the person who has the Mini App open, into the chat it was opened in; once."""
    query_id = call.arguments.text("web_app_query_id")
    opened = call.world.web_apps.get(query_id)
    if opened is None or opened.bot_id != call.bot.id:
        raise bad_request(OLD_QUERY)
    result = call.structure("result")
    if not isinstance(result, dict):
        raise bad_request("can't parse inline query result: expected an Object")
    del call.world.web_apps[query_id]
    room = call.world.state.room(opened.room)
    message = await send_result(call.world, call.bot, opened.person_id, room, result)
    return {"inline_message_id": inlineids.encode(message)}


METHODS: Final[dict[str, Method]] = {
    "answerInlineQuery": answer_inline_query,
    "answerWebAppQuery": answer_web_app_query,
}
