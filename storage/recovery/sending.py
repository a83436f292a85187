"""A piece of a backup goes into its channel, effectively once: by an intent and a search, as parts do.

Unlike a part nobody waits for a piece, so whoever makes the backup also settles an unknown outcome, and then goes on.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update

from storage.clock import Clock
from storage.database import Sessions
from storage.engine import reconciling
from storage.engine.channels import raise_head
from storage.engine.reconciling import Reconciler
from storage.engine.strays import cast_off
from storage.errors import CallRefused, ChannelUnavailable, OutcomeUnknown, Postponed
from storage.jobs import Later
from storage.ports import LaneKey, PartSender, Sent, Shipment, Urgency, Wish
from storage.recovery.manifests import PieceManifest
from storage.tables import Backup, BackupPiece, Channel, Intent

log = structlog.get_logger(__name__)

_LONGEST_WAIT = 6 * 3600.0
"""Seconds that one piece may wait for a lane in all: then the night is over."""

_TRIES = 5
_PATIENT = timedelta(minutes=30)
"""From when on a send without a word is taken for one that was left behind; none takes so long."""


class PieceSender:
    """Sends the pieces of one node's backups."""

    def __init__(
        self, *, sessions: Sessions, sender: PartSender, reconciler: Reconciler, clock: Clock, node: str
    ) -> None:
        self._sessions = sessions
        self._sender = sender
        self._reconciler = reconciler
        self._clock = clock
        self._node = node

    async def send(self, manifest: PieceManifest, what: Shipment, chat_ids: Sequence[int]) -> None:
        """Until the row of the piece says where it is. Raises `ArchiveError`s where it cannot get there."""
        for left in reversed(range(_TRIES)):
            lane = await self._lane(what, chat_ids)
            intent_id = await self._begin(manifest, lane)
            try:
                sent = await self._sender.send(lane, what)
            except (Postponed, CallRefused) as error:
                await self._forget(intent_id)
                if not left or not isinstance(error, (Postponed, ChannelUnavailable)):
                    raise
                log.info("piece_refused", index=manifest.index, error=str(error))
                continue
            except (OutcomeUnknown, OSError) as error:
                log.warning("piece_outcome_unknown", index=manifest.index, error=str(error))
                if await self._found(manifest, lane, intent_id):
                    return
                if not left:
                    raise
                continue
            if await self._stored(manifest, lane, intent_id, sent):
                return
        raise OutcomeUnknown(method="sendDocument", reason="wrong_size")

    async def _lane(self, what: Shipment, chat_ids: Sequence[int]) -> LaneKey:
        waited = 0.0
        wish = Wish(chat_ids=chat_ids, urgency=Urgency.BULK, size=what.size, prefer=chat_ids[0])
        while True:
            try:
                return await self._sender.reserve(wish)
            except Postponed as wait:
                waited += wait.retry_after
                if waited > _LONGEST_WAIT:
                    raise
                await asyncio.sleep(wait.retry_after)

    async def _begin(self, manifest: PieceManifest, lane: LaneKey) -> int:
        now = self._clock.now()
        async with self._sessions.begin() as session:
            await session.execute(update(Backup).where(Backup.key == manifest.key).values(seen_at=now))
            head = await session.scalar(select(Channel.head_message_id).where(Channel.chat_id == lane.chat_id))
            intent = Intent(
                media_key=manifest.key,
                part_index=manifest.index,
                attempt=1,
                bot_id=lane.bot_id,
                chat_id=lane.chat_id,
                after_message_id=head or 0,
                node=self._node,
                settle_at=now + _PATIENT,
            )
            session.add(intent)
            await session.flush()
            return intent.id

    async def _forget(self, intent_id: int) -> None:
        async with self._sessions.begin() as session:
            await session.execute(delete(Intent).where(Intent.id == intent_id))

    async def _stored(self, manifest: PieceManifest, lane: LaneKey, intent_id: int, sent: Sent) -> bool:
        """False where Telegram got something else than was sent: that message is given up."""
        right = sent.file_size is None or sent.file_size == manifest.size
        async with self._sessions.begin() as session:
            await session.execute(delete(Intent).where(Intent.id == intent_id))
            await raise_head(session, lane.chat_id, sent.message_id, posted=1)
            if not right:
                await cast_off(session, [(lane.chat_id, sent.message_id)])
                return False
            place = {"bot_id": lane.bot_id, "chat_id": lane.chat_id, "message_id": sent.message_id}
            await session.execute(update(BackupPiece).where(_row(manifest)).values(**place, file_id=sent.file_id))
        return True

    async def _found(self, manifest: PieceManifest, lane: LaneKey, intent_id: int) -> bool:
        """Wait until the call can no longer run, and look whether it had its effect."""
        settle_at = self._clock.now() + timedelta(seconds=reconciling.SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            left = {"running": False, "settle_at": settle_at}
            await session.execute(update(Intent).where(Intent.id == intent_id).values(**left))
        await asyncio.sleep(reconciling.SETTLE_SECONDS)
        while not await self._settled(intent_id):
            try:
                await self._reconciler.handle({"chat": lane.chat_id})
            except Later as later:
                await asyncio.sleep(later.delay)
        async with self._sessions.begin() as session:
            return await session.scalar(select(BackupPiece.message_id).where(_row(manifest))) is not None

    async def _settled(self, intent_id: int) -> bool:
        """Searched, by us or by whoever was faster: it is watched for a late copy, or gone."""
        waits = select(Intent.id).where(Intent.id == intent_id, Intent.watch_until.is_(None))
        async with self._sessions.begin() as session:
            return await session.scalar(waits) is None


def _row(manifest: PieceManifest):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- SQLAlchemy's own types are no help
    backup = select(Backup.id).where(Backup.key == manifest.key).scalar_subquery()
    return (BackupPiece.backup_id == backup) & (BackupPiece.index == manifest.index)
