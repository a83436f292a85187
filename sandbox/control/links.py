"""A person follows a t.me link: into a bot, a group with a bot, or a chat by invitation."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from sandbox.control.common import answer_json, body_of, chat_of, person_of, shown, world_of
from sandbox.control.routing import INTEGER, OBJECT, STRING, Route, list_of, obj
from sandbox.control.sending import check_may_write
from sandbox.entities import found_in
from sandbox.errors import ControlError
from sandbox.invites import PREFIX, follow
from sandbox.model import CHANNEL, Bot, Chat, Json, Member, Message, Person, RoomKey
from sandbox.world import World

_PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]{0,64}")  # TELEGRAM.md, Updates
_RIGHTS: Final = {"invite_users": "can_invite_users", "manage_video_chats": "can_manage_video_chats"}


async def open_link(request: web.Request) -> web.Response:
    """`?start=` writes to the bot; `?startgroup=` and `?startchannel` with `chat` (and `&admin=rights+…`) add it there;
    an invite link lets the person in, or asks for it.
    """
    world, wanted = world_of(request), await body_of(request)
    person, url = person_of(world, wanted.get("from")), str(wanted.get("url", ""))
    if url.startswith(PREFIX):
        chat = follow(world, person.id, url)
        return answer_json({"messages": [], "chat_id": chat.id, "status": chat.status(person.id)})
    messages = _open_bot(world, person, url, wanted)
    return answer_json({"messages": [shown(world, one) for one in messages]})


def _open_bot(world: World, person: Person, url: str, wanted: Json) -> list[Message]:
    parts = urlsplit(url)
    name = parts.path.strip("/").lower()
    bot = next((one for one in world.state.bots.values() if one.username.lower() == name), None)
    if parts.hostname != "t.me" or bot is None:
        raise ControlError("this link leads to no bot", 404)
    # Rights are joined with "+", which a query string reads as a blank.
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "startgroup" in query or "startchannel" in query:
        return _add(world, person, bot, chat_of(world, wanted.get("chat", 0)), query)
    start = _checked(query.get("start", ""))
    room = world.state.room_for(person.id, bot.id)
    check_may_write(world, room, person)
    return [_say(world, room.key, person, f"/start {start}".strip())]


def _checked(parameter: str) -> str:
    if not _PARAMETER.fullmatch(parameter):
        raise ControlError("a start parameter has at most 64 characters of A-Za-z0-9_-")
    return parameter


def _add(world: World, person: Person, bot: Bot, chat: Chat, query: dict[str, str]) -> list[Message]:
    """The person adds the bot to a group or channel of theirs."""
    start = _checked(query.get("startgroup", ""))
    names = query.get("admin", "").split()
    if chat.status(person.id) not in ("creator", "administrator") and (names or chat.type == CHANNEL):
        raise ControlError("only the chat's administrators can give rights", 403)
    rights = {_RIGHTS.get(name, f"can_{name}"): True for name in names}
    member = Member(status="administrator", rights=rights) if names else Member(status="member")
    world.postbox.move(chat, bot.id, member, person.id)
    if chat.type == CHANNEL:
        return []
    return [_say(world, RoomKey(chat.id, 0), person, f"/start@{bot.username} {start}".strip())]


def _say(world: World, room: RoomKey, person: Person, text: str) -> Message:
    return world.postbox.send(room, person.id, {"text": text, "entities": found_in(text, [])})


ROUTES: Final = [
    Route(
        method="POST",
        path="/control/links",
        handler=open_link,
        summary="Follow a t.me link",
        body=obj("from url", **{"from": INTEGER}, url=STRING, chat=INTEGER),
        answer=obj("messages", messages=list_of(OBJECT), chat_id=INTEGER, status=STRING),
    ),
]
