"""A person presses a button of a reply keyboard."""

from typing import Final

from aiohttp import web

from sandbox.control.chats import new_chat
from sandbox.control.common import answer_json, body_of, bot_query, message_of, person_of, shown, world_of
from sandbox.control.routing import INTEGER, OBJECT, STRING, Route, list_of, obj
from sandbox.control.sending import check_may_write, own_contact, share_chat
from sandbox.control.webapps import find_button
from sandbox.errors import ControlError
from sandbox.model import CHANNEL, SUPERGROUP, Json, Person, Room
from sandbox.webapp import open_web_app
from sandbox.world import World

_HERE: Final = {"latitude": 41.311081, "longitude": 69.240562}
_SHARED: Final = ("title", "username")


async def press_key(request: web.Request) -> web.Response:
    """Plain buttons send their text. `request_contact` sends the person's number, `request_location` a `location`,
    `request_chat` shares `chat` (or a new one titled `create`) and gives the bot the rights it asked for,
    `request_users` shares `users`, `web_app` opens the app: `{"url"}`.
    """
    world, wanted = world_of(request), await body_of(request)
    message = message_of(world, request, wanted.get("bot") or bot_query(request))
    person = person_of(world, wanted.get("from"))
    room = world.state.room(message.room)
    check_may_write(world, room, person)
    button = find_button(message, wanted.get("button"))
    if "web_app" in button:
        bot = world.bot(message.author)
        url = button["web_app"]["url"]
        return answer_json({"messages": [], **open_web_app(world, bot, person, room.key, url, with_query=False)})
    sent = world.postbox.send(room.key, person.id, _body(world, room, person, button, wanted))
    return answer_json({"messages": [shown(world, sent)]})


def _body(world: World, room: Room, person: Person, button: Json, wanted: Json) -> Json:
    if button.get("request_contact"):
        return {"contact": own_contact(person)}
    if button.get("request_location"):
        return {"location": wanted.get("location") or _HERE}
    if isinstance(button.get("request_chat"), dict):
        return _shared_chat(world, room, person, button["request_chat"], wanted)
    if isinstance(button.get("request_users"), dict):
        return _shared_users(world, button["request_users"], wanted)
    return {"text": button["text"], "entities": []}


def _shared_chat(world: World, room: Room, person: Person, asked: Json, wanted: Json) -> Json:
    kind = CHANNEL if asked.get("chat_is_channel") else SUPERGROUP
    chat_id = wanted.get("chat")
    if "create" in wanted:
        chat_id = new_chat(world, {"type": kind, "title": wanted["create"], "creator": person.id}).id
    chat = world.state.chats.get(chat_id or 0)
    if chat is None:
        raise ControlError("chat, or create with a title, is needed")
    if (chat.type == CHANNEL) != (kind == CHANNEL):
        raise ControlError(f"the bot asks for a {kind}")
    if chat.status(person.id) not in ("creator", "administrator") and asked.get("bot_administrator_rights"):
        raise ControlError("the person has no rights there to give away", 403)
    rights = asked.get("bot_administrator_rights") or False
    body = share_chat(world, room, {"chat_id": chat.id, "request_id": asked["request_id"], "rights": rights}, person.id)
    word: Json = {"request_id": asked["request_id"], "chat_id": chat.id}
    word |= {name: getattr(chat, name) for name in _SHARED if asked.get(f"request_{name}") and getattr(chat, name)}
    body["service"]["chat_shared"] = word
    return body


def _shared_users(world: World, asked: Json, wanted: Json) -> Json:
    """`user_ids` is the older field that the real server still sends beside `users`; it is left out."""
    users: list[Json] = []
    for one in wanted.get("users", []):
        person = person_of(world, one)
        user: Json = {"user_id": person.id}
        if asked.get("request_name"):
            user |= {"first_name": person.first_name, **({"last_name": person.last_name} if person.last_name else {})}
        if asked.get("request_username") and person.username:
            user["username"] = person.username
        users.append(user)
    if not 1 <= len(users) <= asked.get("max_quantity", 1):
        raise ControlError(f"users: 1-{asked.get('max_quantity', 1)} ids")
    return {"service": {"users_shared": {"request_id": asked["request_id"], "users": users}}}


ROUTES: Final = [
    Route(
        method="POST",
        path="/control/chats/{chat}/messages/{mid}/key",
        handler=press_key,
        summary="Press a button of a reply keyboard",
        query={"bot": INTEGER},
        body=obj(
            "from button",
            **{"from": INTEGER},
            bot=INTEGER,
            button={"oneOf": [STRING, list_of(INTEGER)]},
            chat=INTEGER,
            create=STRING,
            users=list_of(INTEGER),
            location=OBJECT,
        ),
        answer=obj("messages", messages=list_of(OBJECT), url=STRING),
    ),
]
