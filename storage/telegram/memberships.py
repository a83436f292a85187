"""Which bots are in which channels, as far as that was asked lately."""

import time
from collections.abc import Iterable

from aiogram import Bot
from aiogram.methods import GetChatMember
from aiogram.types import ChatMemberAdministrator, ChatMemberMember, ChatMemberOwner

from storage.errors import CallRefused
from storage.ports import Members
from storage.telegram.translation import translated

_GOOD_FOR = 60.0
_CALL_TIMEOUT = 30


class Memberships:
    """The `ChannelMembers` of a pool. What it says may be a minute old."""

    def __init__(self, bots: Iterable[Bot]) -> None:
        self._bots = tuple(bots)
        self._known: dict[int, tuple[float, Members]] = {}

    async def members(self, chat_id: int) -> Members:
        """`ChannelMembers.members`. A bot that is refused an answer is not in the channel."""
        known = self._known.get(chat_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = {bot.id: await _membership(bot, chat_id) for bot in self._bots}
        members = Members(
            readers=[bot_id for bot_id, (reads, _) in found.items() if reads],
            posters=[bot_id for bot_id, (_, posts) in found.items() if posts],
        )
        self._known[chat_id] = time.monotonic() + _GOOD_FOR, members
        return members

    def forget(self, chat_id: int) -> None:
        """`ChannelMembers.forget`."""
        self._known.pop(chat_id, None)


async def _membership(bot: Bot, chat_id: int) -> tuple[bool, bool]:
    """Whether the bot is in the channel, and whether it may post there."""
    try:
        with translated("getChatMember"):
            method = GetChatMember(chat_id=chat_id, user_id=bot.id)
            member = await bot(method, request_timeout=_CALL_TIMEOUT)
    except CallRefused:
        return False, False
    if isinstance(member, ChatMemberOwner):
        return True, True
    if isinstance(member, ChatMemberAdministrator):
        return True, bool(member.can_post_messages)
    return isinstance(member, ChatMemberMember), False
