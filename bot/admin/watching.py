"""The watch: every quarter of a minute it looks at what this process stands on, and tells admins what does not hold.

Everything but a database that is away goes through `Alerts`, which remembers who was told. Without a database
nobody remembers anything: then this process alone tells the admins it knows, and writes it down afterwards.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from sqlalchemy import text

from bot.admin.alert_texts import Moment
from bot.inbox.contact import Contact
from bot.texts import Catalogue
from storage.auditing.alerts import Alerts, Fields
from storage.auditing.silence import Presences
from storage.callers.roster import Known, Roster
from storage.clock import Clock
from storage.database import Sessions
from storage.spool import Spool

log = structlog.get_logger(__name__)

NODE_KINDS = ("database_slow", "spool", "telegram_away", "conflict")
"""What a node sees for itself: where the node is gone, somebody else ends it."""

_PING_TIMEOUT = 10.0
_STEADY = 3
_SPOOL_HIGH, _SPOOL_LOW = 0.9, 0.8
_IN_TOUCH = 90.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchTimes:
    """Seconds: between two looks, how long Telegram may be away before somebody is told, and from when on the least of
    statements is slow, and quick again.
    """

    every: float = 15.0
    telegram_away: float = 300.0
    slow: float = 2.0
    fast: float = 1.0


@dataclass(slots=True)
class _Away:
    """The database is away: since when, and which messages say so."""

    since: datetime
    messages: list[tuple[Known, int]] = field(default_factory=list)


class Watch:
    """One per process. ``polls``: a poller notes the contact with Telegram; else the watch asks for itself.

    Who has something to take up again when the database answers after a silence adds to ``recovered``.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        alerts: Alerts,
        roster: Roster,
        presences: Presences,
        contact: Contact,
        spool: Spool,
        bot: Bot,
        catalogue: Catalogue,
        clock: Clock,
        moment: Moment,
        node: str,
        polls: bool,
        times: WatchTimes,
    ) -> None:
        self._sessions = sessions
        self._alerts = alerts
        self._roster = roster
        self._presences = presences
        self._contact = contact
        self._spool = spool
        self._bot = bot
        self._catalogue = catalogue
        self._clock = clock
        self._moment = moment
        self._node = node
        self._polls = polls
        self._times = times
        self._admins: list[Known] = []
        self._failed_pings = 0
        self._slow_pings = 0
        self._fast_pings = 0
        self._away: _Away | None = None
        self._settled: set[tuple[str, str]] = set()
        self.recovered: list[Callable[[], Awaitable[None]]] = []

    async def run(self) -> None:
        """Look, again and again, until it is cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 -- the watch must not end; what went wrong is logged
                log.warning("watch_failed", error=type(error).__name__)
            self._contact.changed.clear()
            try:
                async with asyncio.timeout(self._times.every):
                    await self._contact.changed.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Look once. Raises what the database raises after it answered."""
        seconds = await self._ping()
        if seconds is None:
            await self._database_failed()
            return
        self._admins = list(await self._roster.admins())
        await self._database_answered(seconds)
        if not self._polls:
            await self._ask_telegram()
        await self._telegram()
        await self._spool_filled()

    async def back(self) -> None:
        """We are in touch with Telegram: tell whom it concerns if hours of updates are lost."""
        gap = await self._presences.seen()
        if gap is None:
            return
        log.warning("updates_lost", since=gap.since.isoformat(), until=gap.until.isoformat())
        fields: Fields = {"at_from": gap.since.isoformat(), "at_to": gap.until.isoformat()}
        admins = {one.telegram_id for one in await self._roster.admins()}
        once = gap.since.isoformat()
        await self._alerts.event("silence", fields, admins, once=once)
        people = set(await self._presences.wrote_before(gap)) - admins
        if people:
            await self._alerts.event("silence_people", fields, people, once=once)

    async def _ping(self) -> float | None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_PING_TIMEOUT), self._sessions.begin() as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:  # noqa: BLE001 -- a connection that breaks raises what its driver likes
            log.info("database_silent", error=type(error).__name__)
            return None
        return time.monotonic() - began

    async def _database_failed(self) -> None:
        self._failed_pings += 1
        if self._failed_pings < _STEADY or self._away is not None:
            return
        self._away = _Away(since=self._clock.now())
        log.error("database_away")
        for admin in self._admins:
            words = self._catalogue(admin.language)("alert-database_away", since=self._moment(self._away.since))
            try:
                sent = await self._bot.send_message(admin.telegram_id, words, parse_mode="HTML")
            except TelegramAPIError as error:
                log.info("person_not_told", chat_id=admin.telegram_id, error=type(error).__name__)
            else:
                self._away.messages.append((admin, sent.message_id))

    async def _database_answered(self, seconds: float) -> None:
        if self._failed_pings:
            for take_up in self.recovered:
                await take_up()
        self._failed_pings = 0
        if self._away is not None:
            away, self._away = self._away, None
            await self._database_back(away)
        self._slow_pings = self._slow_pings + 1 if seconds > self._times.slow else 0
        self._fast_pings = self._fast_pings + 1 if seconds < self._times.fast else 0
        slow = True if self._slow_pings >= _STEADY else False if self._fast_pings >= _STEADY else None
        await self._hold("database_slow", slow, {"milliseconds": round(seconds * 1000)})

    async def _database_back(self, away: _Away) -> None:
        values = {"since": self._moment(away.since), "until": self._moment(self._clock.now())}
        for admin, message_id in away.messages:
            texts = self._catalogue(admin.language)
            words = texts("alert-database_away-over", **values)
            try:
                await self._bot.edit_message_text(
                    words, chat_id=admin.telegram_id, message_id=message_id, parse_mode="HTML"
                )
            except TelegramAPIError as error:
                log.info("person_not_told", chat_id=admin.telegram_id, error=type(error).__name__)
        await self._alerts.event("database_away", {"at_from": away.since.isoformat()}, ())

    async def _ask_telegram(self) -> None:
        if self._contact.fine_within(_IN_TOUCH / 2):
            return
        try:
            await self._bot.get_me(request_timeout=10)
        except TelegramAPIError:
            self._contact.heard(fine=False)
        else:
            self._contact.heard(fine=True)

    async def _telegram(self) -> None:
        since = self._contact.away_since(self._times.telegram_away)
        if since is not None:
            await self._hold("telegram_away", True, {}, subject=self._node, since=since)
        elif self._contact.fine_within(_IN_TOUCH):
            await self._hold("telegram_away", False, {}, subject=self._node)
            await self.back()
        await self._hold("conflict", self._contact.conflict, {})

    async def _spool_filled(self) -> None:
        share = self._spool.used_bytes / self._spool.max_bytes if self._spool.max_bytes else 0.0
        high = True if share >= _SPOOL_HIGH else False if share < _SPOOL_LOW else None
        await self._hold("spool", high, {"percent": round(share * 100), "node": self._node}, subject=self._node)

    async def _hold(
        self, kind: str, wrong: bool | None, fields: Fields, *, subject: str = "", since: datetime | None = None
    ) -> None:
        """Open or end an alert as things are; None: between the two, as it was."""
        if wrong is None:
            return
        key = (kind, subject)
        if wrong:
            self._settled.discard(key)
            to = [one.telegram_id for one in self._admins]
            await self._alerts.open(kind, fields, to, subject=subject, since=since)
        elif key not in self._settled:
            await self._alerts.end(kind, subject=subject)
            self._settled.add(key)
