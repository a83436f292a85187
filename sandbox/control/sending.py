"""A person sends: text, contacts, real files, virtual files, albums."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from typing import Final

from aiohttp import web

from sandbox import images
from sandbox.call import CAPTION_MAX, TEXT_MAX, Call
from sandbox.config import UNLIMITED
from sandbox.control.common import answer_json, number_of, person_of, room_of, shown, world_of
from sandbox.entities import found_in
from sandbox.errors import ControlError
from sandbox.files import FileStore, Upload, mime_of
from sandbox.membership import full_rights
from sandbox.model import CHANNEL, Json, Member, Message, Person, Room, StoredFile
from sandbox.postbox import new_album
from sandbox.sources import add_small_size, attributes, take_photo, take_upload
from sandbox.wire import Arguments, read_arguments
from sandbox.world import World

_KINDS: Final = ("photo", "video", "audio", "voice", "video_note", "animation", "document", "sticker")
_ALBUM_KINDS: Final = ("photo", "video", "document", "audio")
_ALBUM_MAX: Final = 10
_VIRTUAL_SIZE: Final = 100_000
_PHOTO_SIZE: Final = (1280, 960)
_NAMES: Final = {"video": "video.mp4", "animation": "animation.gif.mp4", "document": "file.bin", "audio": "music.mp3"}
_MIMES: Final = {
    "video": "video/mp4",
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
    "video_note": "video/mp4",
}
_SHOWN: Final = {"width": 1280, "height": 720, "duration": 60, "length": 240}
_STICKER: Final = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}


async def post_message(request: web.Request) -> web.Response:
    world = world_of(request)
    if request.content_type == "multipart/form-data":
        arguments = await read_arguments(request, world.store, UNLIMITED)
    else:
        arguments = Arguments(fields={"message": await request.text()})
    try:
        wanted = json.loads(arguments.text("message") or "{}")
        messages = await _send(world, number_of(request, "chat"), wanted, arguments)
    finally:
        arguments.drop()
    return answer_json({"messages": [shown(world, message, wanted.get("bot")) for message in messages]})


async def _send(world: World, chat_id: int, wanted: Json, arguments: Arguments) -> list[Message]:
    person = person_of(world, wanted.get("from"))
    room = room_of(world, chat_id, wanted.get("bot"))
    check_may_write(world, room, person)
    uploads = arguments.uploads
    media = wanted.get("media") or _guessed(uploads, arguments.text("as"))
    bodies = [body async for body in _bodies(world, room, wanted, media, uploads)]
    album = _album(wanted, media)
    messages = []
    for number, body in enumerate(bodies):
        extra: Json = {"album": album, "anonymous": bool(wanted.get("anonymous"))}
        extra["reply_to"] = wanted.get("reply_to_message_id") if not number else None
        messages.append(world.postbox.send(room.key, person.id, body, **extra))
    return messages


def check_may_write(world: World, room: Room, person: Person) -> None:
    """People write where they are; in channels only those who may post; nobody writes to a bot they block."""
    if person.deactivated:
        raise ControlError("this person's account is deleted", 403)
    chat = world.state.chats.get(room.key.chat_id)
    if chat is None:
        if room.key.chat_id != person.id:
            raise ControlError("only the person whose private chat this is can write there", 403)
        if room.key.bot_id in person.blocked_bots:
            raise ControlError("the person has blocked this bot", 403)
    elif not chat.has(person.id):
        raise ControlError("the person is not in this chat", 403)
    elif chat.type == CHANNEL and not chat.may(person.id, "can_post_messages"):
        raise ControlError("only the channel's administrators can post", 403)


def _guessed(uploads: list[Upload], wanted_kind: str) -> list[Json]:
    """The media of plain uploads: the kind by type, as Telegram's own apps do; `as=document` keeps files."""
    return [{"kind": wanted_kind or _kind_of(upload)} for upload in uploads]


def _kind_of(upload: Upload) -> str:
    mime_type = mime_of(upload.file_name)
    if mime_type in ("image/jpeg", "image/png", "image/webp"):
        return "photo"
    if mime_type == "image/gif":
        return "animation"
    top = mime_type.partition("/")[0]
    return top if top in ("video", "audio") else "document"


def _album(wanted: Json, media: list[Json]) -> str | None:
    if len(media) < 2 or wanted.get("as_album") is False:  # noqa: PLR2004 - one file is no album
        return None
    kinds = {one.get("kind", "document") for one in media}
    if len(media) > _ALBUM_MAX or not kinds.issubset(_ALBUM_KINDS):
        raise ControlError("an album holds 2-10 photos, videos, documents or audio files")
    for alone in ("document", "audio"):
        if alone in kinds and len(kinds) > 1:
            raise ControlError(f"{alone} can't be mixed with other media types in an album")
    return new_album()


async def _bodies(
    world: World, room: Room, wanted: Json, media: list[Json], uploads: list[Upload]
) -> AsyncIterator[Json]:
    """The content of each message to send; a caption of the whole is the first one's, as in an album."""
    if not media:
        yield _plain(world, room, wanted)
        return
    waiting = iter(uploads)
    for number, one in enumerate(media):
        file = await _file(world, wanted.get("bot"), one, waiting)
        caption = one.get("caption") or (wanted.get("caption") if not number else None) or ""
        if len(caption) > CAPTION_MAX:
            raise ControlError("the caption is too long")
        body: Json = {"media": {"kind": file.kind, "file": file.uid}}
        if caption:
            body |= {"caption": caption, "caption_entities": found_in(caption, [])}
        yield body


def _plain(world: World, room: Room, wanted: Json) -> Json:
    if isinstance(wanted.get("contact"), dict):
        return {"contact": wanted["contact"]}
    if isinstance(wanted.get("location"), dict):
        return {"location": wanted["location"]}
    if isinstance(wanted.get("chat_shared"), dict):
        return _share_chat(world, room, wanted["chat_shared"], wanted["from"])
    text = str(wanted.get("text") or "").strip()
    if not text or len(text) > TEXT_MAX:
        raise ControlError("a text of 1-4096 characters, media, a contact or a location is needed")
    return {"text": text, "entities": found_in(text, [])}


def _share_chat(world: World, room: Room, shared: Json, person_id: int) -> Json:
    """The answer to `KeyboardButtonRequestChat`, which also gives the bot its rights (TELEGRAM.md, Updates)."""
    chat = world.state.chats.get(shared["chat_id"])
    if chat is None or not chat.has(person_id):
        raise ControlError("no such chat", 404)
    if chat.status(room.key.bot_id) != "administrator" and shared.get("rights") is not False:
        rights = shared.get("rights") or full_rights(chat.type)
        member = Member(status="administrator", rights=rights)
        world.postbox.membership.change(chat, room.key.bot_id, member, person_id)
    word = {"request_id": shared.get("request_id", 0), "chat_id": chat.id, "title": chat.title}
    return {"service": {"chat_shared": word}}


async def _file(world: World, bot_id: int | None, one: Json, waiting: Iterator[Upload]) -> StoredFile:
    kind = one.get("kind", "document")
    if kind not in _KINDS:
        raise ControlError(f"kind has to be one of {', '.join(_KINDS)}")
    upload = next(waiting, None) if "virtual_size" not in one else None
    if upload is None:
        return _imagined(world.store, kind, one)
    upload.file_name = one.get("file_name") or upload.file_name
    call = Call(world, world.bot(bot_id), "", Arguments())
    if kind == "photo":
        return await take_photo(call, upload)
    file = await take_upload(call, upload, kind, {**one, "disable_content_type_detection": "true"})
    if one.get("mime_type"):
        file.attrs["mime_type"] = one["mime_type"]
    if kind == "document":
        await _preview(world.store, file)
    world.state.save_file(file)
    return file


async def _preview(store: FileStore, file: StoredFile) -> None:
    """Telegram makes thumbnails of pictures that are sent as files."""
    if not file.attrs["mime_type"].startswith("image/"):
        return
    loop = asyncio.get_running_loop()
    small = await loop.run_in_executor(store.pool, images.shrink, store.path(file), images.THUMB_SIDE)
    if small is not None:
        data, (width, height) = small
        file.thumb = store.keep(data, "thumbnail", {"width": width, "height": height}).uid


def _imagined(store: FileStore, kind: str, one: Json) -> StoredFile:
    """A file nobody has; all but a painted photo and a sticker has the fields of an upload of this name."""
    size = one.get("virtual_size", _VIRTUAL_SIZE)
    if kind == "photo":
        return _photo(store, one)
    name = one.get("file_name") or _NAMES.get(kind, "")
    mime_type = one.get("mime_type") or mime_of(name, _MIMES.get(kind, "application/octet-stream"))
    if kind == "sticker":
        return store.imagine(size, kind, dict(_STICKER), "image/webp", one.get("fill"))
    attrs = attributes(kind, Upload(store.root, name, "", size), {**_SHOWN, **one})
    if "mime_type" in attrs:
        attrs["mime_type"] = mime_type
    return store.imagine(size, kind, attrs, mime_type, one.get("fill"))


def _photo(store: FileStore, one: Json) -> StoredFile:
    """A JPEG in the colour `fill`, or with `virtual_size`, and where Pillow is missing, bytes that begin like one."""
    wide, high = one.get("width", _PHOTO_SIZE[0]), one.get("height", _PHOTO_SIZE[1])
    attrs: Json = {"width": wide, "height": high}
    colour = one.get("fill") or f"#{random.Random(store.state.last_file).randrange(1 << 24):06x}"  # noqa: S311 - a colour
    data = None if "virtual_size" in one else images.painted((wide, high), colour)
    if data is not None:
        file = store.keep(data, "photo", attrs)
    else:
        file = store.imagine(one.get("virtual_size", _VIRTUAL_SIZE), "photo", attrs, "image/jpeg", None)
    add_small_size(store, file, None)
    return file


ROUTES: Final = [web.post("/control/chats/{chat}/messages", post_message)]
