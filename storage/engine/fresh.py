"""Parts that are recorded, or looked at, this moment go on their way at once: what a job would read is in memory.

Where a lane is free, a part is recorded as on its way, with its intent, in one transaction; after the commit it is
sent. Where none is, or something older waits, it gets its job. What a kill leaves behind is found as ever: by its
intent, or by the sweep.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import PartState, Purpose
from storage.engine.captions import Facts
from storage.engine.channels import open_channels
from storage.engine.claiming import Claim, note_intents
from storage.engine.ship_work import ShipDesk, ShipWork
from storage.engine.shipping import Shipper
from storage.errors import ChannelNotBound
from storage.jobs import GRACE, NORMAL, Later
from storage.ports import LaneKey, Urgency, Wish
from storage.tables import Channel, Media, Part
from storage.tables.many import ForRows, Row, among_these, bare, insert_of
from storage.wakeups import wake_shipper, wake_shippers

_MOST = 200
"""Parts under way, or waiting for one of the shipper's places: more wait as jobs."""

_NEW = bare(Part).c
_PARTS = ForRows(Part, lambda new: insert_of(Part, new).returning(_NEW.id, _NEW.media_key, _NEW.index))
_LEAVE = update(bare(Part)).where(among_these(_NEW.id)).values(state=PartState.SHIPPING, attempt=_NEW.attempt + 1)
_Channels = Mapping[Purpose, Mapping[int, Channel]]
"""The open ones, by their ids."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPart:
    """A part that is to be recorded: its ``row``, what its message says, and the lane in which it has a place, if any.

    ``media`` is None before the acknowledgement.
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
        if place.departure is not None:
            task = asyncio.create_task(self._ship(place.departure))
            self._shipping.add(task)
            task.add_done_callback(self._shipping.discard)

    @property
    def _is_open(self) -> bool:
        is_quiet = asyncio.get_running_loop().time() > self._queue_until
        return self._running and is_quiet and len(self._shipping) < _MOST

    async def record(self, session: AsyncSession, parts: Sequence[NewPart]) -> Sequence[Departure | None]:
        """Insert parts of one node: those with a place as departing, where its channel still takes them.

        All others get jobs. There is at least one. Raises `ChannelNotBound`.
        """
        channels = await self._open(session, (part.row["purpose"] for part in parts))
        parts = [replace(part, lane=_in(part.lane, channels[part.row["purpose"]])) for part in parts]
        rows = [
            part.row if part.lane is None else {**part.row, "state": PartState.SHIPPING, "attempt": 1} for part in parts
        ]
        recorded = await record_parts(session, parts, rows)
        known = [
            KnownPart(part=part, facts=new.facts, media=new.media, lane=new.lane)
            for part, new in zip(recorded, parts, strict=True)
        ]
        departures = await self._departures(session, known, channels)
        left = [one.part.id for one in known if one.lane is None]
        await wake_shippers(session, rows[0]["node"], left, priority=NORMAL)
        return departures

    async def send_off(self, session: AsyncSession, parts: Sequence[KnownPart]) -> Sequence[Departure | None]:
        """Have parts depart that are spooled, and locked by this transaction; all others are left to the caller.

        There is at least one.
        """
        try:
            channels = await self._open(session, (one.part.purpose for one in parts))
        except ChannelNotBound:
            return [None] * len(parts)
        parts = [replace(one, lane=_in(one.lane, channels[one.part.purpose])) for one in parts]
        leaving = [one.part.id for one in parts if one.lane is not None]
        if leaving:
            await session.execute(_LEAVE, {"ids": leaving})
        return await self._departures(session, parts, channels)

    async def _open(self, session: AsyncSession, purposes: Iterable[Purpose]) -> _Channels:
        channels = {}
        for purpose in {*purposes}:
            there = await open_channels(session, purpose, self._desk.channel_most)
            channels[purpose] = {channel.chat_id: channel for channel in there}
            self._chats[purpose] = [*channels[purpose]]
        return channels

    async def _departures(
        self, session: AsyncSession, parts: Sequence[KnownPart], channels: _Channels
    ) -> Sequence[Departure | None]:
        claims = [Claim(part=one.part, lane=one.lane) for one in parts if one.lane is not None]
        if not claims:
            return [None] * len(parts)
        heads = {chat_id: channel.head_message_id for there in channels.values() for chat_id, channel in there.items()}
        tries = [claim.part.attempt + 1 for claim in claims]
        ids = iter(await note_intents(session, claims, tries, heads, node=self._node, now=self._clock.now()))
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


def _in(lane: LaneKey | None, channels: Mapping[int, Channel]) -> LaneKey | None:
    """The lane, where its channel takes messages still."""
    return lane if lane is not None and lane.chat_id in channels else None


async def record_parts(
    session: AsyncSession, parts: Sequence[NewPart], rows: Sequence[Row] | None = None
) -> Sequence[Part]:
    """Insert parts, as their rows say or as ``rows`` do. They are returned as they said, and are of no session."""
    rows = [part.row for part in parts] if rows is None else rows
    made = await _PARTS.run(session, rows)
    ids = {(row.media_key, row.index): row.id for row in made}
    return [Part(**part.row, id=ids[part.row["media_key"], part.row["index"]]) for part in parts]
