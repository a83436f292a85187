"""Is a channel fit to keep an archive? Its rights, its privacy, and who may see it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from aiogram import Bot
from aiogram.methods import GetChat, GetChatMember, GetChatMemberCount
from aiogram.types import ChatFullInfo, ChatMemberAdministrator, ChatMemberOwner

from storage.errors import CallRefused
from storage.telegram.translation import translated

CHANNEL = "channel"
_GONE = re.compile(
    r"chat not found|bot was kicked|bot is not a member|need administrator rights|CHAT_ADMIN_REQUIRED|CHANNEL_PRIVATE",
    re.IGNORECASE,
)


class Problem(StrEnum):
    """Why a channel cannot be an archive, each with its cure in the bot's texts."""

    GONE = "gone"
    NOT_A_CHANNEL = "not_a_channel"
    NO_ADMIN = "no_admin"
    NO_POST = "no_post"
    NO_EDIT = "no_edit"
    NO_DELETE = "no_delete"
    PUBLIC = "public"
    LINKED = "linked"
    PROTECTED = "protected"


_RIGHTS = (
    ("can_post_messages", Problem.NO_POST),
    ("can_edit_messages", Problem.NO_EDIT),
    ("can_delete_messages", Problem.NO_DELETE),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What was found. ``members`` None: it could not be counted. No ``problems``: it is fit."""

    chat_id: int
    title: str
    members: int | None
    problems: tuple[Problem, ...]


async def examine(bot: Bot, chat_id: int) -> Examined:
    """Look at a channel with three calls.

    Raises `ArchiveError`s where Telegram is away or wants us to wait; a channel that is lost is a problem, no error.
    """
    try:
        with translated("getChat"):
            chat = await bot(GetChat(chat_id=chat_id))
        if chat.type != CHANNEL:
            return Examined(chat_id=chat_id, title=_title(chat), members=None, problems=(Problem.NOT_A_CHANNEL,))
        with translated("getChatMember"):
            member = await bot(GetChatMember(chat_id=chat_id, user_id=bot.id))
        with translated("getChatMemberCount"):
            members = await bot(GetChatMemberCount(chat_id=chat_id))
    except CallRefused as error:
        if not _GONE.search(str(error.fields.get("description", ""))):
            raise
        return Examined(chat_id=chat_id, title=str(chat_id), members=None, problems=(Problem.GONE,))
    return Examined(chat_id=chat_id, title=_title(chat), members=members, problems=(*_rights(member), *_privacy(chat)))


def _rights(member: object) -> tuple[Problem, ...]:
    if isinstance(member, ChatMemberOwner):
        return ()
    if not isinstance(member, ChatMemberAdministrator):
        return (Problem.NO_ADMIN,)
    return tuple(problem for right, problem in _RIGHTS if not getattr(member, right, False))


def _privacy(chat: ChatFullInfo) -> tuple[Problem, ...]:
    found = (
        (chat.username or chat.active_usernames, Problem.PUBLIC),
        (chat.linked_chat_id, Problem.LINKED),
        (chat.has_protected_content, Problem.PROTECTED),
    )
    return tuple(problem for there, problem in found if there)


def _title(chat: ChatFullInfo) -> str:
    return chat.title or chat.full_name or str(chat.id)
