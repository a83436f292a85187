"""Which chat a call means, and whether the bot may do there what it wants (TELEGRAM.md, Error texts)."""

from typing import Final

from sandbox import inlineids
from sandbox.call import Call
from sandbox.errors import BAD_REQUEST, api_error, bad_request, forbidden
from sandbox.model import CHANNEL, GROUPS, Bot, Chat, Message, Room
from sandbox.world import World

DELETABLE_FOR: Final = 48 * 3600
_NEED_ADMIN: Final = "need administrator rights in the channel chat"
# What a restricted member needs, and how the refusal names it.
_NEEDED: Final = {
    "text": ("can_send_messages", "text messages"),
    "photo": ("can_send_photos", "photos"),
    "video": ("can_send_videos", "videos"),
    "audio": ("can_send_audios", "music"),
    "voice": ("can_send_voice_notes", "voice notes"),
    "video_note": ("can_send_video_notes", "video notes"),
    "animation": ("can_send_other_messages", "GIFs"),
    "sticker": ("can_send_other_messages", "stickers"),
    "document": ("can_send_documents", "documents"),
}


def chat_id_of(world: World, text: str) -> int | None:
    """The id that a `chat_id` argument names, None where it names nothing."""
    if text.startswith("@"):
        chat = world.state.chat_named(text[1:])
        return chat.id if chat else None
    try:
        return int(text)
    except ValueError:
        return None


def readable_room(call: Call, name: str = "chat_id") -> Room:
    """The chat of an argument, which the bot is in."""
    text = call.arguments.text(name).strip()
    if not text:
        raise bad_request(f"{name} is empty")
    chat_id = chat_id_of(call.world, text)
    if chat_id is None:
        raise bad_request("chat not found")
    return room_of_chat(call, chat_id)


def room_of_chat(call: Call, chat_id: int) -> Room:
    """The chat with this id, which the bot is in. Raises the errors of a `chat_id`."""
    state = call.world.state
    if chat_id > 0:
        if chat_id not in state.people and chat_id not in state.bots:
            raise bad_request("chat not found")
        room = state.room_for(chat_id, call.bot.id)
        if not room.last_id and chat_id in state.people and not _have_met(call, chat_id):
            raise bad_request("chat not found")
        return room
    chat = state.chats.get(chat_id)
    if chat is None:
        raise bad_request("chat not found")
    _check_membership(chat, call.bot)
    return state.room_for(chat_id, call.bot.id)


def _have_met(call: Call, person_id: int) -> bool:
    """A bot knows people by the groups it shares with them, and those who wrote to it; nobody else is found."""
    groups = (chat for chat in call.world.state.chats.values() if chat.type in GROUPS)
    return any(chat.has(person_id) and chat.has(call.bot.id) for chat in groups)


def _check_membership(chat: Chat, bot: Bot) -> None:
    if chat.migrate_to is not None:
        text = "group chat was upgraded to a supergroup chat"
        raise api_error(BAD_REQUEST, text, {"migrate_to_chat_id": chat.migrate_to})
    if chat.status(bot.id) == "kicked":
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    if not chat.has(bot.id):
        raise forbidden(f"bot is not a member of the {chat.type} chat")


def writable_room(call: Call, kind: str = "text") -> Room:
    """The chat of `chat_id`, into which the bot may send messages of `kind`."""
    room = readable_room(call)
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is None:
        check_person(call, room)
    elif chat.type == CHANNEL:
        if not chat.may(call.bot.id, "can_post_messages"):
            raise bad_request(_NEED_ADMIN)
    elif chat.status(call.bot.id) == "restricted":
        right, noun = _NEEDED.get(kind, _NEEDED["text"])
        if not chat.members[call.bot.id].rights.get(right, False):
            raise bad_request(f"not enough rights to send {noun} to the chat")
    return room


def check_person(call: Call, room: Room) -> None:
    """Whether a person can be written to: they wrote first, and did not block the bot."""
    if room.key.chat_id in call.world.state.bots:
        raise forbidden("bot can't send messages to bots")
    person = call.world.state.people[room.key.chat_id]
    if person.deactivated:
        raise forbidden("user is deactivated")
    if call.bot.id in person.blocked_bots:
        raise forbidden("bot was blocked by the user")
    if not room.last_id:
        raise forbidden("bot can't initiate conversation with a user")


def count_message(call: Call, room: Room) -> None:
    """Flood control of one message or edit."""
    state = call.world.state
    chat = state.chats.get(room.key.chat_id)
    exempt = chat is not None and chat.type == CHANNEL and not call.world.options.flood.channels
    is_group = state.counts_as_group(room.key.chat_id) and not exempt
    call.world.flood.take(call.bot.id, room.key.chat_id, is_group=is_group)


def editable_message(call: Call) -> Message:
    """The message of an edit call: one's own, or a channel's with the right to edit; never a forwarded one."""
    inline_id = call.arguments.text("inline_message_id")
    if inline_id:
        return inline_message(call, inline_id)
    room = readable_room(call)
    message_id = call.message_id()
    if message_id <= 0:
        raise bad_request("message identifier is not specified")
    message = room.messages.get(message_id)
    if message is None:
        raise bad_request("message to edit not found")
    if message.forward is not None or "service" in message.body or not _may_edit(call, message):
        raise bad_request("message can't be edited")
    return message


def inline_message(call: Call, inline_id: str) -> Message:
    """The message that came of one of this bot's inline results. Raises for any other id."""
    message = inlineids.find(call.world.state, inline_id)
    if message is None or message.via_bot != call.bot.id:
        raise bad_request("MESSAGE_ID_INVALID")
    return message


def _may_edit(call: Call, message: Message) -> bool:
    if message.author == call.bot.id:
        return True
    chat = call.world.state.chats.get(message.room.chat_id)
    return chat is not None and chat.type == CHANNEL and chat.may(call.bot.id, "can_edit_messages")


def check_deletable(call: Call, message: Message) -> None:
    """TELEGRAM.md, Sending and files: nothing older than 48 h, in channels too, even as an admin."""
    too_old = call.world.clock.now() - message.date > DELETABLE_FOR and _age_counts(call, message)
    if too_old or not _may_delete(call, message):
        raise bad_request("message can't be deleted")


def _age_counts(call: Call, message: Message) -> bool:
    """Lax (`strict_48_hours` off): an administrator who may delete does so at any age, as the documentation reads."""
    chat = call.world.state.chats.get(message.room.chat_id)
    return call.world.options.strict_48_hours or chat is None or not chat.may(call.bot.id, "can_delete_messages")


def _may_delete(call: Call, message: Message) -> bool:
    chat = call.world.state.chats.get(message.room.chat_id)
    if chat is None:
        return True
    if message.author == call.bot.id:
        return chat.type != CHANNEL or chat.may(call.bot.id, "can_post_messages")
    return chat.may(call.bot.id, "can_delete_messages")
