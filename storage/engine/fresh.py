"""Parts that are recorded this moment go on their way at once: what a job would read is still in memory.

Where a lane is free, a part is recorded as on its way, with its intent, in one transaction; after the commit it is
sent. Where none is, or something older waits, it gets its job. What a kill leaves behind is found as ever: by its
intent, or by the sweep.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import PartState, Purpose
from storage.engine.captions import Facts
from storage.engine.channels import open_channels
from storage.engine.claiming import Claim, note_intents
from storage.engine.ship_work import ShipDesk, ShipWork
from storage.engine.shipping import Shipper
from storage.jobs import GRACE, NORMAL, Later
from storage.ports import LaneKey, Urgency, Wish
from storage.tables import Channel, Media, Part
from storage.tables.many import ForRows, Row, insert_of
from storage.wakeups import wake_shipper, wake_shippers

_MOST = 200
"""Parts under way, or waiting for one of the shipper's places: more wait as jobs."""

_NEW = Part.__table__.c
_PARTS = ForRows(Part, lambda new: insert_of(Part, new).returning(_NEW.id, _NEW.media_key, _NEW.index))

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

    def __init__(self, *, sessions: Sessions, shipper: Shipper, desk: ShipDesk, clock: Clock) -> None:
        self._sessions = sessions
        self._shipper = shipper
        self._desk = desk
        self._clock = clock
        self._shipping: set[asyncio.Task[None]] = set()
        self._running = False
        self._queue_until = 0.0
        self._chats: dict[Purpose, Sequence[int]] = {}
        """The open channels when a part was recorded last: where a place is asked for before they are read again."""

    @asynccontextmanager
    async def place(self, purpose: Purpose, size: int, *, prefer: int | None = None) -> AsyncIterator[Place]:
        """For a part that is about to be recorded: a place, where one is free this moment. ``prefer``: see `Wish`.

        The departure that is noted in it by the end begins then: its transaction has committed.
        """
        place = Place(await self._lane(purpose, size, prefer))
        try:
            yield place
        finally:
            if place.lane is not None and place.departure is None:
                self._shipper.sender.unused(place.lane)
        if place.departure is not None:
            task = asyncio.create_task(self._ship(place.departure))
            self._shipping.add(task)
            task.add_done_callback(self._shipping.discard)

    async def _lane(self, purpose: Purpose, size: int, prefer: int | None) -> LaneKey | None:
        is_open = (
            self._running and len(self._shipping) < _MOST and asyncio.get_running_loop().time() > self._queue_until
        )
        if not is_open or not self._chats.get(purpose):
            return None
        wish = Wish(chat_ids=self._chats[purpose], urgency=Urgency.UPLOAD, size=size, prefer=prefer)
        return await self._shipper.sender.reserve_now(wish)

    async def record(self, session: AsyncSession, parts: Sequence[NewPart]) -> Sequence[Departure | None]:
        """Insert parts of one node: those with a place as departing, where its channel still takes them.

        All others get jobs. There is at least one. Raises `ChannelNotBound`.
        """
        channels: dict[Purpose, Mapping[int, Channel]] = {}
        for purpose in {part.row["purpose"] for part in parts}:
            there = await open_channels(session, purpose, self._desk.channel_most)
            channels[purpose] = {channel.chat_id: channel for channel in there}
            self._chats[purpose] = [*channels[purpose]]
        going = [part.lane is not None and part.lane.chat_id in channels[part.row["purpose"]] for part in parts]
        rows = [
            {**part.row, "state": PartState.SHIPPING, "attempt": 1} if goes else part.row
            for part, goes in zip(parts, going, strict=True)
        ]
        recorded = await record_parts(session, parts, rows)
        departures = await self._departures(session, [*zip(parts, recorded, going, strict=True)], channels)
        left = [part.id for part, goes in zip(recorded, going, strict=True) if not goes]
        await wake_shippers(session, rows[0]["node"], left, priority=NORMAL)
        return departures

    async def _departures(
        self,
        session: AsyncSession,
        parts: Sequence[tuple[NewPart, Part, bool]],
        channels: Mapping[Purpose, Mapping[int, Channel]],
    ) -> Sequence[Departure | None]:
        claims = [Claim(part=part, lane=new.lane) for new, part, goes in parts if goes and new.lane is not None]
        heads = {chat_id: channel.head_message_id for there in channels.values() for chat_id, channel in there.items()}
        node, now, ones = parts[0][1].node, self._clock.now(), [1] * len(claims)
        ids = iter(await note_intents(session, claims, ones, heads, node=node, now=now) if claims else ())
        return [
            Departure(
                work=self._desk.of_new(part, new.media, new.facts, [*channels[part.purpose]]),
                lane=new.lane,
                intent_id=next(ids),
            )
            if goes and new.lane is not None
            else None
            for new, part, goes in parts
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


async def record_parts(
    session: AsyncSession, parts: Sequence[NewPart], rows: Sequence[Row] | None = None
) -> Sequence[Part]:
    """Insert parts, as their rows say or as ``rows`` do. They are returned as they said, and are of no session."""
    rows = [part.row for part in parts] if rows is None else rows
    made = await _PARTS.run(session, rows)
    ids = {(row.media_key, row.index): row.id for row in made}
    return [Part(**part.row, id=ids[part.row["media_key"], part.row["index"]]) for part in parts]
