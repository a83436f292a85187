"""Lanes: every (bot, channel) pair, and which of them takes the next message.

A message goes to the lane that is free first. A lane is not free while its budget or its bot's is used up
(`storage.telegram.budgets`), while Telegram asked to wait, for a moment after a call that did not get through, and
while it is out of use: its bot banned, kicked or without rights. What is out of use is tried again at growing
intervals, with real work: a refused message had no effect, and goes to another lane at once.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.engine.events import EventKind, note_event
from storage.errors import FloodWait, NoLane
from storage.ports import LaneKey, Urgency, Wish
from storage.telegram.budgets import MARGIN, WINDOW, BotBudget, LaneBudget
from storage.telegram.ledger import Ledger

log = structlog.get_logger(__name__)

_PATIENCE = 2.0
_PAUSE = 3.0
_LONGEST = 60.0
"""Seconds after which whoever was turned away asks again at the latest: a lane may have come back."""

_FURTHEST = 600.0
"""Seconds: who is promised a place asks again at the latest then. Each asking costs, and a new lane may come."""

_REMEMBERED = 2000


class Lanes:
    """The lanes of some bots. ``patience``: seconds for which `reserve` waits itself."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        clock: Clock,
        bot_ids: Sequence[int],
        assumed_rate: int,
        patience: float | None = None,
    ) -> None:
        self.ledger = Ledger(sessions=sessions, clock=clock, assumed_rate=assumed_rate)
        self._bots = tuple(bot_ids)
        self._patience = _PATIENCE if patience is None else patience
        self._paused: dict[LaneKey, float] = {}
        self._unlimited: dict[LaneKey, deque[tuple[float, int]]] = {}
        self._waiting: dict[int, Wish] = {}
        self._turned_away: dict[tuple[int, Urgency], float] = {}
        self._promised: dict[tuple[tuple[int, ...], Urgency], float] = {}
        self._tickets = itertools.count()

    async def reserve(self, wish: Wish) -> LaneKey:
        """`PartSender.reserve`."""
        deadline = self.ledger.now() + self._patience
        with self._waits(wish) as ticket:
            while True:
                wait, lane = await self._best(wish, ticket)
                if lane is not None and wait <= 0 and await self._take(lane, wish, ticket):
                    return lane
                left = deadline - self.ledger.now()
                if wait > left:
                    await self._turn_away(wish, wait)
                # A race for the place that was lost shows as no wait: look again, but let others run.
                await asyncio.sleep(min(wait, left) if wait > 0 else 0)

    async def reserve_now(self, wish: Wish) -> LaneKey | None:
        """`PartSender.reserve_now`."""
        with self._waits(wish) as ticket:
            wait, lane = await self._best(wish, ticket)
            taken = lane is not None and wait <= 0 and await self._take(lane, wish, ticket)
            return lane if taken else None

    def over(self, lane: LaneKey) -> None:
        """The call for which a place was taken has ended, however it did."""
        self.ledger.arrived(lane.bot_id, lane.chat_id)

    async def flooded(self, lane: LaneKey, retry_after: float) -> None:
        """Learn from a 429."""
        recent = [*self._unlimited.pop(lane, ())]

        def change(_bot: BotBudget, budget: LaneBudget) -> int | None:
            budget.sent = sorted([*budget.sent, *recent])
            budget.flooded(self.ledger.now(), retry_after)
            return budget.per_minute

        per_minute = await self.ledger.change(lane.bot_id, lane.chat_id, change)
        log.warning("lane_flooded", **_named(lane), retry_after=retry_after, per_minute=per_minute)

    def pause(self, lane: LaneKey) -> None:
        """The call did not get through: nobody hammers at a door that is shut."""
        self._paused[lane] = self.ledger.now() + _PAUSE

    async def lost(self, lane: LaneKey, reason: str, *, whole: bool) -> None:
        """Telegram refused the bot in this channel, or (``whole``) everywhere."""

        def change(bot: BotBudget, budget: LaneBudget) -> bool:
            return (bot if whole else budget).lost(self.ledger.now(), reason)

        await self.ledger.change(lane.bot_id, lane.chat_id, change, also=partial(_tell_lost, lane, reason, whole))

    async def worked(self, lane: LaneKey) -> None:
        """A call got through: what was out of use is back."""
        bot, budget = await self.ledger.budgets(lane.bot_id, lane.chat_id)
        if bot.outage is None and budget.outage is None:
            return

        def change(bot: BotBudget, budget: LaneBudget) -> tuple[bool, bool]:
            return bot.back(), budget.back()

        await self.ledger.change(lane.bot_id, lane.chat_id, change, also=partial(_tell_back, lane))

    async def usable(self, chat_id: int, bot_ids: Sequence[int]) -> list[int]:
        """These bots, those that work in the channel first."""
        now, out = self.ledger.now(), []
        for bot_id in bot_ids:
            bot, lane = await self.ledger.budgets(bot_id, chat_id)
            out.append((max(bot.outage_wait(now), lane.outage_wait(now)) > 0, bot_id))
        return [bot_id for _, bot_id in sorted(out, key=lambda pair: pair[0])]

    def _lanes_of(self, wish: Wish) -> list[LaneKey]:
        bots = self._bots if wish.bot_ids is None else wish.bot_ids
        return [LaneKey(bot_id=bot_id, chat_id=chat_id) for chat_id in wish.chat_ids for bot_id in bots]

    async def _best(self, wish: Wish, ticket: int) -> tuple[float, LaneKey | None]:
        """The shortest wait, and its lane; of several that are free the preferred channel's, then the least used."""
        found: list[tuple[float, bool, int, int, LaneKey]] = []
        for order, lane in enumerate(self._lanes_of(wish)):
            bot, budget = await self.ledger.budgets(lane.bot_id, lane.chat_id)
            wait = self._wait(lane, bot, budget, wish, ticket)
            found.append((wait, lane.chat_id != wish.prefer, self._used(lane, budget), order, lane))
        if not found:
            return _LONGEST, None
        wait, _, _, _, lane = min(found, key=lambda one: one[:4])
        return wait, lane

    def _wait(self, lane: LaneKey, bot: BotBudget, budget: LaneBudget, wish: Wish, ticket: int) -> float:
        now = self.ledger.now()
        paused = self._paused.get(lane, 0.0) - now
        wanted = self._wanted(lane.chat_id, wish.urgency, ticket)
        return max(paused, bot.wait(now, wish.size), budget.wait(now, wish.urgency, wanted))

    def _used(self, lane: LaneKey, budget: LaneBudget) -> int:
        now, taken = self.ledger.now(), self._unlimited.get(lane)
        while taken and taken[0][0] <= now - WINDOW:
            taken.popleft()
        return budget.used(now) + (len(taken) if taken else 0)

    def _wanted(self, chat_id: int, urgency: Urgency, ticket: int) -> set[Urgency]:
        """The other urgencies that have work for the channel: waiting now, or turned away lately."""
        now = self.ledger.now()
        waiting = {
            wish.urgency for number, wish in self._waiting.items() if number != ticket and chat_id in wish.chat_ids
        }
        turned = {other for (chat, other), until in self._turned_away.items() if chat == chat_id and until > now}
        return (waiting | turned) - {urgency}

    async def _take(self, lane: LaneKey, wish: Wish, ticket: int) -> bool:
        bot, budget = await self.ledger.budgets(lane.bot_id, lane.chat_id)
        if _unlimited(bot, budget):
            # Nothing to compare: it costs no statement, and is written down once Telegram sets a limit.
            self._unlimited.setdefault(lane, deque(maxlen=_REMEMBERED)).append((self.ledger.now(), int(wish.urgency)))
            return True

        def change(bot: BotBudget, budget: LaneBudget) -> float | None:
            if self._wait(lane, bot, budget, wish, ticket) > 0:
                return None
            at = self.ledger.now()
            bot.take(at, wish.size)
            budget.take(at, wish.urgency)
            return at

        at = await self.ledger.change(lane.bot_id, lane.chat_id, change)
        if at is not None:
            self.ledger.departed(lane.bot_id, lane.chat_id, at)
        return at is not None

    async def _turn_away(self, wish: Wish, wait: float) -> None:
        """Raise with the time after which there is likely a place: each one its own, in the order of asking."""
        now = self.ledger.now()
        outages, rates = [], []
        for lane in self._lanes_of(wish):
            bot, budget = await self.ledger.budgets(lane.bot_id, lane.chat_id)
            outages.append(max(bot.outage_wait(now), budget.outage_wait(now)))
            rates.append(budget.per_minute or 0)
        if not outages or min(outages) > 0:
            raise NoLane(retry_after=min([_LONGEST, *outages]))
        key = (tuple(wish.chat_ids), wish.urgency)
        spacing = WINDOW / sum(rates) if all(rates) else 0.0
        promised = max(now + wait, min(self._promised.get(key, 0.0) + spacing, now + wait + _FURTHEST))
        self._promised[key] = promised
        for chat_id in wish.chat_ids:
            self._turned_away[chat_id, wish.urgency] = promised + MARGIN
        raise FloodWait(retry_after=max(promised - now, MARGIN))

    @contextmanager
    def _waits(self, wish: Wish) -> Iterator[int]:
        ticket = next(self._tickets)
        self._waiting[ticket] = wish
        try:
            yield ticket
        finally:
            del self._waiting[ticket]


def _unlimited(bot: BotBudget, budget: LaneBudget) -> bool:
    limits = (bot.per_second, budget.per_minute)
    return limits == (None, None) and bot.outage is None and budget.outage is None


def _named(lane: LaneKey) -> dict[str, int]:
    return {"bot_id": lane.bot_id, "chat_id": lane.chat_id}


def _tell_lost(lane: LaneKey, reason: str, whole: bool, was_in_use: bool, session: AsyncSession) -> None:
    if was_in_use and whole:
        note_event(session, EventKind.BOT_LOST, bot_id=lane.bot_id, reason=reason)
    elif was_in_use:
        note_event(session, EventKind.LANE_LOST, bot_id=lane.bot_id, chat_id=lane.chat_id, reason=reason)


def _tell_back(lane: LaneKey, was_out: tuple[bool, bool], session: AsyncSession) -> None:
    if was_out[0]:
        note_event(session, EventKind.BOT_BACK, bot_id=lane.bot_id)
    if was_out[1]:
        note_event(session, EventKind.LANE_BACK, bot_id=lane.bot_id, chat_id=lane.chat_id)
