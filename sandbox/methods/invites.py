"""Invite links and join requests."""

from typing import Any, Final

from sandbox.call import Call, Method
from sandbox.errors import bad_request
from sandbox.invites import decide, invite_json, new_link
from sandbox.methods.members import managed_chat
from sandbox.model import Chat, Json

_MOST_MEMBERS: Final = 99_999
_NAME_MAX: Final = 32


def _fields(call: Call) -> dict[str, Any]:
    """What a link may be limited by. The texts of these errors are unverified."""
    arguments = call.arguments
    limit, asks = arguments.integer("member_limit") or None, arguments.flag("creates_join_request")
    if limit is not None and (asks or not 1 <= limit <= _MOST_MEMBERS):
        raise bad_request("member limit can't be specified for links requiring administrator approval")
    if len(arguments.text("name")) > _NAME_MAX:
        raise bad_request("invite link name is too long")
    return {
        "name": arguments.text("name") or None,
        "expire_date": arguments.integer("expire_date") or None,
        "member_limit": limit,
        "creates_join_request": asks,
    }


async def create(call: Call) -> Json:
    chat = managed_chat(call, "can_invite_users")
    link = new_link(chat, call.bot.id, **_fields(call))
    call.world.state.save_chat(chat)
    return invite_json(call.world, chat, link)


async def export(call: Call) -> str:
    """A new primary link; the bot's former one is revoked."""
    chat = managed_chat(call, "can_invite_users")
    for invite in chat.invites.values():
        if invite["creator"] == call.bot.id and invite["is_primary"]:
            invite["is_revoked"] = True
    link = new_link(chat, call.bot.id, is_primary=True)
    call.world.state.save_chat(chat)
    return link


def _own(call: Call) -> tuple[Chat, str]:
    """A link that this bot made. The text of the error is unverified."""
    chat = managed_chat(call, "can_invite_users")
    link = call.arguments.text("invite_link")
    if link not in chat.invites or chat.invites[link]["creator"] != call.bot.id:
        raise bad_request("INVITE_HASH_EXPIRED")
    return chat, link


async def edit(call: Call) -> Json:
    chat, link = _own(call)
    changed = {name: value for name, value in _fields(call).items() if value is not None}
    kept = {
        name: value for name, value in chat.invites[link].items() if name not in ("name", "expire_date", "member_limit")
    }
    chat.invites[link] = kept | changed
    call.world.state.save_chat(chat)
    return invite_json(call.world, chat, link)


async def revoke(call: Call) -> Json:
    chat, link = _own(call)
    chat.invites[link]["is_revoked"] = True
    call.world.state.save_chat(chat)
    return invite_json(call.world, chat, link)


async def approve(call: Call) -> bool:
    return _decided(call, approved=True)


async def decline(call: Call) -> bool:
    return _decided(call, approved=False)


def _decided(call: Call, *, approved: bool) -> bool:
    chat = managed_chat(call, "can_invite_users")
    if not decide(call.world, chat, call.arguments.integer("user_id"), call.bot.id, approved=approved):
        raise bad_request("HIDE_REQUESTER_MISSING")
    return True


METHODS: Final[dict[str, Method]] = {
    "createChatInviteLink": create,
    "exportChatInviteLink": export,
    "editChatInviteLink": edit,
    "revokeChatInviteLink": revoke,
    "approveChatJoinRequest": approve,
    "declineChatJoinRequest": decline,
}
