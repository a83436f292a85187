"""copyMessage(s) and forwardMessage(s)."""

import itertools
from typing import Any, Final

from sandbox.access import count_message, readable_room, writable_room
from sandbox.call import Call, Method
from sandbox.envelope import envelope, forward_origin
from sandbox.errors import bad_request
from sandbox.methods.sending import post, with_markup
from sandbox.model import Json, Message, Room
from sandbox.postbox import new_album

_COPIED: Final = ("text", "entities", "media", "caption", "caption_entities", "contact", "location", "venue", "dice")


async def copy_message(call: Call) -> Json:
    """Answers `{"message_id"}` only; the copy is the bot's own."""
    new_caption = call.caption_body() if "caption" in call.arguments.fields else None
    markup = call.markup()
    room = writable_room(call)
    message = _found(call, "copy")
    if not _may_leave(call, message):
        raise bad_request("the message can't be copied")
    extra = envelope(call, room)
    count_message(call, room)
    body = _copied(message)
    if new_caption is not None and "media" in body:
        body = {"media": body["media"], **new_caption}
    copy = post(call, room, with_markup(body, markup), **extra)
    return {"message_id": copy.id}


async def forward_message(call: Call) -> Json:
    room = writable_room(call)
    message = _found(call, "forward")
    if not _may_leave(call, message):
        raise bad_request("the message can't be forwarded")
    count_message(call, room)
    return call.world.renderer.message(_forward(call, room, message, None), call.bot)


async def copy_messages(call: Call) -> list[Json]:
    """Keeps albums together under a new group id and skips what it cannot copy."""
    room, messages = _several(call)
    albums: dict[str, str] = {}
    thread = envelope(call, room)["thread"]
    sent = []
    for message in messages:
        body = _copied(message)
        if call.arguments.flag("remove_caption") and "media" in body:
            body = {"media": body["media"]}
        sent.append(post(call, room, body, album=_album(message, albums), thread=thread, **_protection(call)))
    return [{"message_id": one.id} for one in sent]


async def forward_messages(call: Call) -> list[Json]:
    """Answers ids only."""
    room, messages = _several(call)
    albums: dict[str, str] = {}
    sent = [_forward(call, room, message, _album(message, albums)) for message in messages]
    return [{"message_id": one.id} for one in sent]


def _several(call: Call) -> tuple[Room, list[Message]]:
    """The target and what can be moved there; all of it counts before any of it is sent."""
    ids = call.message_ids()
    if not ids:
        raise bad_request("there are no messages to forward")
    if any(later <= earlier for earlier, later in itertools.pairwise(ids)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    room = writable_room(call)
    origin = readable_room(call, "from_chat_id")
    messages = [origin.messages[one] for one in ids if one in origin.messages]
    movable = [message for message in messages if _may_leave(call, message)]
    if not movable:
        raise bad_request("there are no messages to forward")
    for _ in movable:
        count_message(call, room)
    return room, movable


def _album(message: Message, albums: dict[str, str]) -> str | None:
    return albums.setdefault(message.album, new_album()) if message.album else None


def _found(call: Call, verb: str) -> Message:
    message = readable_room(call, "from_chat_id").messages.get(call.message_id())
    if message is None:
        raise bad_request(f"message to {verb} not found")
    return message


def _may_leave(call: Call, message: Message) -> bool:
    """Service messages stay, and what is protected (TELEGRAM.md: *restrict saving content*)."""
    chat = call.world.state.chats.get(message.room.chat_id)
    protected = message.protected or (chat is not None and chat.protected)
    return "service" not in message.body and not protected


def _copied(message: Message) -> Json:
    return {name: message.body[name] for name in _COPIED if name in message.body}


def _protection(call: Call) -> dict[str, Any]:
    return {"protected": call.arguments.flag("protect_content")}


def _forward(call: Call, room: Room, message: Message, album: str | None) -> Message:
    extra = {"album": album, "thread": envelope(call, room)["thread"], **_protection(call)}
    return post(call, room, _copied(message), forward=forward_origin(call.world, message), **extra)


METHODS: Final[dict[str, Method]] = {
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "forwardMessages": forward_messages,
}
