"""Lanes: the flood budget of a (bot, channel) pair, kept ahead of time and learnt from Telegram.

A lane lets through ``per_minute`` messages in any minute. It starts from the rate that is assumed (a setting; 0: none),
and when Telegram says 429 all the same, it takes what went through in the last minute as the limit. What is
learnt is written down, so a restart does not begin with a burst, and is relaxed slowly.
"""

import asyncio
import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.clock import Clock
from storage.database import Sessions
from storage.errors import FloodWait
from storage.tables import Lane, Part

log = structlog.get_logger(__name__)

_WINDOW = 60.0
_MARGIN = 1.0
"""Seconds added to every wait: two clocks never agree, and a second 429 costs more."""

_LEAST = 5
"""A 429 after fewer messages than this says little about the rate."""

_RELAX_SECONDS = 600.0
_PATIENCE = 2.0
_PAUSE = 3.0
INTERACTIVE, UPLOAD, BULK = 0, 1, 2
"""Who goes first when several wait: a person, a service, nobody."""


class LaneGate:
    """One lane's gate, in this process."""

    def __init__(self, per_minute: int | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._assumed = per_minute
        self.per_minute = per_minute
        self.blocked_until = 0.0
        self._learnt_at = 0.0
        self._sent: deque[float] = deque()
        self._waiting: list[tuple[int, int]] = []
        self._order = itertools.count()
        self._moved = asyncio.Condition()

    async def enter(self, priority: int, patience: float = _PATIENCE) -> None:
        """Take a place in the budget.

        Raises `FloodWait` with the time to wait where none comes free within ``patience`` seconds.
        """
        ticket = (priority, next(self._order))
        heapq.heappush(self._waiting, ticket)
        deadline = self._monotonic() + patience
        try:
            async with self._moved:
                while (delay := self._delay()) > 0 or self._waiting[0] != ticket:
                    left = deadline - self._monotonic()
                    if delay > left or left <= 0:
                        raise FloodWait(retry_after=max(delay, _MARGIN))
                    await self._wait(min(delay, left) if delay > 0 else left)
                self._sent.append(self._monotonic())
        finally:
            self._waiting.remove(ticket)
            heapq.heapify(self._waiting)
            async with self._moved:
                self._moved.notify_all()

    def flooded(self, retry_after: float) -> bool:
        """Telegram refused a message that had entered. True where a new rate was learnt."""
        now = self._monotonic()
        self.blocked_until = max(self.blocked_until, now + retry_after + _MARGIN)
        if self._sent:
            self._sent.pop()
        self._forget(now)
        passed = len(self._sent)
        if passed < _LEAST or (self.per_minute is not None and passed >= self.per_minute):
            return False
        self.per_minute, self._learnt_at = passed, now
        return True

    def seed(self, ages: list[float]) -> None:
        """After a restart: messages that went through ``ages`` seconds ago still count."""
        now = self._monotonic()
        self._sent.extend(sorted(now - age for age in ages))

    def _delay(self) -> float:
        now = self._monotonic()
        self._forget(now)
        self._relax(now)
        blocked = self.blocked_until - now
        if self.per_minute is None or len(self._sent) < self.per_minute:
            return blocked
        return max(blocked, self._sent[len(self._sent) - self.per_minute] + _WINDOW + _MARGIN - now)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] < now - _WINDOW - _MARGIN:
            self._sent.popleft()

    def _relax(self, now: float) -> None:
        """One message a minute more for every ten minutes without a flood wait, up to what is assumed."""
        ceiling = self._assumed
        if self.per_minute is None or now - self._learnt_at < _RELAX_SECONDS or self.per_minute == ceiling:
            return
        self.per_minute += 1
        self._learnt_at = now

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._moved.wait(), seconds)
        except TimeoutError:
            return


class Lanes:
    """Every lane of one bot, with what they have learnt kept in PostgreSQL."""

    def __init__(self, *, sessions: Sessions, clock: Clock, bot_id: int, assumed_rate: int) -> None:
        self._sessions = sessions
        self._clock = clock
        self._bot_id = bot_id
        self._assumed = assumed_rate or None
        self._gates: dict[int, LaneGate] = {}

    async def load(self) -> None:
        """Read what was learnt before, and what was sent in the last minute."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            for lane in (await session.scalars(select(Lane).where(Lane.bot_id == self._bot_id))).all():
                gate = self._gate(lane.chat_id)
                gate.per_minute = lane.per_minute or gate.per_minute
                if lane.blocked_until is not None:
                    left = (lane.blocked_until - now).total_seconds()
                    gate.blocked_until = time.monotonic() + max(0.0, left)
            recent = await session.execute(
                select(Part.chat_id, Part.stored_at).where(Part.stored_at > now - timedelta(seconds=_WINDOW))
            )
            ages: dict[int, list[float]] = {}
            for chat_id, stored_at in recent:
                assert chat_id is not None
                assert stored_at is not None
                ages.setdefault(chat_id, []).append((now - stored_at).total_seconds())
        for chat_id, chat_ages in ages.items():
            self._gate(chat_id).seed(chat_ages)

    async def enter(self, chat_id: int, priority: int) -> None:
        """Wait for the lane's budget. Raises `FloodWait` where that would take long."""
        await self._gate(chat_id).enter(priority)

    async def flooded(self, chat_id: int, retry_after: float) -> None:
        """Learn from a 429, and write it down."""
        gate = self._gate(chat_id)
        learnt = gate.flooded(retry_after)
        log.warning("lane_flooded", chat_id=chat_id, retry_after=retry_after, per_minute=gate.per_minute)
        values = {
            "blocked_until": self._clock.now() + timedelta(seconds=retry_after),
            "per_minute": gate.per_minute,
        }
        if learnt:
            values["learnt_at"] = self._clock.now()
        async with self._sessions.begin() as session:
            await session.execute(
                insert(Lane)
                .values(bot_id=self._bot_id, chat_id=chat_id, **values)
                .on_conflict_do_update(index_elements=[Lane.bot_id, Lane.chat_id], set_=values)
            )

    def pause(self, chat_id: int) -> None:
        """The call did not get through: nobody hammers at a door that is shut."""
        gate = self._gate(chat_id)
        gate.blocked_until = max(gate.blocked_until, time.monotonic() + _PAUSE)

    def _gate(self, chat_id: int) -> LaneGate:
        if chat_id not in self._gates:
            self._gates[chat_id] = LaneGate(self._assumed)
        return self._gates[chat_id]
