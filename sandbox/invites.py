"""Invite links of chats, and what following one does."""

import secrets
from typing import Final

from sandbox.errors import ControlError
from sandbox.model import Chat, Json, Member
from sandbox.world import World

PREFIX: Final = "https://t.me/+"
_KEPT_BACK: Final = ("uses",)


def new_link(chat: Chat, creator: int, **fields: object) -> str:
    """A fresh link, kept in the chat; the caller saves the chat."""
    link = PREFIX + secrets.token_urlsafe(12)
    chat.invites[link] = {
        "creator": creator,
        "creates_join_request": False,
        "is_primary": False,
        "is_revoked": False,
        "uses": 0,
        **{name: value for name, value in fields.items() if value is not None},
    }
    return link


def invite_json(world: World, chat: Chat, link: str) -> Json:
    """A Bot API `ChatInviteLink`."""
    invite = chat.invites[link]
    shown = {name: value for name, value in invite.items() if name not in _KEPT_BACK}
    pending = sum(one == link for one in chat.join_requests.values())
    if pending:
        shown["pending_join_request_count"] = pending
    return {**shown, "invite_link": link, "creator": world.renderer.user(invite["creator"])}


def follow(world: World, person_id: int, link: str) -> Chat:
    """A person opens an invite link: they are in, or have asked to be. Raises ControlError."""
    chat = next((one for one in world.state.chats.values() if link in one.invites), None)
    if chat is None:
        raise ControlError("no chat has this link", 404)
    invite = chat.invites[link]
    expired = invite.get("expire_date") and invite["expire_date"] < world.clock.now()
    full = invite.get("member_limit") and invite["uses"] >= invite["member_limit"]
    if invite["is_revoked"] or expired or full or chat.status(person_id) == "kicked":
        raise ControlError("this link has expired", 403)
    if chat.has(person_id):
        return chat
    if invite["creates_join_request"]:
        _ask(world, chat, person_id, link)
        return chat
    invite["uses"] += 1
    world.postbox.move(chat, person_id, Member(status="member"), person_id, invite_link=invite_json(world, chat, link))
    return chat


def _ask(world: World, chat: Chat, person_id: int, link: str) -> None:
    chat.join_requests[str(person_id)] = link
    world.state.save_chat(chat)
    for bot in world.state.bots_in(chat):
        if not chat.may(bot.id, "can_invite_users"):
            continue
        request = {
            "chat": world.renderer.chat(chat.id),
            "from": world.renderer.user(person_id),
            "user_chat_id": person_id,
            "date": int(world.clock.now()),
            "invite_link": invite_json(world, chat, link),
        }
        world.updates.push(bot, "chat_join_request", chat.id, request)


def decide(world: World, chat: Chat, person_id: int, by: int, *, approved: bool) -> bool:
    """Answer a join request; False where there is none."""
    link = chat.join_requests.pop(str(person_id), None)
    if link is None:
        return False
    world.state.save_chat(chat)
    if approved:
        how = {"via_join_request": True, "invite_link": invite_json(world, chat, link)}
        world.postbox.move(chat, person_id, Member(status="member"), by, **how)
    return True
