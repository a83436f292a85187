"""An inline result becomes a message of the person who chose it, `via_bot`."""

import json
from typing import Any, Final

from sandbox.call import CAPTION_MAX, TEXT_MAX, Call
from sandbox.errors import bad_request
from sandbox.markup import reply_markup
from sandbox.model import Bot, Json, Message, Room
from sandbox.parsing import formatted
from sandbox.sources import Source, stored
from sandbox.wire import Arguments
from sandbox.world import World

# Result type to the kind of file it sends; the names of its fields follow from the type.
_FILES: Final = {
    "photo": "photo",
    "gif": "animation",
    "mpeg4_gif": "animation",
    "video": "video",
    "audio": "audio",
    "voice": "voice",
    "document": "document",
    "sticker": "sticker",
}
_CONTACT: Final = ("phone_number", "first_name", "last_name", "vcard")


async def send_result(world: World, bot: Bot, person_id: int, room: Room, result: Json, **extra: Any) -> Message:
    """Post the message of a result. Raises bad requests of a result that makes none."""
    body = await _body(world, bot, result)
    markup = result.get("reply_markup")
    if markup:
        body["reply_markup"] = reply_markup(json.dumps(markup))
    return world.postbox.send(room.key, person_id, body, via_bot=bot.id, **extra)


async def _body(world: World, bot: Bot, result: Json) -> Json:
    content = result.get("input_message_content")
    if isinstance(content, dict):
        return _content(content)
    kind = result.get("type", "")
    if kind in _FILES:
        return await _file(world, bot, result, kind)
    if kind in ("location", "venue", "contact"):
        return _content(result)
    raise bad_request("can't parse inline query result: unsupported type")


def _content(content: Json) -> Json:
    """An `InputMessageContent`."""
    if "message_text" in content:
        mode, entities = content.get("parse_mode") or "", content.get("entities")
        text, found = formatted(str(content["message_text"]), mode, entities)
        if not text or len(text) > TEXT_MAX:
            raise bad_request("message text is empty" if not text else "message is too long")
        return {"text": text, "entities": found}
    if "phone_number" in content:
        return {"contact": {name: content[name] for name in _CONTACT if content.get(name)}}
    if "latitude" in content:
        place = {"latitude": content["latitude"], "longitude": content["longitude"]}
        if "address" in content:
            venue = {"location": place, "title": content["title"], "address": content["address"]}
            return {"venue": venue, "location": place}
        return {"location": place}
    raise bad_request("can't parse inline query result: unsupported input_message_content")


async def _file(world: World, bot: Bot, result: Json, kind: str) -> Json:
    """A cached file by its `file_id`, any other by its address."""
    remote = result.get(f"{kind}_file_id") or result.get(f"{kind}_url")
    if not isinstance(remote, str):
        raise bad_request(f"can't parse inline query result: Can't find field \"{kind}_url\"")
    arguments = Arguments()
    call = Call(world, bot, "answerInlineQuery", arguments)
    try:
        file = await stored(call, Source(None, remote, None), _FILES[kind], result)
    finally:
        arguments.drop()
    caption, entities = formatted(result.get("caption") or "", result.get("parse_mode") or "", None)
    if len(caption) > CAPTION_MAX:
        raise bad_request("message caption is too long")
    body: Json = {"media": {"kind": file.kind, "file": file.uid}}
    return body | ({"caption": caption, "caption_entities": entities} if caption else {})
