"""Parts that are recorded, or looked at, this moment go on their way at once: what a job would read is in memory.

Where a lane is free, a part is recorded as on its way, with its intent, in one transaction; after the commit it is
sent. Where none is, or something older waits, it gets its job. What a kill leaves behind is found as ever: by its
intent, or by the sweep.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import CTE, Executable, Select, TableValuedAlias, null, select, update
from sqlalchemy import Row as SqlRow
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import PartState, Purpose
from storage.engine.captions import Facts
from storage.engine.channels import Bound, open_channels
from storage.engine.claiming import Claim, intent_row, note_intents
from storage.engine.ship_work import ShipDesk, ShipWork
from storage.engine.shipping import Shipper
from storage.errors import ChannelNotBound
from storage.jobs import GRACE, NORMAL, Later
from storage.ports import LaneKey, Urgency, Wish
from storage.tables import Intent, Media, Part
from storage.tables.many import ForSets, Row, among_these, bare, insert_of
from storage.wakeups import wake_shipper, wake_shippers

_MOST = 200
"""Parts under way, or waiting for one of the shipper's places: more wait as jobs."""

_Channels = Mapping[Purpose, Mapping[int, Bound]]
"""The open ones of each purpose, by their ids."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPart:
    """A part that is to be recorded: its ``row``, what its message says, and the lane in which it has a place, if any.

    ``media`` is None before the acknowledgement, at which it may come into being in the same statement.
    """

    row: Row
    facts: Facts
    media: Media | None
    lane: LaneKey | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownPart:
    """A part that has its row, and what its message says. Neither it nor ``media`` is of a session."""

    part: Part
    facts: Facts
    media: Media | None
    lane: LaneKey | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """A part that was recorded as on its way."""

    work: ShipWork
    lane: LaneKey
    intent_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What becomes of new parts of one node: those with a lane depart, the others get jobs.

    ``channels`` are those of each purpose, as they were before.
    """

    parts: Sequence[NewPart]
    channels: _Channels
    now: datetime

    @property
    def part_rows(self) -> list[Row]:
        departs = {"state": PartState.SHIPPING, "attempt": 1}
        return [part.row if part.lane is None else {**part.row, **departs} for part in self.parts]

    @property
    def intent_rows(self) -> list[Row]:
        """Of those that depart."""
        heads = _heads(self.channels)
        return [
            intent_row(row["media_key"], row["index"], 1, part.lane, heads, node=row["node"], now=self.now)
            for part, row in ((part, part.row) for part in self.parts)
            if part.lane is not None
        ]


@dataclass(slots=True)
class Place:
    """Where a part may go at once; ``lane`` None: nowhere. ``departure`` is noted by who recorded the part."""

    lane: LaneKey | None
    departure: Departure | None = None


class FreshParts:
    """Ships parts without a job, unless older ones wait for a lane: they must not overtake."""

    def __init__(self, *, sessions: Sessions, shipper: Shipper, desk: ShipDesk, clock: Clock, node: str) -> None:
        self._sessions = sessions
        self._shipper = shipper
        self._desk = desk
        self._clock = clock
        self._node = node
        self._shipping: set[asyncio.Task[None]] = set()
        self._running = False
        self._queue_until = 0.0
        self._chats: dict[Purpose, Sequence[int]] = {}
        """The open channels when a part was recorded last: where a place is asked for before they are read again."""

    def place(self, purpose: Purpose, size: int, *, prefer: int | None = None) -> AbstractAsyncContextManager[Place]:
        """For a part that is about to be recorded: a place, where one is free this moment. ``prefer``: see `Wish`.

        The departure that is noted in it by the end begins then: its transaction has committed.
        """
        chat_ids = self._chats.get(purpose, ())
        return self._place(Wish(chat_ids=chat_ids, urgency=Urgency.UPLOAD, size=size, prefer=prefer))

    def place_of(self, part: Part) -> AbstractAsyncContextManager[Place]:
        """The same for a part that somebody sent to a bot, and that is copied from their chat."""
        return self._place(self._desk.wish_of_copy(part, self._chats.get(part.purpose, ())))

    @asynccontextmanager
    async def _place(self, wish: Wish) -> AsyncIterator[Place]:
        place = Place(await self._shipper.sender.reserve_now(wish) if wish.chat_ids and self._is_open else None)
        try:
            yield place
        finally:
            if place.lane is not None and place.departure is None:
                self._shipper.sender.unused(place.lane)
        if place.departure is not None and self._running:  # at the end of the process its intent is left to the next
            task = asyncio.create_task(self._ship(place.departure))
            self._shipping.add(task)
            task.add_done_callback(self._shipping.discard)

    @property
    def _is_open(self) -> bool:
        is_quiet = asyncio.get_running_loop().time() > self._queue_until
        return self._running and is_quiet and len(self._shipping) < _MOST

    async def plan(self, session: AsyncSession, parts: Sequence[NewPart]) -> Plan:
        """Parts with a place depart where its channel still takes them. Nothing is written yet.

        There is at least one. Raises `ChannelNotBound`.
        """
        channels = await self._open(session, (part.row["purpose"] for part in parts))
        planned = [replace(part, lane=_in(part.lane, channels[part.row["purpose"]])) for part in parts]
        return Plan(parts=planned, channels=channels, now=self._clock.now())

    async def carry_out(
        self, session: AsyncSession, plan: Plan, made: Iterable[SqlRow[Any]]
    ) -> Sequence[Departure | None]:
        """The parts were ``made`` as planned, in any order, see `beside_intents`: which depart. The others get jobs."""
        rows = {(row.media_key, row.part_index): row for row in made}
        theirs = [(part, rows[part.row["media_key"], part.row["index"]]) for part in plan.parts]
        left = [row.part_id for part, row in theirs if part.lane is None]
        await wake_shippers(session, plan.parts[0].row["node"], left, priority=NORMAL)
        return [None if part.lane is None else self._departure(plan, part, part.lane, row) for part, row in theirs]

    def _departure(self, plan: Plan, new: NewPart, lane: LaneKey, made: SqlRow[Any]) -> Departure:
        part = Part(**{**new.row, "media_id": made.media_id}, id=made.part_id)
        work = self._desk.of_known(part, new.media, new.facts, [*plan.channels[part.purpose]])
        return Departure(work=work, lane=lane, intent_id=made.intent_id)

    async def record(self, session: AsyncSession, parts: Sequence[NewPart]) -> Sequence[Departure | None]:
        """Insert parts, departing where they can, else with jobs. There is one at least. Raises `ChannelNotBound`."""
        plan = await self.plan(session, parts)
        made = await _RECORDED.run(session, parts=plan.part_rows, intents=plan.intent_rows)
        return await self.carry_out(session, plan, made)

    async def send_off(self, session: AsyncSession, parts: Sequence[KnownPart]) -> Sequence[Departure | None]:
        """Have parts depart that are spooled, and locked by this transaction; all others are left to the caller.

        There is at least one.
        """
        try:
            channels = await self._open(session, (one.part.purpose for one in parts))
        except ChannelNotBound:
            return [None] * len(parts)
        parts = [replace(one, lane=_in(one.lane, channels[one.part.purpose])) for one in parts]
        claims = [Claim(part=one.part, lane=one.lane) for one in parts if one.lane is not None]
        if not claims:
            return [None] * len(parts)
        await session.execute(_LEAVE, {"ids": [claim.part.id for claim in claims]})
        tries = [claim.part.attempt + 1 for claim in claims]
        ids = iter(await note_intents(session, claims, tries, _heads(channels), node=self._node, now=self._clock.now()))
        return [
            None
            if one.lane is None
            else Departure(
                work=self._desk.of_known(one.part, one.media, one.facts, [*channels[one.part.purpose]]),
                lane=one.lane,
                intent_id=next(ids),
            )
            for one in parts
        ]

    async def _open(self, session: AsyncSession, purposes: Iterable[Purpose]) -> _Channels:
        channels = {}
        for purpose in {*purposes}:
            there = await open_channels(session, purpose, self._desk.channel_most)
            channels[purpose] = {channel.chat_id: channel for channel in there}
            self._chats[purpose] = [*channels[purpose]]
        return channels

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open while this lasts. What is under way at its end gets a moment, as jobs do."""
        self._running = True
        try:
            yield
        finally:
            self._running = False
            if self._shipping:
                _, left = await asyncio.wait(self._shipping, timeout=GRACE)
                for task in left:
                    task.cancel()
                if left:
                    await asyncio.wait(left)

    async def _ship(self, departure: Departure) -> None:
        try:
            try:
                await self._shipper.ship(departure.work, departure.lane, departure.intent_id)
            except Later as later:
                self._queue_until = asyncio.get_running_loop().time() + later.delay
                async with self._sessions.begin() as session:
                    await wake_shipper(session, departure.work.part, delay=later.delay)
        except Exception:
            log.exception("part_not_shipped", part_id=departure.work.part.id)  # the sweep wakes it again


def _heads(channels: _Channels) -> dict[int, int]:
    """The greatest message ids that are known in them."""
    return {chat_id: one.head_message_id for there in channels.values() for chat_id, one in there.items()}


def _in(lane: LaneKey | None, channels: Mapping[int, Bound]) -> LaneKey | None:
    """The lane, where its channel takes messages still."""
    return lane if lane is not None and lane.chat_id in channels else None


_I, _P = (bare(table).c for table in (Intent, Part))
_LEAVE = update(bare(Part)).where(among_these(_P.id)).values(state=PartState.SHIPPING, attempt=_P.attempt + 1)
MADE = _P.id, _P.media_key, _P.media_id, _P.index.label("part_index")
"""What an insert of parts returns for `beside_intents`."""


def beside_intents(parts: CTE, intents: TableValuedAlias | None) -> Select[*tuple[Any, ...]]:
    """Of inserted parts what they are and the ids of their intents, which are inserted too."""
    told = parts.c.media_key, parts.c.media_id, parts.c.part_index, parts.c.id.label("part_id")
    if intents is None:
        return select(*told, null().label("intent_id"))
    begun = insert_of(Intent, intents).returning(_I.id, _I.media_key, _I.part_index).cte("begun")
    same = (begun.c.media_key == parts.c.media_key) & (begun.c.part_index == parts.c.part_index)
    return select(*told, begun.c.id.label("intent_id")).outerjoin(begun, same)


def _recorded(*, parts: TableValuedAlias, intents: TableValuedAlias | None = None) -> Executable:
    return beside_intents(insert_of(Part, parts).returning(*MADE).cte("recorded"), intents)


_RECORDED = ForSets(_recorded, {"parts": Part, "intents": Intent})
