"""Forum topics: a supergroup with `is_forum` divided by `message_thread_id`."""

from typing import Any, Final

from sandbox.access import readable_room
from sandbox.call import Call, Method
from sandbox.envelope import GENERAL_TOPIC
from sandbox.errors import bad_request
from sandbox.model import Chat, Json, RoomKey
from sandbox.world import World

_NAME_MAX: Final = 128
TOPIC_COLOURS: Final = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)  # Bot API documentation


def _forum(call: Call) -> Chat:
    chat = call.world.state.chats.get(readable_room(call).key.chat_id)
    if chat is None or not chat.is_forum:
        raise bad_request("the chat is not a forum")
    return chat


def _managed(call: Call) -> tuple[Chat, int, Json]:
    """The topic of a call: one's own, or any with the right to manage topics."""
    chat = _forum(call)
    thread = call.arguments.integer("message_thread_id")
    topic = chat.topics.get(str(thread))
    if topic is None:
        raise bad_request("message thread not found")
    if topic["creator"] != call.bot.id and not chat.may(call.bot.id, "can_manage_topics"):
        raise bad_request("not enough rights to manage topics")
    return chat, thread, topic


def open_topic(world: World, chat: Chat, author: int, name: str, **look: Any) -> Json:
    """A new topic, a `ForumTopic`: its thread id is that of the service message which opens it.

    `look`: `icon_color`, `icon_custom_emoji_id`.
    """
    room = world.state.room(RoomKey(chat.id, 0))
    if not room.last_id:
        # Thread 1 is the general topic: the message that made the group comes first, as in real ones.
        world.postbox.note_service(room.key, author, {"supergroup_chat_created": True})
    thread = room.last_id + 1
    shown: Json = {"name": name, "icon_color": TOPIC_COLOURS[0]}
    shown |= {key: value for key, value in look.items() if value}
    chat.topics[str(thread)] = {**shown, "creator": author, "closed": False}
    world.state.save_chat(chat)
    world.postbox.note_service(RoomKey(chat.id, 0), author, {"forum_topic_created": shown}, thread)
    return {"message_thread_id": thread, **shown}


async def create(call: Call) -> Json:
    chat = _forum(call)
    if not chat.may(call.bot.id, "can_manage_topics"):
        raise bad_request("not enough rights to create a topic")
    name = call.arguments.text("name").strip()
    if not 1 <= len(name) <= _NAME_MAX:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    colour = call.arguments.integer("icon_color", TOPIC_COLOURS[0])
    if colour not in TOPIC_COLOURS:
        raise bad_request("TOPIC_ICON_COLOR_INVALID")  # unverified
    icon = call.arguments.text("icon_custom_emoji_id")
    return open_topic(call.world, chat, call.bot.id, name, icon_color=colour, icon_custom_emoji_id=icon)


async def edit(call: Call) -> bool:
    chat, thread, topic = _managed(call)
    name = call.arguments.text("name").strip()
    if not name or name == topic["name"]:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic["name"] = name
    return _changed(call, chat, thread, {"forum_topic_edited": {"name": name}})


async def close(call: Call) -> bool:
    return _switched(call, closed=True)


async def reopen(call: Call) -> bool:
    return _switched(call, closed=False)


def _switched(call: Call, *, closed: bool) -> bool:
    chat, thread, topic = _managed(call)
    if topic["closed"] == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic["closed"] = closed
    return _changed(call, chat, thread, {"forum_topic_closed" if closed else "forum_topic_reopened": {}})


def _changed(call: Call, chat: Chat, thread: int, word: Json) -> bool:
    call.world.state.save_chat(chat)
    call.world.postbox.note_service(RoomKey(chat.id, 0), call.bot.id, word, thread)
    return True


async def delete(call: Call) -> bool:
    """With all of its messages, as documented."""
    chat, thread, _topic = _managed(call)
    if not chat.may(call.bot.id, "can_delete_messages"):
        raise bad_request("not enough rights to delete a topic")
    del chat.topics[str(thread)]
    call.world.state.save_chat(chat)
    room = call.world.state.room(RoomKey(chat.id, 0))
    for message in [one for one in room.messages.values() if one.thread == thread]:
        call.world.postbox.delete(message)
    return True


async def edit_general(call: Call) -> bool:
    """The general topic always exists; its name is kept with the forum."""
    chat = _forum(call)
    name = call.arguments.text("name").strip()
    if not name:
        raise bad_request("TOPIC_TITLE_EMPTY")
    general = chat.topics.setdefault(str(GENERAL_TOPIC), {"name": "General", "creator": 0, "closed": False})
    general["name"] = name
    call.world.state.save_chat(chat)
    word = {"forum_topic_edited": {"name": name}}
    call.world.postbox.note_service(RoomKey(chat.id, 0), call.bot.id, word)
    return True


METHODS: Final[dict[str, Method]] = {
    "createForumTopic": create,
    "editForumTopic": edit,
    "closeForumTopic": close,
    "reopenForumTopic": reopen,
    "deleteForumTopic": delete,
    "editGeneralForumTopic": edit_general,
}
