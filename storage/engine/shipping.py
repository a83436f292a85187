"""Shipping: a part goes into its channel, effectively once.

::

    spooled ──claim: intent committed──▶ shipping ──answer──▶ stored
       ▲                                    │
       ├── refused, flood: no effect ───────┤
       └── searched, not there ◀── outcome unknown: `storage.engine.reconciling`

A job names a part, and takes the lane that is free first: whichever bot into whichever channel of its purpose. Then it
claims the row by compare-and-set, so that two jobs never send the same part. The intent names the lane and says which
message ids were known in its channel before the send: whatever a lost answer left behind has a greater one. A lane that
turns out to be dead refuses without an effect, and the part goes to another one at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import FileType, PartState
from storage.engine.captions import Facts, Manifest, caption, part_filename
from storage.engine.channels import open_channels, raise_head
from storage.engine.facts import kind_in_channel, media_facts, part_manifest
from storage.engine.losing import LostBytes
from storage.engine.reconciling import SETTLE_SECONDS
from storage.engine.settling import part_stored
from storage.engine.strays import cast_off
from storage.errors import CallRefused, ChannelNotBound, ChannelUnavailable, OutcomeUnknown, Postponed
from storage.intake.progress import ProgressBoard
from storage.jobs import Later
from storage.mirror.keeping import SpoolKeeper
from storage.ports import Copy, LaneKey, PartSender, Sent, Shipment, Urgency, Wish
from storage.previews import Thumbnail, ThumbnailMaker
from storage.spool import Spool
from storage.tables import Channel, Intent, Media, Part, Upload
from storage.wakeups import wake_reconciler

log = structlog.get_logger(__name__)

_RETRY_DELAYS = (1.0, 5.0, 15.0, 60.0, 300.0)
_NO_CHANNEL_DELAY = 60.0
_LEFT_BEHIND_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """Everything a send needs, read in one go; no session is open while it is sent."""

    part: Part
    facts: Facts
    manifest: Manifest
    kind: FileType
    wish: Wish


class Shipper:
    """Handles the ship jobs of one node. ``channel_most``: messages a channel gets before the next one takes over."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        spool: Spool,
        sender: PartSender,
        first_bot: int,
        board: ProgressBoard,
        thumbnails: ThumbnailMaker,
        losses: LostBytes,
        keeper: SpoolKeeper,
        clock: Clock,
        node: str,
        channel_most: int,
    ) -> None:
        self._sessions = sessions
        self._spool = spool
        self._sender = sender
        self._first_bot = first_bot
        self._board = board
        self._thumbnails = thumbnails
        self._losses = losses
        self._keeper = keeper
        self._clock = clock
        self._node = node
        self._channel_most = channel_most
        self._in_flight: set[int] = set()

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: ship the part unless that is done or under way. Raises `Later` to be woken again."""
        try:
            work = await self._prepare(payload["part"])
        except ChannelNotBound as error:
            raise Later(_NO_CHANNEL_DELAY, error.code) from error
        if work is None or not await self._losses.intact(work.part):
            return
        thumbnail = await self._thumbnail(work)
        try:
            lane = await self._sender.reserve(work.wish)
        except Postponed as wait:
            raise Later(wait.retry_after, wait.code) from wait
        intent_id = await self._claim(work, lane)
        if intent_id is None:
            raise Later(0, "the part changed meanwhile")
        try:
            await self._ship(work, lane, intent_id, thumbnail)
        finally:
            self._in_flight.discard(intent_id)

    async def sweep(self) -> None:
        """Intents of sends that ended without a word, as where the database was away: their outcome is unknown."""
        before = self._clock.now() - timedelta(seconds=_LEFT_BEHIND_SECONDS)
        left = Intent.running & (Intent.node == self._node) & (Intent.settle_at < before) & (Intent.part_index >= 0)
        left &= Intent.copy_id.is_(None)
        settle_at = self._clock.now() + timedelta(seconds=SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            await session.execute(
                update(Intent).where(left, Intent.id.not_in(self._in_flight)).values(running=False, settle_at=settle_at)
            )

    async def _ship(self, work: _Work, lane: LaneKey, intent_id: int, thumbnail: Thumbnail | None) -> None:
        try:
            sent = await self._sender.send(lane, self._what(work, lane, thumbnail))
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
            await self._leave_open(lane, intent_id)
            return
        await self._settle(work, lane, intent_id, sent, thumbnail)

    async def _prepare(self, part_id: int) -> _Work | None:
        async with self._sessions.begin() as session:
            part = await session.get(Part, part_id)
            if part is None or part.state is not PartState.SPOOLED:
                return None
            channels = await open_channels(session, part.purpose, self._channel_most)
            media = None if part.media_id is None else await session.get(Media, part.media_id)
            facts = await self._facts(session, part, media)
            if facts is None:
                return None
            return _Work(
                part=part,
                facts=facts,
                manifest=part_manifest(part, media),
                kind=kind_in_channel(media),
                wish=await self._wish(session, part, [channel.chat_id for channel in channels]),
            )

    async def _wish(self, session: AsyncSession, part: Part, chat_ids: Sequence[int]) -> Wish:
        """Parts of one file are kept together where that costs nothing: people may want to join them."""
        together = select(Part.chat_id).where(Part.media_key == part.media_key, Part.chat_id.is_not(None)).limit(1)
        prefer = await session.scalar(together)
        if part.origin == "spool":
            return Wish(chat_ids=chat_ids, urgency=Urgency.UPLOAD, size=part.size or 0, prefer=prefer)
        ours = select(Channel.id).where(Channel.chat_id == part.source_chat_id)
        if part.source_message_id is not None and await session.scalar(ours) is not None:
            return Wish(chat_ids=chat_ids, urgency=Urgency.BULK, prefer=prefer)
        # What somebody sent to a bot is seen by this bot only.
        bot_ids = (part.source_bot_id or self._first_bot,)
        return Wish(chat_ids=chat_ids, urgency=Urgency.PERSON, bot_ids=bot_ids, prefer=prefer)

    async def _facts(self, session: AsyncSession, part: Part, media: Media | None) -> Facts | None:
        if media is not None:
            return await media_facts(session, media)
        upload = await session.get(Upload, part.upload_id)
        return None if upload is None else Facts.from_json(upload.details)

    async def _claim(self, work: _Work, lane: LaneKey) -> int | None:
        """Commit the intent; None where the part is not spooled any more, or belongs into another channel now.

        Its id is among those in flight before the commit, so that no sweep takes it for one that was left behind.
        """
        async with self._sessions.begin() as session:
            claimed = await session.scalar(
                update(Part)
                .where(Part.id == work.part.id, Part.state == PartState.SPOOLED, Part.purpose == work.part.purpose)
                .values(state=PartState.SHIPPING, attempt=Part.attempt + 1)
                .returning(Part.attempt)
            )
            if claimed is None:
                return None
            head = await session.scalar(select(Channel.head_message_id).where(Channel.chat_id == lane.chat_id))
            intent = Intent(
                media_key=work.part.media_key,
                part_index=work.part.index,
                attempt=claimed,
                bot_id=lane.bot_id,
                chat_id=lane.chat_id,
                after_message_id=head or 0,
                node=self._node,
                settle_at=self._clock.now(),
            )
            session.add(intent)
            await session.flush()
            self._in_flight.add(intent.id)
            return intent.id

    async def _release(self, work: _Work, intent_id: int, delay: float) -> None:
        """The call had no effect: the part is spooled again."""
        async with self._sessions.begin() as session:
            await session.execute(delete(Intent).where(Intent.id == intent_id))
            await session.execute(
                update(Part)
                .where(Part.id == work.part.id, Part.state == PartState.SHIPPING)
                .values(state=PartState.SPOOLED, next_attempt_at=self._clock.now() + timedelta(seconds=delay))
            )

    async def _leave_open(self, lane: LaneKey, intent_id: int) -> None:
        """The call may have worked: nobody sends this part again before the channel was searched."""
        settle_at = self._clock.now() + timedelta(seconds=SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            await session.execute(
                update(Intent).where(Intent.id == intent_id).values(running=False, settle_at=settle_at)
            )
            await wake_reconciler(session, lane.chat_id, delay=SETTLE_SECONDS)

    async def _settle(
        self, work: _Work, lane: LaneKey, intent_id: int, sent: Sent, thumbnail: Thumbnail | None
    ) -> None:
        if sent.file_size is not None and sent.file_size != work.part.size:
            await self._settle_wrong_size(work, lane, intent_id, sent)
            return
        async with self._sessions.begin() as session:
            await session.execute(delete(Intent).where(Intent.id == intent_id))
            owned = await part_stored(
                session, work.part.id, chat_id=lane.chat_id, bot_id=lane.bot_id, sent=sent,
                now=self._clock.now(), caption=work.facts.digest,
            )  # fmt: skip
            if thumbnail is not None and work.part.media_id is not None:
                size = {"width": thumbnail.source_width, "height": thumbnail.source_height, "measured": True}
                await session.execute(update(Media).where(Media.id == work.part.media_id).values(**size))
        if not owned:
            return
        if work.part.origin == "spool":
            await self._keeper.keep_spooled(work.part, self._spool.path(work.part.media_key, work.part.index))
            await self._spool.remove(work.part.media_key, [work.part.index])
        self._board.part_stored(work.part.media_key, work.part.index, work.part.size or 0)
        log.info("part_stored", part_id=work.part.id, media_id=work.part.media_id, message_id=sent.message_id)

    async def _settle_wrong_size(self, work: _Work, lane: LaneKey, intent_id: int, sent: Sent) -> None:
        """What Telegram says it got is not what was sent: give the message up and send again."""
        log.warning("part_arrived_damaged", part_id=work.part.id, size=work.part.size, arrived=sent.file_size)
        async with self._sessions.begin() as session:
            await raise_head(session, lane.chat_id, sent.message_id, posted=1)
            await cast_off(session, [(lane.chat_id, sent.message_id)])
        delay = _RETRY_DELAYS[min(work.part.attempt, len(_RETRY_DELAYS) - 1)]
        await self._release(work, intent_id, delay)
        raise Later(delay, "part_arrived_damaged")

    async def _thumbnail(self, work: _Work) -> Thumbnail | None:
        part = work.part
        if part.origin != "spool" or part.index or not part.last or not work.facts.content_type.startswith("image/"):
            return None
        return await self._thumbnails.jpeg_thumbnail(self._spool.path(part.media_key, 0), work.facts.content_type)

    def _what(self, work: _Work, lane: LaneKey, thumbnail: Thumbnail | None) -> Shipment | Copy:
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
            open_stream=lambda: self._spool.read(path, 0, size),
            size=size,
            filename=part_filename(work.facts.filename, part.index, single=part.last and part.index == 0),
            caption=text,
            thumbnail=None if thumbnail is None else thumbnail.data,
        )
