"""sendMessage and the calls that send one file."""

import functools
from collections.abc import Mapping
from typing import Any, Final

from sandbox.access import count_message, writable_room
from sandbox.call import Call, Method
from sandbox.model import Json, Message, Room
from sandbox.sources import find_source, stored

_WITHOUT_CAPTION: Final = ("video_note", "sticker")  # TELEGRAM.md, Sending and files
_KINDS: Final = {
    "sendPhoto": "photo",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendVoice": "voice",
    "sendVideoNote": "video_note",
    "sendAnimation": "animation",
    "sendDocument": "document",
    "sendSticker": "sticker",
}


def envelope(call: Call, room: Room) -> dict[str, Any]:
    """What a new message has besides its content."""
    return {"reply_to": call.reply_target(room), "protected": call.arguments.flag("protect_content")}


def post(call: Call, room: Room, body: Json, **extra: Any) -> Message:
    return call.world.postbox.send(room.key, call.bot.id, body, **extra)


def with_markup(body: Json, markup: Json | None) -> Json:
    return {**body, "reply_markup": markup} if markup else body


async def send_message(call: Call) -> Json:
    body = with_markup(call.text_body(), call.markup())
    room = writable_room(call)
    extra = envelope(call, room)
    count_message(call, room)
    return call.world.renderer.message(post(call, room, body, **extra), call.bot)


async def send_file(call: Call, kind: str) -> Json:
    """File present, caption, markup, chat, flood, file: in this order, as far as TELEGRAM.md tells it."""
    arguments = call.arguments
    source = find_source(call, arguments.text(kind), kind, kind, arguments.text("thumbnail"))
    body = {} if kind in _WITHOUT_CAPTION else call.caption_body()
    markup = call.markup()
    room = writable_room(call, kind)
    extra = envelope(call, room)
    count_message(call, room)
    fields: Mapping[str, Any] = arguments.fields
    file = await stored(call, source, kind, fields)
    body = with_markup({**body, "media": {"kind": file.kind, "file": file.uid}}, markup)
    return call.world.renderer.message(post(call, room, body, **extra), call.bot)


METHODS: Final[dict[str, Method]] = {
    "sendMessage": send_message,
    **{name: functools.partial(send_file, kind=kind) for name, kind in _KINDS.items()},
}
