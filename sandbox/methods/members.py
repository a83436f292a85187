"""Who may be in a chat and do what: ban, restrict, promote; a chat's title, description and permissions."""

from typing import Final

from sandbox.access import readable_room
from sandbox.call import Call, Method
from sandbox.errors import bad_request
from sandbox.membership import ADMIN_RIGHTS, CHANNEL_RIGHTS, GROUP_RIGHTS, PERMISSIONS
from sandbox.model import GROUPS, Chat, Member, RoomKey

_TITLE_MAX: Final = 128
_CUSTOM_TITLE_MAX: Final = 16
_PROMOTABLE: Final = ("is_anonymous", *ADMIN_RIGHTS, *CHANNEL_RIGHTS, *GROUP_RIGHTS)


def managed_chat(call: Call, right: str) -> Chat:
    """The chat of a call in which the bot has `right`. The text for private chats is unverified."""
    room = readable_room(call)
    chat = call.world.state.chats.get(room.key.chat_id)
    if chat is None:
        raise bad_request("method is available only for supergroups and channels")
    if not chat.may(call.bot.id, right):
        raise bad_request("not enough rights")
    return chat


def _subject(call: Call, chat: Chat) -> int:
    """The person or bot a call is about. Creators and other administrators are out of a bot's reach."""
    user_id = call.arguments.integer("user_id")
    if user_id not in call.world.state.people and user_id not in call.world.state.bots:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if chat.status(user_id) == "creator":
        raise bad_request("can't remove chat owner")
    return user_id


def _move(call: Call, chat: Chat, user_id: int, member: Member) -> bool:
    call.world.postbox.move(chat, user_id, member, call.bot.id)
    return True


async def ban(call: Call) -> bool:
    chat = managed_chat(call, "can_restrict_members")
    return _move(call, chat, _subject(call, chat), Member(status="kicked"))


async def unban(call: Call) -> bool:
    """Without `only_if_banned` a member is removed, as documented."""
    chat = managed_chat(call, "can_restrict_members")
    user_id = _subject(call, chat)
    if chat.status(user_id) != "kicked" and call.arguments.flag("only_if_banned"):
        return True
    return _move(call, chat, user_id, Member(status="left"))


async def restrict(call: Call) -> bool:
    """All permissions given back make a plain member."""
    chat = managed_chat(call, "can_restrict_members")
    if chat.type not in GROUPS:
        raise bad_request("method is available only for supergroups")
    wanted = call.structure("permissions") or {}
    rights = {name: bool(wanted.get(name)) for name in PERMISSIONS}
    free = all(rights[name] for name in PERMISSIONS if name.startswith("can_send"))
    member = Member(status="member") if free else Member(status="restricted", rights=rights)
    return _move(call, chat, _subject(call, chat), member)


async def promote(call: Call) -> bool:
    """No right at all makes an administrator a member again."""
    chat = managed_chat(call, "can_promote_members")
    rights = {name: True for name in _PROMOTABLE if call.arguments.flag(name)}
    member = Member(status="administrator", rights=rights) if rights else Member(status="member")
    return _move(call, chat, _subject(call, chat), member)


async def set_custom_title(call: Call) -> bool:
    chat = managed_chat(call, "can_promote_members")
    member = chat.members.get(_subject(call, chat))
    title = call.arguments.text("custom_title")
    if member is None or member.status != "administrator":
        raise bad_request("user is not an administrator")
    if len(title) > _CUSTOM_TITLE_MAX:
        raise bad_request("ADMIN_RANK_INVALID")
    member.custom_title = title or None
    call.world.state.save_chat(chat)
    return True


async def set_permissions(call: Call) -> bool:
    chat = managed_chat(call, "can_restrict_members")
    wanted = call.structure("permissions") or {}
    chat.permissions = {name: bool(wanted.get(name)) for name in PERMISSIONS}
    call.world.state.save_chat(chat)
    return True


async def set_title(call: Call) -> bool:
    chat = managed_chat(call, "can_change_info")
    title = call.arguments.text("title").strip()
    if not 1 <= len(title) <= _TITLE_MAX:
        raise bad_request("title must be non-empty")  # the exact text is unverified
    chat.title = title
    call.world.state.save_chat(chat)
    call.world.postbox.note_service(RoomKey(chat.id, 0), call.bot.id, {"new_chat_title": title})
    return True


async def set_description(call: Call) -> bool:
    chat = managed_chat(call, "can_change_info")
    description = call.arguments.text("description") or None
    if description == chat.description:
        raise bad_request("chat description is not modified")
    chat.description = description
    call.world.state.save_chat(chat)
    return True


METHODS: Final[dict[str, Method]] = {
    "banChatMember": ban,
    "unbanChatMember": unban,
    "restrictChatMember": restrict,
    "promoteChatMember": promote,
    "setChatAdministratorCustomTitle": set_custom_title,
    "setChatPermissions": set_permissions,
    "setChatTitle": set_title,
    "setChatDescription": set_description,
}
