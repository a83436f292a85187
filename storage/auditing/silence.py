"""Silence: when we last heard of Telegram, and which hours are lost when that is too long ago.

Telegram keeps updates for 24 hours (TELEGRAM.md, Updates). Who was away for longer has lost what came before that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.clock import Clock
from storage.database import Sessions
from storage.tables import Person, Presence

UPDATES_KEPT = timedelta(hours=24)
_SHORTLY_BEFORE = timedelta(hours=1)
_MOST_TOLD = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """The hours whose updates are gone: what people sent then never reached us."""

    since: datetime
    until: datetime


class Presences:
    """One bot's."""

    def __init__(self, *, sessions: Sessions, clock: Clock, bot_id: int) -> None:
        self._sessions = sessions
        self._clock = clock
        self._bot_id = bot_id

    async def seen(self) -> Gap | None:
        """We are in touch with Telegram now, and what was lost before: a second call finds nothing.

        Call it about every half minute.
        """
        now = self._clock.now()
        async with self._sessions.begin() as session:
            row = await session.get(Presence, self._bot_id, with_for_update=True)
            if row is None:
                await session.execute(
                    insert(Presence).values(bot_id=self._bot_id, seen_at=now).on_conflict_do_nothing()
                )
                return None
            before, row.seen_at = row.seen_at, max(row.seen_at, now)
        if now - before <= UPDATES_KEPT:
            return None
        return Gap(since=before, until=now - UPDATES_KEPT)

    async def wrote_before(self, gap: Gap) -> Sequence[int]:
        """The people whose last word came within the hour before the silence began: they may wait for an answer."""
        shortly = Person.last_seen_at.between(gap.since - _SHORTLY_BEFORE, gap.since + timedelta(minutes=1))
        query = select(Person.telegram_id).where(shortly, Person.blocked_at.is_(None)).limit(_MOST_TOLD)
        async with self._sessions.begin() as session:
            return (await session.scalars(query)).all()
