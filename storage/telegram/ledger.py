"""The budgets of bots and lanes in PostgreSQL, shared by all nodes and remembered over restarts.

Each node works on a copy. A change is one statement that takes effect only if nobody changed the bot or a lane of it
meanwhile (`BotBudget.version`); else the copy is read again and the change made anew. No connection waits for Telegram.
"""

import asyncio
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage import tables
from storage.clock import Clock
from storage.database import Sessions
from storage.ports import Urgency
from storage.telegram.budgets import PER_SECOND, WINDOW, BotBudget, LaneBudget, Outage

_TRIES = 100
_STEP_ASIDE = 0.005
_FRESH_SECONDS = 2.0
_LONGEST_CALL = 600.0
"""Seconds after which a message that was taken into the budget will not be sent any more."""

_KEPT = timedelta(days=1)
T = TypeVar("T")
Change = Callable[[BotBudget, LaneBudget], T]
Also = Callable[[T, AsyncSession], None]


@dataclass(slots=True)
class _Copy:
    """What this node knows of one bot."""

    bot_id: int
    bot: BotBudget
    read_at: float
    lanes: dict[int, LaneBudget] = field(default_factory=dict)


class Ledger:
    """``assumed_rate``: messages a minute per lane until Telegram says otherwise; 0: no limit is assumed at all."""

    def __init__(self, *, sessions: Sessions, clock: Clock, assumed_rate: int) -> None:
        self._sessions = sessions
        self._clock = clock
        self._assumed = assumed_rate or None
        self._copies: dict[int, _Copy] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self._in_flight: dict[tuple[int, int], list[float]] = {}
        self._arrived: dict[tuple[int, int], dict[float, float]] = {}

    def now(self) -> float:
        return self._clock.now().timestamp()

    async def budgets(self, bot_id: int, chat_id: int) -> tuple[BotBudget, LaneBudget]:
        """As this node knows them: to be looked at, not to be changed."""
        copy = self._fresh(bot_id)
        if copy is None:
            async with self._lock(bot_id):
                copy = self._fresh(bot_id) or await self._read(bot_id)  # who had the lock before has read it
        return copy.bot, self._lane(copy, chat_id)

    def _fresh(self, bot_id: int) -> _Copy | None:
        copy = self._copies.get(bot_id)
        return copy if copy is not None and 0 <= self.now() - copy.read_at < _FRESH_SECONDS else None

    async def change(self, bot_id: int, chat_id: int, change: Change[T], also: Also[T] | None = None) -> T:
        """Have ``change`` made to a bot and a lane of it, on what they are at that moment; it may be called again.

        ``also`` adds rows that tell of it, in the transaction that makes it.
        """
        async with self._lock(bot_id):
            for attempt in range(_TRIES):
                if attempt:
                    # Nodes that keep step would disturb each other again and again.
                    await asyncio.sleep(random.uniform(0, _STEP_ASIDE * min(attempt, 10)))  # noqa: S311 -- no secret
                copy = self._copies.get(bot_id) or await self._read(bot_id)
                bot, lane = deepcopy(copy.bot), deepcopy(self._lane(copy, chat_id))
                result = change(bot, lane)
                if (bot, lane) == (copy.bot, self._lane(copy, chat_id)):
                    return result
                if await self._compare_and_set((bot_id, chat_id), bot, lane, partial(also, result) if also else None):
                    bot.version += 1
                    copy.bot, copy.lanes[chat_id] = bot, lane
                    return result
                del self._copies[bot_id]
        raise RuntimeError("the budgets of a bot are changed faster than they can be read")

    def departed(self, bot_id: int, chat_id: int, at: float) -> None:
        """A message that was taken into the budget at ``at`` is on its way."""
        self._in_flight.setdefault((bot_id, chat_id), []).append(at)

    def arrived(self, bot_id: int, chat_id: int) -> None:
        """One of those is over. It is written down with the next change, for it costs no statement of its own."""
        key, now = (bot_id, chat_id), self.now()
        if departed := self._in_flight.get(key):
            recent = {at: then for at, then in self._arrived.get(key, {}).items() if then > now - 2 * WINDOW}
            self._arrived[key] = recent | {departed.pop(0): now}

    async def forget(self) -> None:
        """The sweep's part: lanes that sent nothing for a day and know nothing, such as those into private chats."""
        known = tables.Lane.per_minute.is_not(None) | tables.Lane.out_since.is_not(None)
        latest = func.coalesce(tables.Lane.sent[-1][0].as_float(), 0.0)
        old = latest < (self._clock.now() - _KEPT).timestamp()
        blocked = func.coalesce(tables.Lane.blocked_until > self._clock.now(), False)
        async with self._sessions.begin() as session:
            await session.execute(delete(tables.Lane).where(old, ~known, ~blocked))

    def _lock(self, bot_id: int) -> asyncio.Lock:
        return self._locks.setdefault(bot_id, asyncio.Lock())

    def _lane(self, copy: _Copy, chat_id: int) -> LaneBudget:
        lane = copy.lanes.setdefault(chat_id, LaneBudget(assumed=self._assumed, per_minute=self._assumed))
        key, now = (copy.bot_id, chat_id), self.now()
        if (arrived := self._arrived.get(key)) is not None:
            lane.sent = sorted((arrived.get(at, at), urgency) for at, urgency in lane.sent)
        lane.in_flight = frozenset(at for at in self._in_flight.get(key, ()) if at > now - _LONGEST_CALL)
        return lane

    async def _read(self, bot_id: int) -> _Copy:
        async with self._sessions.begin() as session:
            row = await session.get(tables.BotBudget, bot_id)
            lanes = (await session.scalars(select(tables.Lane).where(tables.Lane.bot_id == bot_id))).all()
        bot = BotBudget(per_second=None if self._assumed is None else PER_SECOND)
        if row is not None:
            bot.version, bot.sent, bot.outage = row.version, [*row.sent], _outage(row)
            bot.sizes = {int(size): at for size, at in row.sizes.items()}
        copy = _Copy(bot_id, bot, self.now(), {lane.chat_id: self._budget(lane) for lane in lanes})
        self._copies[bot_id] = copy
        return copy

    def _budget(self, row: tables.Lane) -> LaneBudget:
        return LaneBudget(
            assumed=self._assumed,
            per_minute=row.per_minute or self._assumed,
            blocked_until=_seconds(row.blocked_until),
            learnt_at=_seconds(row.learnt_at),
            sent=[(at, urgency) for at, urgency in row.sent],
            outage=_outage(row),
        )

    async def _compare_and_set(
        self, key: tuple[int, int], bot: BotBudget, lane: LaneBudget, also: Callable[[AsyncSession], None] | None
    ) -> bool:
        async with self._sessions.begin() as session:
            written = await _write(session, *key, bot, self._lane_values(lane))
            if written and also is not None:
                also(session)
            return written

    def _lane_values(self, lane: LaneBudget) -> dict[str, Any]:
        learnt = lane.per_minute if lane.per_minute != self._assumed else None
        return {
            "per_minute": learnt,
            "blocked_until": _moment(lane.blocked_until),
            "learnt_at": _moment(lane.learnt_at),
            "sent": [[at, int(urgency)] for at, urgency in lane.sent],
            **_outage_values(lane.outage),
        }


async def note_sent(session: AsyncSession, bot_id: int, chat_id: int, now: datetime) -> None:
    """A message that went past the lanes, such as a new channel's first: it counts all the same."""
    lane = insert(tables.Lane).values(bot_id=bot_id, chat_id=chat_id, sent=[[now.timestamp(), int(Urgency.BULK)]])
    await session.execute(lane.on_conflict_do_nothing())
    bot = update(tables.BotBudget).where(tables.BotBudget.bot_id == bot_id)
    await session.execute(bot.values(version=tables.BotBudget.version + 1))


async def _write(session: AsyncSession, bot_id: int, chat_id: int, bot: BotBudget, lane_values: dict[str, Any]) -> bool:
    """One statement: the bot's row if its version is still ``bot.version``, and with it the lane's."""
    bot_values = {
        "version": bot.version + 1,
        "sent": bot.sent,
        "sizes": {str(size): at for size, at in bot.sizes.items()},
        **_outage_values(bot.outage),
    }
    same = tables.BotBudget.version == bot.version
    row = insert(tables.BotBudget).values(bot_id=bot_id, **bot_values)
    moved = (
        row.on_conflict_do_update(index_elements=[tables.BotBudget.bot_id], set_=bot_values, where=same)
        .returning(tables.BotBudget.bot_id)
        .cte("moved")
    )
    table = tables.Lane.__table__
    names = ["bot_id", "chat_id", *lane_values]
    cells = [literal(value, table.c[name].type) for name, value in lane_values.items()]
    source = select(moved.c.bot_id, literal(chat_id, table.c.chat_id.type), *cells)
    lane = insert(tables.Lane).from_select(names, source)
    updated = {name: lane.excluded[name] for name in lane_values}
    statement = lane.on_conflict_do_update(
        index_elements=[tables.Lane.bot_id, tables.Lane.chat_id], set_=updated
    ).returning(tables.Lane.bot_id)
    return await session.scalar(statement) is not None


def _outage(row: tables.BotBudget | tables.Lane) -> Outage | None:
    if row.out_since is None:
        return None
    retry_at = _seconds(row.retry_at)
    return Outage(since=_seconds(row.out_since), retry_at=retry_at, failures=row.failures, reason=row.reason or "")


def _outage_values(outage: Outage | None) -> dict[str, Any]:
    if outage is None:
        return {"out_since": None, "retry_at": None, "failures": 0, "reason": None}
    since, retry_at = _moment(outage.since), _moment(outage.retry_at)
    return {"out_since": since, "retry_at": retry_at, "failures": outage.failures, "reason": outage.reason}


def _seconds(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
