"""The staff chat and the groups, assembled: what handlers need of them, their routers, their job."""

from datetime import tzinfo
from typing import Any

from aiogram import Bot, Router

from bot.requests.wrong_numbers import WrongTeller
from bot.routers.staff import staff_router
from bot.routers.staff_talk import staff_talk_router
from bot.routers.work_orders import work_orders_router
from bot.staff.cards import StaffCards
from bot.staff.group_news import GroupNews, Removed
from bot.staff.groups import GroupLife, Reactions
from bot.staff.members import StaffMembers
from bot.staff.rows import StaffCardRows
from bot.staff.talk import StaffTalk
from bot.texts import Catalogue
from storage.callers.groups import Groups
from storage.catalog.waiting import Waiting
from storage.database import Sessions
from storage.jobs import JobRunner
from storage.wakeups import STAFF_CARD_JOB
from storage.work_orders.confirming import WRONG_JOB
from storage.work_orders.directory import WorkOrders
from storage.work_orders.overriding import Overrides
from storage.work_orders.wrong_numbers import WrongNumbers


class StaffDesk:
    """Registers its job handler when made. ``news`` is the middleware that comes before admission; who wants to hear
    that the bot was removed from a group adds to ``removed``.
    """

    def __init__(
        self,
        *,
        bot: Bot,
        sessions: Sessions,
        groups: Groups,
        catalogue: Catalogue,
        timezone: tzinfo,
        jobs: JobRunner,
        members: StaffMembers,
        orders: WorkOrders,
    ) -> None:
        self._groups = groups
        self._rows = StaffCardRows(sessions, groups=groups, timezone=timezone)
        self.reactions = Reactions(bot, groups)
        self.life = GroupLife(bot=bot, groups=groups, catalogue=catalogue)
        self.news = GroupNews(
            bot=bot, life=self.life, groups=groups, members=members, catalogue=catalogue, removed=self._removed
        )
        self.removed: list[Removed] = []
        self._wrong, self._overrides = WrongNumbers(sessions, orders.gate), Overrides(sessions)
        talk = StaffTalk(sessions, bot=bot, groups=groups, catalogue=catalogue)
        self.data: dict[str, Any] = {
            "groups": groups,
            "group_life": self.life,
            "reactions": self.reactions,
            "waiting": Waiting(sessions, orders),
            "staff_talk": talk,
            "wrong_numbers": self._wrong,
            "overrides": self._overrides,
        }
        cards = StaffCards(self._rows, bot=bot, catalogue=catalogue, timezone=timezone, moved=groups.move)
        # One at a time: they share a chat, and its limit.
        jobs.handle(STAFF_CARD_JOB, cards.handle, at_once=1)
        teller = WrongTeller(self._wrong, bot=bot, groups=groups, catalogue=catalogue)
        jobs.handle(WRONG_JOB, teller.handle, at_once=1)

    def routers(self) -> tuple[Router, ...]:
        """They come before those that take files and texts for what people send to be kept."""
        return work_orders_router(), staff_router(), staff_talk_router()

    async def _removed(self, chat_id: int, title: str) -> None:
        for hear in self.removed:
            await hear(chat_id, title)

    async def recover(self, *, older_than: float) -> None:
        """Wake what nobody brings up to date, once there is a chat to show it in."""
        if await self._groups.staff_chat() is not None:
            await self._rows.recover(older_than=older_than)
            await self._wrong.sweep()
        await self._overrides.forget()
