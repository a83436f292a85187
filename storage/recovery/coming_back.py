"""What a restored database still believes about the machine that is no more, put right once.

The bytes in its spool are gone, its calls have ended, its uploads cannot go on. Whatever it shipped after the dump is
still in the channels: from where the dump's knowledge ends they are read (`storage.recovery.channel_reading`).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.domain import CopyState, InboxState, PartState
from storage.recovery.indexes import BackupIndex
from storage.recovery.ranges import IdRanges
from storage.tables import (
    Backup,
    BackupPiece,
    Channel,
    ChannelReading,
    InboxUpdate,
    Intent,
    Part,
    PartCopy,
    ResumableUpload,
    Upload,
)

RESTORED = "index_restored"
"""In the audit: by it an interrupted restore knows that this was done."""

Place = tuple[int, int]


async def come_back(session: AsyncSession, index: BackupIndex, list_at: Place, *, node: str, now: datetime) -> None:
    """Everything, in one transaction. ``list_at`` is where the backup's list is, as (chat id, message id)."""
    dropped = await _drop_unfinished(session)
    await _note_backup(session, index, list_at, now)
    await _begin_readings(session, dropped)
    await _take_over(session, node)
    record(session, "cli", RESTORED, detail={"backup": index.key.hex, "made_at": index.made_at.isoformat()})


async def _drop_unfinished(session: AsyncSession) -> Collection[Place]:
    """Uploads that were not acknowledged yet. If one was after the dump, its messages say so: where they are."""
    mine = Part.media_id.is_(None)
    rows = await session.execute(delete(Part).where(mine).returning(Part.chat_id, Part.message_id))
    places = [(chat_id, message_id) for chat_id, message_id in rows if chat_id is not None and message_id is not None]
    await session.execute(delete(ResumableUpload).where(ResumableUpload.outcome.is_(None)))
    await session.execute(delete(Upload).where(Upload.media_id.is_(None)))
    return places


async def _take_over(session: AsyncSession, node: str) -> None:
    """What waited on the old machine is this one's: what has no bytes here is noticed at the next start."""
    await session.execute(delete(Intent))
    unstored = Part.state.in_((PartState.SPOOLED, PartState.SHIPPING, PartState.LOST))
    await session.execute(update(Part).where(unstored).values(node=node))
    sending = Part.state == PartState.SHIPPING
    await session.execute(update(Part).where(sending).values(state=PartState.SPOOLED))
    copying = PartCopy.state == CopyState.COPYING
    await session.execute(update(PartCopy).where(copying).values(state=CopyState.WAITING))
    handling = InboxUpdate.state == InboxState.HANDLING
    await session.execute(update(InboxUpdate).where(handling).values(state=InboxState.PENDING))


async def _note_backup(session: AsyncSession, index: BackupIndex, list_at: Place, now: datetime) -> None:
    """While it was dumped it was not whole. Now it is known where it is, so that it is given up one day."""
    done = {"state": "stored", "finished_at": now, "size": index.size, "sha256": bytes.fromhex(index.sha256)}
    place = {"index_chat_id": list_at[0], "index_message_id": list_at[1], "pinned": True}
    mine = update(Backup).where(Backup.key == index.key)
    backup_id = await session.scalar(mine.values(**done, **place).returning(Backup.id))
    if backup_id is None:
        return
    await session.execute(update(Backup).where(Backup.id != backup_id).values(pinned=False))
    listed = {"backup_id": backup_id, "index": len(index.pieces), "offset": 0, "size": 0, "sha256": b""}
    rows = [
        {
            "backup_id": backup_id,
            "index": piece.index,
            "offset": piece.offset,
            "size": piece.size,
            "sha256": bytes.fromhex(piece.sha256),
            "chat_id": piece.chat,
            "message_id": piece.message,
        }
        for piece in index.pieces
    ]
    rows.append({**listed, "chat_id": list_at[0], "message_id": list_at[1]})
    await session.execute(insert(BackupPiece).values(rows).on_conflict_do_nothing())


async def _begin_readings(session: AsyncSession, dropped: Collection[Place]) -> None:
    """Each channel is read from the greatest message on that the dump knew of, and where uploads were dropped.

    What was being sent while it was dumped may have a lesser id than the greatest: an intent says from where on.
    """
    await session.execute(delete(ChannelReading))
    open_sends = select(Intent.chat_id, func.min(Intent.after_message_id)).group_by(Intent.chat_id)
    began = dict((await session.execute(open_sends)).all())
    for channel in (await session.scalars(select(Channel))).all():
        seen = IdRanges([(1, min(channel.head_message_id, began.get(channel.chat_id, channel.head_message_id)))])
        for chat_id, message_id in dropped:
            if chat_id == channel.chat_id:
                seen.discard(message_id)
        session.add(ChannelReading(chat_id=channel.chat_id, seen=seen.as_json()))
