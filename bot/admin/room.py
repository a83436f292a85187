"""What admins have, assembled: their tools, the alerts with their jobs, and the watch."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from datetime import datetime, time, tzinfo

import structlog
from aiogram import Bot
from sqlalchemy.exc import SQLAlchemyError

from bot.admin.alerts import Teller
from bot.admin.channel_watch import CHANNEL_JOB, ChannelNews, ChannelWatch
from bot.admin.invitations import Invitations
from bot.admin.rounds import Rounds
from bot.admin.tools import AdminTools
from bot.admin.vanishing import SHOWN_FOR, VANISH_JOB, Vanishing
from bot.admin.watching import Watch, WatchTimes
from bot.inbox.contact import Contact
from bot.texts import Catalogue
from storage.auditing.alerts import ALERT_JOB, Alerts
from storage.auditing.silence import Presences
from storage.callers.groups import Groups
from storage.callers.invite_links import InviteLinks
from storage.callers.key_drafts import KeyDrafts
from storage.callers.people import People
from storage.callers.recovery import RecoveryKeeper
from storage.callers.roster import Roster
from storage.clock import SystemClock
from storage.domain import Purpose
from storage.engine.channel_book import ChannelBook
from storage.jobs import EVERY_MINUTE, JobRunner
from storage.use_cases import UseCases

log = structlog.get_logger(__name__)


class AdminRoom:
    """Registers its jobs when made. ``contact`` is what the poller notes in."""

    def __init__(
        self,
        *,
        bot: Bot,
        use_cases: UseCases,
        people: People,
        groups: Groups,
        catalogue: Catalogue,
        jobs: JobRunner,
        node: str,
        timezone: tzinfo,
        polls: bool,
        fixed_purposes: Collection[Purpose] = (),
        digest_at: time | None = None,
        secrets_shown: float = SHOWN_FOR,
        times: WatchTimes | None = None,
    ) -> None:
        sessions, clock = use_cases.sessions, SystemClock()
        roster = Roster(sessions, people)
        alerts = Alerts(sessions=sessions, clock=clock, node=node)
        book = ChannelBook(sessions=sessions, bot=bot, clock=clock, fixed=fixed_purposes)
        links = InviteLinks(sessions=sessions, people=people, clock=clock)
        self.contact = Contact(clock)
        self.invitations = Invitations(links, bot)
        self.roster = roster
        self._alerts = alerts
        self.tools = AdminTools(
            roster=roster,
            links=links,
            book=book,
            groups=groups,
            alerts=alerts,
            keys=use_cases.keys,
            drafts=KeyDrafts(sessions=sessions, keys=use_cases.keys, clock=clock),
            recovery=RecoveryKeeper(sessions=sessions, clock=clock),
            vanishing=Vanishing(bot=bot, sessions=sessions, shown_for=secrets_shown),
            timezone=timezone,
            node=node,
        )
        channels = ChannelWatch(sessions=sessions, book=book, alerts=alerts, roster=roster)
        self.channel_news = ChannelNews(channels)
        teller = Teller(alerts=alerts, roster=roster, bot=bot, catalogue=catalogue, moment=self._moment)
        self.rounds = Rounds(
            sessions=sessions,
            alerts=alerts,
            roster=roster,
            book=book,
            channels=channels,
            clock=clock,
            timezone=timezone,
            digest_at=digest_at,
        )
        self.watch = Watch(
            sessions=sessions,
            alerts=alerts,
            roster=roster,
            presences=Presences(sessions=sessions, clock=clock, bot_id=bot.id),
            contact=self.contact,
            spool=use_cases.intake.spool,
            bot=bot,
            catalogue=catalogue,
            clock=clock,
            moment=self._moment,
            node=node,
            polls=polls,
            times=times or WatchTimes(),
        )
        jobs.handle(ALERT_JOB, teller.handle, at_once=1)
        jobs.handle(CHANNEL_JOB, channels.handle, at_once=2)
        jobs.handle(VANISH_JOB, self.tools.vanishing.handle, at_once=4)
        jobs.every("admin_rounds", EVERY_MINUTE, self.rounds.go)

    async def back(self) -> None:
        """We are in touch with Telegram: before the first update is taken in, find out what is lost. Never raises."""
        try:
            await self.watch.back()
        except (SQLAlchemyError, OSError) as error:
            log.warning("silence_not_measured", error=type(error).__name__)

    async def group_lost(self, chat_id: int, title: str) -> None:
        """The bot was removed from a group."""
        admins = [one.telegram_id for one in await self.roster.admins()]
        await self._alerts.event("group_lost", {"chat": chat_id, "title": title or str(chat_id)}, admins)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Keep watch while this lasts."""
        task = asyncio.create_task(self.watch.run(), name="watch")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _moment(self, at: datetime) -> str:
        return self.tools.moment(at)
