"""What the newest backup does not know: media that were deleted or changed after it was made.

A restore would bring the deleted ones back: their rows, and with them file ids that may still fetch the bytes. So their
ids are written into the backup's list in the channel, by editing its message, within minutes. What came after the
backup needs no such word: it is found by its messages, and what was deleted of it is not.
"""

import hashlib
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE
from storage.engine.looking import Looker
from storage.errors import ArchiveError, MessageMissing, PartDamaged
from storage.ports import PartSender, PartStore, Urgency, Wish
from storage.recovery.errors import BackupDamaged
from storage.recovery.indexes import BackupIndex, Since
from storage.recovery.manifests import PieceManifest, parse_piece, piece_caption, piece_filename
from storage.tables import Audit, Backup, BackupPiece, Media
from storage.telegram.pinning import NewFile, Rewriter

log = structlog.get_logger(__name__)

_EVERY = timedelta(minutes=5)
_CHANGES = ("updated", "attached", "detached", "anonymised", "restored")
"""What captions show of a media, by the actions of the audit."""

_KNOWN = "since"


class SinceKeeper:
    """Keeps the list of the newest backup up to date. ``every``: the least time between two edits."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        store: PartStore,
        sender: PartSender,
        looker: Looker,
        rewriter: Rewriter,
        clock: Clock,
        every: timedelta = _EVERY,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._sender = sender
        self._looker = looker
        self._rewriter = rewriter
        self._clock = clock
        self._every = every

    async def look(self) -> None:
        """Every minute: write down what is new, if anything is. What does not succeed is tried the next time."""
        now = self._clock.now()
        newest = select(Backup).where(Backup.state == "stored").order_by(Backup.id.desc()).limit(1)
        async with self._sessions.begin() as session:
            backup = await session.scalar(newest)
            if backup is None or backup.index_message_id is None or backup.seen_at > now - self._every:
                return
            since = await changes_since(session, backup.started_at, until=now)
        if [*since.deleted] == _told(backup, "deleted") and [*since.changed] == _told(backup, "changed"):
            return
        try:
            await self._write(backup, since)
        except (ArchiveError, BackupDamaged) as error:
            log.warning("backup_list_not_updated", error=str(error))

    async def _write(self, backup: Backup, since: Since) -> None:
        assert backup.index_chat_id is not None
        assert backup.index_message_id is not None
        place = (backup.index_chat_id, backup.index_message_id)
        index = (await self._read(*place)).model_copy(update={"since": since})
        data, count = index.to_bytes(), len(index.pieces)
        manifest = PieceManifest(
            key=backup.key, index=count, offset=0, size=len(data), sha256=hashlib.sha256(data).digest(), count=count
        )
        file = NewFile(
            data=data,
            filename=piece_filename(index.made_at, count, pieces=count),
            caption=piece_caption(manifest, index.made_at, pieces=count),
        )
        wish = Wish(chat_ids=place[:1], bot_ids=(self._rewriter.bot_id,), urgency=Urgency.BULK, size=len(data))
        lane = await self._sender.reserve(wish)
        try:
            file_id = await self._rewriter.rewrite(*place, file)
        finally:
            self._sender.unused(lane)  # it was no send, and its place is free after a minute
        async with self._sessions.begin() as session:
            await self._note(session, backup, manifest, since, file_id)
        log.info("backup_list_updated", deleted=len(since.deleted), changed=len(since.changed))

    async def _read(self, chat_id: int, message_id: int) -> BackupIndex:
        """The list as it is now, by its message: a file id may be of what it was before."""
        seen = await self._looker.look(chat_id, message_id)
        manifest = parse_piece(seen.caption)
        if manifest is None or seen.file_id is None:
            raise MessageMissing(method="forwardMessage", description="it is no list any more")
        async with self._store.fetch(seen.file_id, 0, manifest.size, bot_id=seen.bot_id) as chunks:
            data = b"".join([chunk async for chunk in chunks])
        if hashlib.sha256(data).digest() != manifest.sha256:
            raise PartDamaged(method="getFile")
        return BackupIndex.from_bytes(data)

    async def _note(
        self, session: AsyncSession, backup: Backup, manifest: PieceManifest, since: Since, file_id: str | None
    ) -> None:
        known = {_KNOWN: {"deleted": [*since.deleted], "changed": [*since.changed]}}
        values = {"seen_at": self._clock.now(), "counted": backup.counted | known}
        await session.execute(update(Backup).where(Backup.id == backup.id).values(**values))
        piece = (BackupPiece.backup_id == backup.id) & (BackupPiece.index == manifest.index)
        place = {"bot_id": self._rewriter.bot_id, "file_id": file_id}
        size = {"size": manifest.size, "sha256": manifest.sha256}
        await session.execute(update(BackupPiece).where(piece).values(**place, **size))


async def changes_since(session: AsyncSession, made_at: datetime, *, until: datetime) -> Since:
    """Of media that were there: a delete that can still be undone counts until it is."""
    there = Media.uploaded_at < made_at
    deleted = select(Media.id).where(there, Media.status.in_(GONE), Media.delete_after >= made_at)
    changes = Audit.action.in_(_CHANGES) & (Audit.at >= made_at)
    changed = select(Media.id).where(
        there, Media.status.not_in(GONE), Media.id.in_(select(Audit.media_id).where(changes))
    )
    return Since(
        deleted=tuple(await session.scalars(deleted.order_by(Media.id))),
        changed=tuple(await session.scalars(changed.order_by(Media.id))),
        until=until,
    )


def _told(backup: Backup, name: str) -> list[int]:
    known = backup.counted.get(_KNOWN) or {}
    return [int(one) for one in known.get(name, ())]
