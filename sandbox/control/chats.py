"""Groups and channels, their members, and the list of chats a person sees."""

import itertools
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
from sandbox.control.routing import BOOLEAN, INTEGER, OBJECT, STRING, Route, list_of, obj, one_of
from sandbox.errors import ControlError
from sandbox.membership import full_rights
from sandbox.methods.topics import open_topic
from sandbox.model import CHANNEL, GROUP, SUPERGROUP, Chat, Json, Member, Room
from sandbox.world import World

_STATUSES: Final = ("administrator", "member", "restricted", "left", "kicked")
_FIRST_SUPERGROUP: Final = -1_003_000_000_001
_FIRST_GROUP: Final = -4_000_001


async def post_chat(request: web.Request) -> web.Response:
    """Idempotent by id. Private chats exist by themselves: their id is the person's."""
    world, wanted = world_of(request), await body_of(request)
    return answer_json(chat_shown(new_chat(world, wanted)))


def new_chat(world: World, wanted: Json) -> Chat:
    """A chat as `POST /control/chats` describes it. Raises ControlError."""
    kind = wanted.get("type")
    if kind not in (GROUP, SUPERGROUP, CHANNEL):
        raise ControlError("type has to be group, supergroup or channel")
    chat_id = wanted.get("id") or _free_id(world, kind)
    chat = world.state.chats.get(chat_id) or _made(world, chat_id, wanted)
    for one in wanted.get("bots", []):
        member = _member(chat, one)
        world.postbox.membership.change(chat, world.bot(one["id"]).id, member, chat.creator or 0)
    return chat


def _made(world: World, chat_id: int, wanted: Json) -> Chat:
    chat = Chat(
        id=chat_id,
        type=wanted["type"],
        title=wanted["title"],
        username=wanted.get("username"),
        protected=bool(wanted.get("protected")),
        creator=wanted.get("creator"),
        is_forum=bool(wanted.get("is_forum")) and wanted["type"] == SUPERGROUP,
        description=wanted.get("description"),
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


def _member(chat: Chat, wanted: Json) -> Member:
    status = wanted.get("status", "administrator" if chat.type == CHANNEL else "member")
    if status not in _STATUSES:
        raise ControlError(f"status has to be one of {', '.join(_STATUSES)}")
    rights = wanted.get("rights")
    if rights is None:
        rights = full_rights(chat.type) if status == "administrator" else {}
    return Member(status=status, rights=dict(rights), custom_title=wanted.get("custom_title"))


async def put_member(request: web.Request) -> web.Response:
    """A person's or bot's place in a chat, moved by `by` (default: the creator): `my_chat_member` for a bot,
    `chat_member` for the bots that are administrators, a service message in groups.
    """
    world, wanted = world_of(request), await body_of(request)
    chat, user_id = chat_of(world, number_of(request, "chat")), number_of(request, "user")
    if user_id not in world.state.bots:
        person_of(world, user_id)
    world.postbox.move(chat, user_id, _member(chat, wanted), wanted.get("by") or chat.creator or user_id)
    return answer_json(chat_shown(chat))


async def patch_chat(request: web.Request) -> web.Response:
    """Title, username, description, *restrict saving content* (`protected`), topics (`is_forum`)."""
    world, wanted = world_of(request), await body_of(request)
    chat = chat_of(world, number_of(request, "chat"))
    for name in ("title", "username", "protected", "description", "is_forum"):
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
    new.permissions = dict(old.permissions)
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


async def post_topic(request: web.Request) -> web.Response:
    """Answers a `ForumTopic`."""
    world, wanted = world_of(request), await body_of(request)
    chat = chat_of(world, number_of(request, "chat"))
    person = person_of(world, wanted.get("from"))
    if not chat.is_forum or not chat.has(person.id):
        raise ControlError("a forum that the person is in is needed")
    name, colour = str(wanted["name"]), wanted.get("icon_color")
    return answer_json(open_topic(world, chat, person.id, name, icon_color=colour))


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
        row: Json = {"id": person.id, "type": "private", "bot_id": bot.id, "first_name": bot.first_name}
        row["menu_button"] = bot.menu_buttons.get(str(person.id)) or bot.menu_buttons.get("")
        rows.append(_row(world, row | {"username": bot.username}, person.id, state.room_for(person.id, bot.id)))
    for chat in state.chats.values():
        if chat.has(person.id) and chat.migrate_to is None:
            row = {"id": chat.id, "type": chat.type, "title": chat.title, "username": chat.username}
            rows.append(_row(world, row | {"status": chat.status(person.id)}, person.id, state.room_for(chat.id, 0)))
    rows.sort(key=lambda row: -(row["last_message"] or {"date": 0})["date"])
    return answer_json(rows)


def _row(world: World, row: dict[str, Any], person_id: int, room: Room) -> Json:
    """`unread` counts what came after the person's own last message."""
    last = next(room.newest_first(), None)
    unread = sum(1 for _ in itertools.takewhile(lambda one: one.author != person_id, room.newest_first()))
    return row | {"last_message": shown(world, last) if last else None, "unread": unread}


_TYPES: Final = one_of(GROUP, SUPERGROUP, CHANNEL)
_BOT: Final = obj("id", id=INTEGER, status=one_of(*_STATUSES), rights=OBJECT)
_CHANGES: Final = {
    "title": STRING,
    "username": STRING,
    "protected": BOOLEAN,
    "description": STRING,
    "is_forum": BOOLEAN,
}
ROUTES: Final = [
    Route(
        method="POST",
        path="/control/chats",
        handler=post_chat,
        summary="Make a group, supergroup or channel",
        body=obj(
            "type title",
            id=INTEGER,
            type=_TYPES,
            creator=INTEGER,
            members=list_of(INTEGER),
            bots=list_of(_BOT),
            **_CHANGES,
        ),
        answer=OBJECT,
    ),
    Route(
        method="GET",
        path="/control/chats",
        handler=get_chats,
        summary="List the chats a person sees",
        query={"person": INTEGER},
        answer=list_of(OBJECT),
    ),
    Route(
        method="PATCH",
        path="/control/chats/{chat}",
        handler=patch_chat,
        summary="Change a chat",
        body=obj(**_CHANGES),
        answer=OBJECT,
    ),
    Route(
        method="POST",
        path="/control/chats/{chat}/upgrade",
        handler=upgrade,
        summary="Upgrade a group to a supergroup",
        answer=OBJECT,
    ),
    Route(
        method="POST",
        path="/control/chats/{chat}/topics",
        handler=post_topic,
        summary="Open a topic in a forum",
        body=obj("from name", **{"from": INTEGER}, name=STRING, icon_color=INTEGER),
        answer=obj("message_thread_id", message_thread_id=INTEGER, name=STRING),
    ),
    Route(
        method="PUT",
        path="/control/chats/{chat}/members/{user}",
        handler=put_member,
        summary="Let somebody in, out, or up",
        body=obj("status", status=one_of(*_STATUSES), rights=OBJECT, custom_title=STRING, by=INTEGER),
        answer=OBJECT,
    ),
]
