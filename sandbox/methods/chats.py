"""Chats, their members, and small things done in them."""

from typing import Any, Final

from sandbox.access import readable_room, writable_room
from sandbox.call import Call, Method
from sandbox.errors import bad_request
from sandbox.membership import PERMISSIONS, member_json
from sandbox.model import CHANNEL, Chat, Json, Member, Room

_ACTIONS: Final = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)
_GIFTS: Final = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


async def get_chat(call: Call) -> Json:
    """A `ChatFullInfo`."""
    room = readable_room(call)
    renderer = call.world.renderer
    shown = renderer.chat(room.key.chat_id)
    shown |= {"accent_color_id": 0, "max_reaction_count": 11}
    shown["accepted_gift_types"] = dict.fromkeys(_GIFTS, False)
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is None:
        return shown | _of_person(call, room.key.chat_id)
    shown |= _of_chat(call, chat)
    # The most recent one by the date of its sending, says the documentation, not by that of its pinning.
    pinned = max(
        (room.messages[one] for one in chat.pinned if one in room.messages), key=lambda one: one.id, default=None
    )
    if pinned is not None:
        shown["pinned_message"] = renderer.message(pinned, call.bot, replies=False)
    return shown


def _of_person(call: Call, person_id: int) -> Json:
    person = call.world.state.people.get(person_id)
    if person is None:
        return {}
    shown: Json = {"has_private_forwards": True} if person.hidden_forwards else {}
    if person.photos:
        sizes = call.world.renderer.photo(call.bot, person.photos[0])
        shown["photo"] = {
            f"{name}_file_{part}": size[f"file_{part}"]
            for name, size in (("small", sizes[0]), ("big", sizes[-1]))
            for part in ("id", "unique_id")
        }
    return shown


def _of_chat(call: Call, chat: Chat) -> Json:
    shown: Json = {"has_protected_content": True} if chat.protected else {}
    if chat.description:
        shown["description"] = chat.description
    if chat.type != CHANNEL:
        shown["permissions"] = {**dict.fromkeys(PERMISSIONS, True), **chat.permissions}
    primary = next((link for link, one in chat.invites.items() if one["is_primary"] and not one["is_revoked"]), None)
    if primary and chat.may(call.bot.id, "can_invite_users"):
        shown["invite_link"] = primary
    return shown


def _chat(call: Call) -> tuple[Room, Chat]:
    room = readable_room(call)
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is None:
        raise bad_request("there are no administrators in the private chat")
    return room, chat


async def get_chat_member(call: Call) -> Json:
    room = readable_room(call)
    user_id = call.arguments.integer("user_id")
    state = call.world.state
    if user_id not in state.people and user_id not in state.bots:
        raise bad_request("PARTICIPANT_ID_INVALID")
    chat = state.chats.get(room.key.chat_id)
    if chat is None:
        return {"status": "member", "user": call.world.renderer.user(user_id)}
    # Bots see a channel's members only as its administrators.
    if chat.type == CHANNEL and user_id != call.bot.id and chat.status(call.bot.id) != "administrator":
        raise bad_request("CHAT_ADMIN_REQUIRED")
    return member_json(call.world.renderer, chat, user_id)


async def get_administrators(call: Call) -> list[Json]:
    """All administrators; of bots only the asking one, as the documentation says."""
    _, chat = _chat(call)
    chosen = [one for one, member in chat.members.items() if member.status in ("creator", "administrator")]
    seen = [one for one in chosen if one not in call.world.state.bots or one == call.bot.id]
    return [member_json(call.world.renderer, chat, one) for one in seen]


async def get_member_count(call: Call) -> int:
    room = readable_room(call)
    chat = call.world.state.chats.get(room.key.chat_id)
    return sum(chat.has(one) for one in chat.members) if chat else 2


async def send_chat_action(call: Call) -> bool:
    action = call.arguments.text("action").lower()
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    room = writable_room(call)
    event: Json = {"type": "chat_action", "action": action, "by": call.bot.id}
    call.world.tell(event | call.world.postbox.place(room.key))
    return True


async def set_reaction(call: Call) -> bool:
    message = readable_room(call).messages.get(call.message_id())
    if message is None:
        raise bad_request("message to react not found")
    wanted: Any = call.structure("reaction") or []
    emoji = [one.get("emoji") for one in wanted if isinstance(one, dict) and one.get("type") == "emoji"]
    call.world.postbox.react(message, call.bot.id, emoji[0] if emoji else None)
    return True


async def pin_message(call: Call) -> bool:
    """Pinning shows a service message; in channels the right to edit is the right to pin."""
    room = readable_room(call)
    message = room.messages.get(call.message_id())
    if message is None:
        raise bad_request("message to pin not found")
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is not None:
        _check_may_pin(call, chat)
        chat.pinned = [one for one in chat.pinned if one != message.id] + [message.id]
        call.world.state.save_chat(chat)
    call.world.postbox.note_service(room.key, call.bot.id, {"pinned_message": message.id}, message.thread)
    return True


async def unpin_message(call: Call) -> bool:
    room = readable_room(call)
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is not None:
        _check_may_pin(call, chat)
        target = call.message_id() or (chat.pinned[-1] if chat.pinned else 0)
        chat.pinned = [one for one in chat.pinned if one != target]
        call.world.state.save_chat(chat)
    return True


def _check_may_pin(call: Call, chat: Chat) -> None:
    right = "can_edit_messages" if chat.type == CHANNEL else "can_pin_messages"
    if not chat.may(call.bot.id, right):
        raise bad_request("not enough rights to manage pinned messages in the chat")


async def unpin_all(call: Call) -> bool:
    """`unpinAllChatMessages`; of a forum's topic only what is pinned there."""
    room = readable_room(call)
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is not None:
        _check_may_pin(call, chat)
        thread = call.arguments.integer("message_thread_id") or None
        kept = [one for one in chat.pinned if thread is not None and _thread_of(room, one) != thread]
        chat.pinned = kept
        call.world.state.save_chat(chat)
    return True


def _thread_of(room: Room, message_id: int) -> int | None:
    message = room.messages.get(message_id)
    return message.thread if message else None


async def leave_chat(call: Call) -> bool:
    room = readable_room(call)
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is None:
        raise bad_request("chat member status can't be changed in private chats")
    call.world.postbox.move(chat, call.bot.id, Member(status="left"), call.bot.id)
    return True


METHODS: Final[dict[str, Method]] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_administrators,
    "getChatMemberCount": get_member_count,
    "sendChatAction": send_chat_action,
    "setMessageReaction": set_reaction,
    "pinChatMessage": pin_message,
    "unpinChatMessage": unpin_message,
    "unpinAllChatMessages": unpin_all,
    "unpinAllForumTopicMessages": unpin_all,
    "leaveChat": leave_chat,
}
