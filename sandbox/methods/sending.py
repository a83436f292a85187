"""sendMessage and the calls that send one file."""

import functools
import secrets
from collections.abc import Mapping
from typing import Any, Final

from sandbox.access import count_message, writable_room
from sandbox.call import Call, Method
from sandbox.envelope import envelope
from sandbox.errors import bad_request
from sandbox.model import Json, Message, Room
from sandbox.sources import find_source, stored

_WITHOUT_CAPTION: Final = ("video_note", "sticker")  # TELEGRAM.md, Sending and files
_DICE: Final = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
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


async def send_contact(call: Call) -> Json:
    arguments = call.arguments
    contact = {name: arguments.text(name) for name in ("phone_number", "first_name", "last_name", "vcard")}
    if not contact["phone_number"] or not contact["first_name"]:
        raise bad_request("phone number and first name must be non-empty")  # the exact text is unverified
    return _send_plain(call, {"contact": {name: value for name, value in contact.items() if value}})


def _place(call: Call) -> Json:
    try:
        return {name: float(call.arguments.text(name)) for name in ("latitude", "longitude")}
    except ValueError as error:
        raise bad_request("invalid location specified") from error  # the exact text is unverified


async def send_location(call: Call) -> Json:
    return _send_plain(call, {"location": _place(call)})


async def send_venue(call: Call) -> Json:
    venue = {"location": _place(call), "title": call.arguments.text("title"), "address": call.arguments.text("address")}
    return _send_plain(call, {"venue": venue, "location": venue["location"]})


async def send_dice(call: Call) -> Json:
    emoji = call.arguments.text("emoji") or "🎲"
    if emoji not in _DICE:
        raise bad_request("wrong dice emoji specified")  # the exact text is unverified
    return _send_plain(call, {"dice": {"emoji": emoji, "value": secrets.randbelow(_DICE[emoji]) + 1}})


def _send_plain(call: Call, body: Json) -> Json:
    """Content without text or file."""
    markup = call.markup()
    room = writable_room(call)
    extra = envelope(call, room)
    count_message(call, room)
    return call.world.renderer.message(post(call, room, with_markup(body, markup), **extra), call.bot)


METHODS: Final[dict[str, Method]] = {
    "sendMessage": send_message,
    "sendContact": send_contact,
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendDice": send_dice,
    **{name: functools.partial(send_file, kind=kind) for name, kind in _KINDS.items()},
}
