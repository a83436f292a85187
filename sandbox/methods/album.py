"""sendMediaGroup."""

from dataclasses import dataclass
from typing import Any, Final

from sandbox.access import count_message, writable_room
from sandbox.call import Call, Method
from sandbox.envelope import envelope
from sandbox.errors import ApiError, bad_request, too_many
from sandbox.methods.sending import post
from sandbox.model import Json, Message, Room
from sandbox.postbox import new_album
from sandbox.sources import Source, check_remote, find_source, stored

_MOST: Final = 10
_KINDS: Final = ("photo", "video", "audio", "document")


@dataclass(frozen=True, slots=True)
class _Item:
    kind: str
    source: Source
    body: Json
    fields: Json


async def send_media_group(call: Call) -> list[Json]:
    items = _items(call)
    room = writable_room(call, items[0].kind)
    # One item is sent as a plain message, as TDLib does; the documentation says 2–10.
    album = new_album() if len(items) > 1 else None
    extra = envelope(call, room)
    for item in items:
        check_remote(call, item.source, item.kind)  # before anything is sent, as TDLib reads the contents first
    messages: list[Message] = []
    for number, item in enumerate(items, 1):
        try:
            _hidden_flood(call, number)
            messages.append(await _send_item(call, room, item, extra | {"album": album}))
            extra |= {"reply_to": None, "quote": None, "external": None}  # only the first item is a reply
        except ApiError as error:
            if number == 1 and error.parameters and call.fault("hidden_flood") is None:
                raise
            # Also a flood error can come like this, with some items already sent (TELEGRAM.md, Limits).
            reason = error.description.removeprefix("Bad Request: ")
            text = f'failed to send message #{number} with the error message "{reason}"'
            raise bad_request(text) from error
    return [call.world.renderer.message(message, call.bot) for message in messages]


def _hidden_flood(call: Call, number: int) -> None:
    """The fault: the items after the first `sent` are refused with a flood error inside of a 400."""
    fault = call.fault("hidden_flood")
    if fault is not None and number > fault.number("sent", 1):
        raise too_many(int(fault.number("retry_after", 5)))


async def _send_item(call: Call, room: Room, item: _Item, extra: dict[str, Any]) -> Message:
    count_message(call, room)
    file = await stored(call, item.source, item.kind, item.fields)
    body = {**item.body, "media": {"kind": file.kind, "file": file.uid}}
    return post(call, room, body, **extra)


def _items(call: Call) -> list[_Item]:
    media = call.structure("media")
    if not isinstance(media, list) or not media:
        raise bad_request("there are no messages to send")
    if len(media) > _MOST:
        raise bad_request("too many messages to send as an album")
    items = [_item(call, one) for one in media]
    kinds = {item.kind for item in items}
    for alone in ("document", "audio"):
        if alone in kinds and len(kinds) > 1:
            raise bad_request(f"{alone} can't be mixed with other media types")
    return items


def _item(call: Call, media: Any) -> _Item:
    if not isinstance(media, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    kind = media.get("type")
    if kind not in _KINDS:
        raise bad_request(f"can't parse InputMedia: type must be one of {', '.join(_KINDS)}")
    return _Item(kind, media_source(call, media, kind), call.caption_body(media), media)


def media_source(call: Call, media: Json, kind: str) -> Source:
    """The source of an `InputMedia`."""
    return find_source(call, str(media.get("media") or ""), "", kind, str(media.get("thumbnail") or ""))


METHODS: Final[dict[str, Method]] = {"sendMediaGroup": send_media_group}
