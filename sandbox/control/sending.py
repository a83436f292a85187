"""A person sends: text, contacts, real files, virtual files, albums."""

import json
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from sandbox.call import CAPTION_MAX, TEXT_MAX
from sandbox.config import UNLIMITED
from sandbox.control.common import answer_json, number_of, person_of, room_of, shown, world_of
from sandbox.control.media import KINDS, file_of
from sandbox.control.routing import BOOLEAN, FILE, INTEGER, NUMBER, OBJECT, STRING, Route, list_of, obj, one_of
from sandbox.entities import found_in
from sandbox.envelope import external_reply, quote_of, thread_in
from sandbox.errors import ControlError
from sandbox.files import Upload, mime_of
from sandbox.membership import full_rights
from sandbox.model import CHANNEL, Chat, Json, Member, Message, Person, Room
from sandbox.postbox import new_album
from sandbox.wire import Arguments, read_arguments
from sandbox.world import World

_ALBUM_KINDS: Final = ("photo", "video", "document", "audio")
_ALBUM_MAX: Final = 10


async def post_message(request: web.Request) -> web.Response:
    """Text, contact, location, shared chat, or media: as JSON, or multipart with the same JSON in a field `message`
    and the files in fields `file`. Items with `virtual_size` use no disk. Several media are an album.
    """
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
    extra = _identity(world, room, wanted) | _reply(world, room, wanted)
    messages = []
    for body in bodies:
        messages.append(world.postbox.send(room.key, person.id, body, album=album, **extra))
        extra |= {"reply_to": None, "quote": None, "external": None}  # only the first item is a reply
    return messages


def _identity(world: World, room: Room, wanted: Json) -> Json:
    """As whom a person writes in a group: anonymously as its administrator, or as a channel of their own."""
    chat, person_id = world.state.chats.get(room.key.chat_id), wanted["from"]
    anonymous, sender_chat = bool(wanted.get("anonymous")), wanted.get("sender_chat_id")
    if anonymous and (chat is None or chat.status(person_id) not in ("creator", "administrator")):
        raise ControlError("only a group's administrators write anonymously", 403)
    channel = world.state.chats.get(sender_chat) if sender_chat else None
    if sender_chat and (chat is None or channel is None or channel.status(person_id) != "creator"):
        raise ControlError("people write in groups as channels of their own", 403)
    return {"anonymous": anonymous, "sender_chat": sender_chat}


def _reply(world: World, room: Room, wanted: Json) -> Json:
    """`reply_to_message_id` with `quote`, into another chat with `reply_to_chat_id`; `message_thread_id` in a forum."""
    chat, thread = world.state.chats.get(room.key.chat_id), wanted.get("message_thread_id")
    target = wanted.get("reply_to_message_id")
    origin = room
    if wanted.get("reply_to_chat_id"):
        origin = room_of(world, wanted["reply_to_chat_id"], wanted.get("bot"))
    message = origin.messages.get(target or 0)
    extra: Json = {"reply_to": target, "quote": quote_of(message, wanted) if message else None}
    if thread and chat is not None:
        extra["thread"] = thread_in(chat, thread, wanted["from"])
    elif message is not None and origin.key == room.key:
        extra["thread"] = message.thread
    if origin.key != room.key and message is not None:
        extra |= {"reply_to": None, "external": external_reply(world, message)}
    return extra


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
    """`media_group_id` names an album whose items come one by one, as over a slow line."""
    if media and isinstance(wanted.get("media_group_id"), str):
        return str(wanted["media_group_id"])
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
        file = await file_of(world, wanted.get("bot"), one, waiting)
        caption = one.get("caption") or (wanted.get("caption") if not number else None) or ""
        if len(caption) > CAPTION_MAX:
            raise ControlError("the caption is too long")
        body: Json = {"media": {"kind": file.kind, "file": file.uid}}
        if caption:
            body |= {"caption": caption, "caption_entities": found_in(caption, [])}
        yield body


def _plain(world: World, room: Room, wanted: Json) -> Json:
    if wanted.get("share_contact"):
        return {"contact": own_contact(person_of(world, wanted["from"]))}
    if isinstance(wanted.get("contact"), dict):
        return {"contact": wanted["contact"]}
    if isinstance(wanted.get("location"), dict):
        return {"location": wanted["location"]}
    if isinstance(wanted.get("chat_shared"), dict):
        return share_chat(world, room, wanted["chat_shared"], wanted["from"])
    text = str(wanted.get("text") or "").strip()
    if not text or len(text) > TEXT_MAX:
        raise ControlError("a text of 1-4096 characters, media, a contact or a location is needed")
    return {"text": text, "entities": found_in(text, [])}


def own_contact(person: Person) -> Json:
    """What `request_contact` makes a person send: their own number, with their id."""
    contact: Json = {"phone_number": person.phone or f"+998{person.id:09d}", "first_name": person.first_name}
    if person.last_name:
        contact["last_name"] = person.last_name
    return {**contact, "user_id": person.id}


def share_chat(world: World, room: Room, shared: Json, person_id: int) -> Json:
    """The answer to `KeyboardButtonRequestChat`, which also gives the bot its rights (TELEGRAM.md, Updates)."""
    chat = _shareable(world, shared["chat_id"], person_id)
    if chat.status(room.key.bot_id) != "administrator" and shared.get("rights") is not False:
        rights = shared.get("rights") or full_rights(chat.type)
        member = Member(status="administrator", rights=rights)
        world.postbox.membership.change(chat, room.key.bot_id, member, person_id)
    word = {"request_id": shared.get("request_id", 0), "chat_id": chat.id, "title": chat.title}
    return {"service": {"chat_shared": word}}


def _shareable(world: World, chat_id: int, person_id: int) -> Chat:
    chat = world.state.chats.get(chat_id)
    if chat is None or not chat.has(person_id):
        raise ControlError("no such chat", 404)
    return chat


_MEDIA: Final = obj(
    "kind",
    kind=one_of(*KINDS),
    virtual_size=INTEGER,
    file_name=STRING,
    mime_type=STRING,
    width=INTEGER,
    height=INTEGER,
    duration=INTEGER,
    caption=STRING,
    fill=STRING,
)
_MESSAGE: Final = obj(
    "from",
    **{"from": INTEGER},
    bot=INTEGER,
    text=STRING,
    media=list_of(_MEDIA),
    caption=STRING,
    as_album=BOOLEAN,
    media_group_id=STRING,
    contact=OBJECT,
    share_contact=BOOLEAN,
    location=obj("latitude longitude", latitude=NUMBER, longitude=NUMBER),
    chat_shared=obj("chat_id", chat_id=INTEGER, request_id=INTEGER, rights=OBJECT),
    reply_to_message_id=INTEGER,
    reply_to_chat_id=INTEGER,
    quote=STRING,
    message_thread_id=INTEGER,
    anonymous=BOOLEAN,
    sender_chat_id=INTEGER,
)
ROUTES: Final = [
    Route(
        method="POST",
        path="/control/chats/{chat}/messages",
        handler=post_message,
        summary="Send as a person",
        body=_MESSAGE,
        form=obj("message", message=STRING, file=list_of(FILE), **{"as": one_of(*KINDS)}),
        answer=obj("messages", messages=list_of(OBJECT)),
    )
]
