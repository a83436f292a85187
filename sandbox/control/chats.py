"""Groups and channels, their members, and the list of chats a person sees."""

from typing import Any, Final

from aiohttp import web

from sandbox.control.common import (
    answer_json,
    body_of,
    chat_of,
    number_of,
    person_of,
    query_number,
    shown,
    world_of,
)
from sandbox.errors import ControlError
from sandbox.membership import full_rights
from sandbox.model import CHANNEL, GROUP, SUPERGROUP, Chat, Json, Member, Room
from sandbox.world import World

_STATUSES: Final = ("administrator", "member", "restricted", "left", "kicked")
_FIRST_SUPERGROUP: Final = -1_003_000_000_001
_FIRST_GROUP: Final = -4_000_001


async def post_chat(request: web.Request) -> web.Response:
    world, wanted = world_of(request), await body_of(request)
    kind = wanted.get("type")
    if kind not in (GROUP, SUPERGROUP, CHANNEL):
        raise ControlError("type has to be group, supergroup or channel")
    chat_id = wanted.get("id") or _free_id(world, kind)
    chat = world.state.chats.get(chat_id) or _made(world, chat_id, wanted)
    for one in wanted.get("bots", []):
        _place(world, chat, world.bot(one["id"]).id, one, chat.creator or 0)
    return answer_json(chat_shown(chat))


def _made(world: World, chat_id: int, wanted: Json) -> Chat:
    chat = Chat(
        id=chat_id,
        type=wanted["type"],
        title=wanted["title"],
        username=wanted.get("username"),
        protected=bool(wanted.get("protected")),
        creator=wanted.get("creator"),
    )
    if chat.creator is not None:
        chat.members[person_of(world, chat.creator).id] = Member(status="creator")
    for person_id in wanted.get("members", []):
        chat.members.setdefault(person_of(world, person_id).id, Member(status="member"))
    world.state.save_chat(chat)
    return chat


def _free_id(world: World, kind: str) -> int:
    """The next below those in use, as Telegram forms them for this kind of chat."""
    if kind == GROUP:
        return min([_FIRST_GROUP, *(one for one in world.state.chats if one > -(10**12))]) - 1
    return min([_FIRST_SUPERGROUP, *world.state.chats]) - 1


def _place(world: World, chat: Chat, user_id: int, wanted: Json, by: int) -> None:
    status = wanted.get("status", "administrator" if chat.type == CHANNEL else "member")
    if status not in _STATUSES:
        raise ControlError(f"status has to be one of {', '.join(_STATUSES)}")
    rights = wanted.get("rights")
    if rights is None:
        rights = full_rights(chat.type) if status == "administrator" else {}
    world.postbox.membership.change(chat, user_id, Member(status=status, rights=dict(rights)), by)


async def put_member(request: web.Request) -> web.Response:
    world, wanted = world_of(request), await body_of(request)
    chat, user_id = chat_of(world, number_of(request, "chat")), number_of(request, "user")
    if user_id not in world.state.bots:
        person_of(world, user_id)
    was_in = chat.has(user_id)
    _place(world, chat, user_id, wanted, chat.creator or user_id)
    world.tell({"type": "member", "chat_id": chat.id, "user_id": user_id, "status": chat.status(user_id)})
    if chat.type != CHANNEL and was_in != chat.has(user_id):
        word: Json = {"left_chat_member": user_id} if was_in else {"new_chat_members": [user_id]}
        room = world.state.room_for(chat.id, 0)
        world.postbox.send(room.key, chat.creator or user_id, {"service": word})
    return answer_json(chat_shown(chat))


async def patch_chat(request: web.Request) -> web.Response:
    """Title, username, *restrict saving content*."""
    world, wanted = world_of(request), await body_of(request)
    chat = chat_of(world, number_of(request, "chat"))
    for name in ("title", "username", "protected"):
        if name in wanted:
            setattr(chat, name, wanted[name])
    world.state.save_chat(chat)
    return answer_json(chat_shown(chat))


async def upgrade(request: web.Request) -> web.Response:
    """A group becomes a supergroup; calls to the old id are told so."""
    world = world_of(request)
    old = chat_of(world, number_of(request, "chat"))
    if old.type != GROUP or old.migrate_to is not None:
        raise ControlError("only a group can be upgraded")
    new = Chat(id=_free_id(world, SUPERGROUP), type=SUPERGROUP, title=old.title, creator=old.creator)
    new.members = dict(old.members)
    world.state.save_chat(new)
    author = old.creator or 0
    word = {"service": {"migrate_to_chat_id": new.id}}
    world.postbox.send(world.state.room_for(old.id, 0).key, author, word)
    old.migrate_to = new.id
    world.state.save_chat(old)
    word = {"service": {"migrate_from_chat_id": old.id}}
    world.postbox.send(world.state.room_for(new.id, 0).key, author, word)
    return answer_json(chat_shown(new))


def chat_shown(chat: Chat) -> Json:
    value = chat.as_json()
    value["members"] = [{"id": one, **member} for one, member in value["members"].items()]
    return value


async def get_chats(request: web.Request) -> web.Response:
    """The chats a person sees, the latest first: one with every bot, and where they are a member."""
    world = world_of(request)
    person = person_of(world, query_number(request, "person", 0))
    rows, state = [], world.state
    for bot in state.bots.values():
        row = {"id": person.id, "type": "private", "bot_id": bot.id, "first_name": bot.first_name}
        rows.append(_row(world, row | {"username": bot.username}, person.id, state.room_for(person.id, bot.id)))
    for chat in state.chats.values():
        if chat.has(person.id) and chat.migrate_to is None:
            row = {"id": chat.id, "type": chat.type, "title": chat.title, "username": chat.username}
            rows.append(_row(world, row | {"status": chat.status(person.id)}, person.id, state.room_for(chat.id, 0)))
    rows.sort(key=lambda row: -(row["last_message"] or {"date": 0})["date"])
    return answer_json(rows)


def _row(world: World, row: dict[str, Any], person_id: int, room: Room) -> Json:
    """`unread` counts what came after the person's own last message."""
    last = room.messages[max(room.messages)] if room.messages else None
    unread = 0
    for message_id in sorted(room.messages, reverse=True):
        if room.messages[message_id].author == person_id:
            break
        unread += 1
    return row | {"last_message": shown(world, last) if last else None, "unread": unread}


ROUTES: Final = [
    web.post("/control/chats", post_chat),
    web.get("/control/chats", get_chats),
    web.patch("/control/chats/{chat}", patch_chat),
    web.post("/control/chats/{chat}/upgrade", upgrade),
    web.put("/control/chats/{chat}/members/{user}", put_member),
]
