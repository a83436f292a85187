"""Shipping: a part goes into its channel, effectively once.

::

    spooled ──claim: intent committed──▶ shipping ──answer──▶ stored
       ▲                                    │
       ├── refused, flood: no effect ───────┤
       └── searched, not there ◀── outcome unknown: `storage.engine.reconciling`

A job names a part, or many. Each takes the lane that is free first: whichever bot into whichever channel of its
purpose. Then its row is claimed by compare-and-set and its intent committed (`storage.engine.claiming`), it is sent,
and settled; what many do at the same time is one transaction (`Together`). A lane that turns out to be dead refuses
without an effect, and the part goes to another one at once.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import UNHURRIED, Sessions, Together
from storage.engine import reconciling
from storage.engine.arriving import Arrival
from storage.engine.captions import caption, part_filename
from storage.engine.channels import raise_head
from storage.engine.claiming import Claim, claim_parts, leave_open, release_part
from storage.engine.losing import LostBytes
from storage.engine.settling import parts_stored
from storage.engine.ship_work import ShipDesk, ShipWork
from storage.engine.strays import cast_off
from storage.errors import CallRefused, ChannelNotBound, ChannelUnavailable, OutcomeUnknown, Postponed
from storage.intake.progress import Landed, ProgressBoard
from storage.jobs import Later, each, named
from storage.mirror.keeping import SpoolKeeper
from storage.ports import Copy, LaneKey, PartSender, Sent, Shipment
from storage.previews import Thumbnail, ThumbnailMaker
from storage.spool import Spool
from storage.tables import Intent, Media

log = structlog.get_logger(__name__)

_RETRY_DELAYS = (1.0, 5.0, 15.0, 60.0, 300.0)
_NO_CHANNEL_DELAY = 60.0
_LEFT_BEHIND_SECONDS = 60.0
_SENDS_AT_ONCE = 32
"""Of one process: as many parts whose bytes we send wait for Telegram, or for their lanes."""

_READ_AT_ONCE = 64
"""As many parts of jobs have been read. Copies, which hold no bytes, need no other place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Settled:
    """An answer that is to be noted, with the size of a picture that was measured on the way."""

    arrival: Arrival
    media_id: int | None
    thumbnail: Thumbnail | None


class Shipper:
    """Handles the ship jobs of one node."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        spool: Spool,
        sender: PartSender,
        desk: ShipDesk,
        board: ProgressBoard,
        thumbnails: ThumbnailMaker,
        losses: LostBytes,
        keeper: SpoolKeeper,
        clock: Clock,
        node: str,
    ) -> None:
        self._sessions = sessions
        self._spool = spool
        self.sender = sender
        self._board = board
        self._thumbnails = thumbnails
        self._losses = losses
        self._keeper = keeper
        self._clock = clock
        self._node = node
        self._in_flight: dict[int, int] = {}
        self._places = asyncio.Semaphore(_SENDS_AT_ONCE)
        self._known = asyncio.Semaphore(_READ_AT_ONCE)
        self._read = Together(sessions, desk.read, row=int, linger=UNHURRIED)
        self._claim = Together(sessions, self._claim_some, row=lambda claim: claim.part.id)
        self._settle = Together(sessions, self._settle_some, row=lambda settled: settled.arrival.part_id)

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job: ship the parts unless that is done or under way. Raises `Later` to be woken again."""
        await each(named(payload, "part"), self._ship_when_free)

    async def ship(self, work: ShipWork, lane: LaneKey, intent_id: int) -> None:
        """Ship a part that is shipping already, by its intent in the lane. Raises `Later` where that cannot be now."""
        self._in_flight[id(work)] = intent_id
        try:
            async with self._place_for(work):
                await self._ship(work, lane, intent_id, await self._thumbnail(work))
        finally:
            del self._in_flight[id(work)]

    async def _ship_when_free(self, part_id: int) -> None:
        async with self._known:
            work = await self._read(part_id)
            if isinstance(work, ChannelNotBound):
                raise Later(_NO_CHANNEL_DELAY, work.code) from work
            if work is None:
                return
            async with self._place_for(work):
                if await self._losses.intact(work.part):
                    await self._ship_work(work)

    def _place_for(self, work: ShipWork) -> AbstractAsyncContextManager[object]:
        return self._places if work.part.origin == "spool" else nullcontext()

    async def _ship_work(self, work: ShipWork) -> None:
        thumbnail = await self._thumbnail(work)
        try:
            lane = await self.sender.reserve(work.wish)
        except Postponed as wait:
            raise Later(wait.retry_after, wait.code) from wait
        claim = Claim(part=work.part, lane=lane)
        try:
            intent_id = await self._claimed(claim)
            await self._ship(work, lane, intent_id, thumbnail)
        finally:
            self._in_flight.pop(id(claim), None)

    async def _claimed(self, claim: Claim) -> int:
        """The claim's intent. Raises `Later` where there is none: the place in the lane is not used then."""
        intent_id = None
        try:
            intent_id = await self._claim(claim)
        finally:
            if intent_id is None:
                self.sender.unused(claim.lane)
        if intent_id is None:
            raise Later(0, "the part changed meanwhile")
        return intent_id

    async def sweep(self) -> None:
        """Intents of sends that ended without a word, as where the database was away: their outcome is unknown."""
        before = self._clock.now() - timedelta(seconds=_LEFT_BEHIND_SECONDS)
        left = Intent.running & (Intent.node == self._node) & (Intent.settle_at < before) & (Intent.part_index >= 0)
        left &= Intent.copy_id.is_(None)
        settle_at = self._clock.now() + timedelta(seconds=reconciling.SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            await session.execute(
                update(Intent)
                .where(left, Intent.id.not_in(self._in_flight.values()))
                .values(running=False, settle_at=settle_at)
            )

    async def _ship(self, work: ShipWork, lane: LaneKey, intent_id: int, thumbnail: Thumbnail | None) -> None:
        try:
            sent = await self.sender.send(lane, self._what(work, lane, thumbnail))
        except (Postponed, ChannelUnavailable) as error:
            # This lane takes nothing at present; which one does, `reserve` knows.
            await self._release(work, intent_id, 0)
            raise Later(0, error.code) from error
        except CallRefused as error:
            delay = _RETRY_DELAYS[min(work.part.attempt, len(_RETRY_DELAYS) - 1)]
            log.warning("part_refused", part_id=work.part.id, error=str(error), retry_in=delay)
            await self._release(work, intent_id, delay)
            raise Later(delay, error.code) from error
        except (OutcomeUnknown, OSError) as error:
            log.warning("send_outcome_unknown", part_id=work.part.id, bot_id=lane.bot_id, error=str(error))
            async with self._sessions.begin() as session:
                await leave_open(session, lane.chat_id, intent_id, self._clock.now())
            return
        if sent.file_size is not None and sent.file_size != work.part.size:
            await self._settle_wrong_size(work, lane, intent_id, sent)
        else:
            await self._arrived(work, lane, intent_id, sent, thumbnail)

    async def _claim_some(self, session: AsyncSession, claims: Sequence[Claim]) -> Sequence[int | None]:
        """Their ids are among those in flight before the commit, so that no sweep takes them for left behind.

        By their claims, which end whether or not anybody hears of the commit.
        """
        ids = await claim_parts(session, claims, node=self._node, now=self._clock.now())
        made = zip(claims, ids, strict=True)
        self._in_flight.update({id(claim): intent_id for claim, intent_id in made if intent_id is not None})
        return ids

    async def _release(self, work: ShipWork, intent_id: int, delay: float) -> None:
        async with self._sessions.begin() as session:
            await release_part(session, work.part.id, intent_id, self._clock.now() + timedelta(seconds=delay))

    async def _arrived(
        self, work: ShipWork, lane: LaneKey, intent_id: int, sent: Sent, thumbnail: Thumbnail | None
    ) -> None:
        part = work.part
        arrival = Arrival(
            part_id=part.id,
            chat_id=lane.chat_id,
            bot_id=lane.bot_id,
            sent=sent,
            caption=work.facts.digest,
            intent_id=intent_id,
        )
        settled = _Settled(arrival=arrival, media_id=part.media_id, thumbnail=thumbnail)
        if not await self._settle(settled):
            return
        if part.origin == "spool":
            await self._keeper.keep_spooled(part, self._spool.path(part.media_key, part.index))
            await self._spool.remove(part.media_key, [part.index])
        landed = Landed(
            chat_id=lane.chat_id,
            message_id=sent.message_id,
            file_id=sent.file_id,
            width=None if thumbnail is None else thumbnail.source_width,
            height=None if thumbnail is None else thumbnail.source_height,
        )
        self._board.part_stored(part.media_key, part.index, part.size or 0, landed)
        log.info("part_stored", part_id=part.id, media_id=part.media_id, message_id=sent.message_id)

    async def _settle_some(self, session: AsyncSession, settled: Sequence[_Settled]) -> Sequence[bool]:
        """False for a part that nobody owns any more."""
        owned = await parts_stored(session, [one.arrival for one in settled], now=self._clock.now())
        for one in settled:
            if one.thumbnail is not None and one.media_id is not None and one.arrival.part_id in owned:
                size = {"width": one.thumbnail.source_width, "height": one.thumbnail.source_height, "measured": True}
                await session.execute(update(Media).where(Media.id == one.media_id).values(**size))
        return [one.arrival.part_id in owned for one in settled]

    async def _settle_wrong_size(self, work: ShipWork, lane: LaneKey, intent_id: int, sent: Sent) -> None:
        """What Telegram says it got is not what was sent: give the message up and send again."""
        log.warning("part_arrived_damaged", part_id=work.part.id, size=work.part.size, arrived=sent.file_size)
        async with self._sessions.begin() as session:
            await raise_head(session, lane.chat_id, sent.message_id, posted=1)
            await cast_off(session, [(lane.chat_id, sent.message_id)])
        delay = _RETRY_DELAYS[min(work.part.attempt, len(_RETRY_DELAYS) - 1)]
        await self._release(work, intent_id, delay)
        raise Later(delay, "part_arrived_damaged")

    async def _thumbnail(self, work: ShipWork) -> Thumbnail | None:
        part = work.part
        if part.origin != "spool" or part.index or not part.last or not work.facts.content_type.startswith("image/"):
            return None
        return await self._thumbnails.jpeg_thumbnail(self._spool.path(part.media_key, 0), work.facts.content_type)

    def _what(self, work: ShipWork, lane: LaneKey, thumbnail: Thumbnail | None) -> Shipment | Copy:
        part, text = work.part, caption(work.facts, work.manifest)
        own_file = part.source_bot_id in (None, lane.bot_id)
        if part.origin == "telegram":
            return Copy(
                from_chat_id=part.source_chat_id,
                message_id=part.source_message_id,
                caption=text,
                file_id=part.source_file_id if own_file else None,
                file_type=work.kind,
            )
        assert part.size is not None
        path, size = self._spool.path(part.media_key, part.index), part.size
        return Shipment(
            open_stream=lambda: self._spool.stream(path, size),
            size=size,
            filename=part_filename(work.facts.filename, part.index, single=part.last and part.index == 0),
            caption=text,
            thumbnail=None if thumbnail is None else thumbnail.data,
            path=path,
        )
