"""Who is staff because they are in the staff chat: told by Telegram where the bot is an admin there, asked else."""

from collections.abc import Collection
from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import ChatMemberUnion
from sqlalchemy.ext.asyncio import AsyncSession

from storage.callers.groups import Groups, Known

log = structlog.get_logger(__name__)

ASKED_AGAIN = timedelta(minutes=5)
"""How long it is believed that somebody is in the chat, where nobody says when they leave."""

_TOLD = timedelta(hours=1)
"""The same where Telegram does say; it forgets what it could not deliver for a day."""

_OUTSIDE = timedelta(hours=1)
_OUTSIDE_TOLD = timedelta(days=1)
_HERE = timedelta(seconds=30)
_STALE = timedelta(hours=1)
"""How long an answer counts while Telegram gives no other."""

_INSIDE = ("creator", "administrator", "member")


def inside(member: ChatMemberUnion) -> bool:
    """Whether somebody with this place in a chat is in it; the restricted may be, or not."""
    return member.status in _INSIDE or (member.status == "restricted" and bool(getattr(member, "is_member", False)))


class StaffMembers:
    """Implements `storage.callers.people.Membership`."""

    def __init__(self, *, bot: Bot, groups: Groups, asked_again: timedelta = ASKED_AGAIN) -> None:
        self._bot = bot
        self._groups = groups
        self._asked_again = asked_again

    async def is_member(self, telegram_id: int) -> bool:
        """Whether somebody is in the staff chat now; asked of Telegram where that is not known well enough."""
        known = await self._groups.member(telegram_id)
        if known is None:
            return False
        if known.inside is not None and known.age < self._believed(known):
            return known.inside
        return await self._ask(telegram_id, known)

    async def known(self, session: AsyncSession, telegram_ids: Collection[int]) -> dict[int, bool]:
        """`is_member` of those for whom nobody need be asked."""
        found = await self._groups.members(session, telegram_ids)
        if found is None:
            return dict.fromkeys(telegram_ids, False)
        return {
            telegram_id: one.inside
            for telegram_id, one in found.items()
            if one.inside is not None and one.age < self._believed(one)
        }

    async def seen_in(self, chat_id: int, telegram_id: int) -> None:
        """Somebody does something in a chat: who was not in it may be now."""
        known = await self._groups.member(telegram_id)
        if known is not None and known.chat_id == chat_id and known.inside is False and known.age > _HERE:
            await self._ask(telegram_id, known)

    async def told(self, chat_id: int, telegram_id: int, *, is_inside: bool) -> None:
        """Telegram says who came or went."""
        if chat_id == await self._groups.staff_chat():
            await self._groups.note_member(chat_id, telegram_id, inside=is_inside)
            log.info("staff_member_changed", person_id=telegram_id, inside=is_inside)

    def _believed(self, known: Known) -> timedelta:
        if known.inside:
            return _TOLD if known.told else self._asked_again
        return _OUTSIDE_TOLD if known.told else _OUTSIDE

    async def _ask(self, telegram_id: int, known: Known) -> bool:
        try:
            found = inside(await self._bot.get_chat_member(known.chat_id, telegram_id))
        except TelegramBadRequest as error:
            log.info("member_not_found", person_id=telegram_id, description=error.message)
            found = False
        except TelegramAPIError as error:
            log.warning("member_not_asked", person_id=telegram_id, error=type(error).__name__)
            return bool(known.inside) and known.age < _STALE
        await self._groups.note_member(known.chat_id, telegram_id, inside=found)
        return found
