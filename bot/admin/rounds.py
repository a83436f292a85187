"""The rounds: every minute, on one node, what nobody's action brings up."""

from datetime import datetime, time, timedelta, tzinfo

from bot.admin.archive_watch import ArchiveWatch
from bot.admin.channel_watch import ChannelWatch
from bot.admin.watching import NODE_KINDS
from storage.auditing.alerts import Alerts, Fields
from storage.auditing.digest import counts, day_before, newest_of_each_error
from storage.callers.roster import Roster
from storage.clock import Clock
from storage.database import Sessions
from storage.engine.channel_book import ChannelBook

_EXAMINED_EVERY = timedelta(hours=1)
_QUIET_AFTER = timedelta(hours=1)
_MOST_ERRORS = 5
"""How many classes of errors are told of at the same time; `/status` shows the rest."""


class Rounds:
    """``digest_at`` None: no digest."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        alerts: Alerts,
        roster: Roster,
        book: ChannelBook,
        channels: ChannelWatch,
        clock: Clock,
        timezone: tzinfo,
        digest_at: time | None,
    ) -> None:
        self._sessions = sessions
        self._alerts = alerts
        self._roster = roster
        self._book = book
        self._channels = channels
        self._clock = clock
        self._archive = ArchiveWatch(sessions=sessions, alerts=alerts, clock=clock)
        self._timezone = timezone
        self._digest_at = digest_at

    async def go(self) -> None:
        """All of them. May be done twice."""
        await self._alerts.sweep()
        await self._alerts.end_abandoned(NODE_KINDS)
        await self._errors()
        await self._archive.look(await self._admins())
        await self._digest()
        # One channel a minute: three calls, which no flood limit minds.
        chat_id = await self._book.next_to_examine(before=self._clock.now() - _EXAMINED_EVERY)
        if chat_id is not None:
            await self._channels.examine(chat_id)

    async def _errors(self) -> None:
        """A class of errors is told once, and is over when it has not come again for an hour."""
        newest = await newest_of_each_error(self._sessions, self._clock.now() - _QUIET_AFTER)
        known = {str(one.fields["error"]) for one in await self._alerts.current() if one.kind == "errors"}
        for error in known - {one.error for one in newest}:
            await self._alerts.end("errors", subject=error, anywhere=True)
        room = _MOST_ERRORS - len(known)
        for one in newest:
            if one.error in known or room <= 0:
                continue
            last = await self._alerts.last("errors", subject=one.error)
            if last is None or last.ended_at is None or one.at > last.ended_at:
                fields: Fields = {"error": one.error, "incident": one.id, "door": one.door}
                room -= await self._alerts.open("errors", fields, await self._admins(), subject=one.error, since=one.at)

    async def _digest(self) -> None:
        now = self._clock.now().astimezone(self._timezone)
        if self._digest_at is None or now.time() < self._digest_at:
            return
        since, until = day_before(now)
        if await self._alerts.last("digest", subject=_date(until)) is not None:
            return
        found = await counts(self._sessions, since, until)
        fields: Fields = {
            "date": _date(since),
            "new": found.new,
            "attached": found.attached,
            "failed": found.failed,
            "waiting": found.waiting,
            "spooled": found.spooled,
            "lost": found.lost,
        }
        await self._alerts.event("digest", fields, await self._admins(), once=_date(until))

    async def _admins(self) -> list[int]:
        return [one.telegram_id for one in await self._roster.admins()]


def _date(day: datetime) -> str:
    return day.strftime("%d.%m.%Y")
