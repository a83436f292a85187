"""The rows of backups: one begins, has pieces, is stored or failed, and one day gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.domain import GONE
from storage.engine.strays import cast_off
from storage.recovery.dumping import PieceFile
from storage.recovery.errors import BackupRunning
from storage.recovery.indexes import Piece
from storage.tables import ApiKey, Backup, BackupPiece, Media, Part, Person, Request

_ABANDONED = timedelta(hours=7)
"""Another node that was not at its backup for so long is gone: no piece waits longer for its lane."""


async def begin(session: AsyncSession, *, by: str, node: str, now: datetime) -> Backup:
    """A new row. Raises `BackupRunning`; one of this node's that a killed process left is failed first."""
    left = (Backup.state == "running") & ((Backup.node == node) | (Backup.seen_at < now - _ABANDONED))
    for backup in (await session.scalars(select(Backup).where(left).with_for_update())).all():
        await fail(session, backup.id, "interrupted", now)
    revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
    values = {"key": uuid4(), "state": "running", "made_by": by, "node": node, "revision": str(revision)}
    times = {"started_at": now, "seen_at": now}
    row = insert(Backup).values(**values, **times, counted=await _counted(session)).on_conflict_do_nothing()
    begun: Backup | None = await session.scalar(row.returning(Backup))
    if begun is None:
        raise BackupRunning
    return begun


async def _counted(session: AsyncSession) -> dict[str, int]:
    kept = select(func.count()).select_from(Media).where(Media.status.not_in(GONE))
    counts = {"media": await session.scalar(kept) or 0}
    for name, table in (("parts", Part), ("requests", Request), ("people", Person), ("keys", ApiKey)):
        counts[name] = await session.scalar(select(func.count()).select_from(table)) or 0
    return counts


def add_piece(session: AsyncSession, backup_id: int, piece: PieceFile) -> None:
    session.add(
        BackupPiece(backup_id=backup_id, index=piece.index, offset=piece.offset, size=piece.size, sha256=piece.sha256)
    )


async def placed_pieces(session: AsyncSession, backup_id: int) -> Sequence[Piece]:
    """Where they are, in their order; each must have arrived."""
    rows = await session.scalars(
        select(BackupPiece).where(BackupPiece.backup_id == backup_id).order_by(BackupPiece.index)
    )
    found = []
    for row in rows:
        assert row.chat_id is not None
        assert row.message_id is not None
        found.append(
            Piece(
                index=row.index,
                offset=row.offset,
                size=row.size,
                sha256=row.sha256.hex(),
                chat=row.chat_id,
                message=row.message_id,
                bot=row.bot_id,
                file_id=row.file_id,
            )
        )
    return found


async def fail(session: AsyncSession, backup_id: int, reason: str, now: datetime) -> None:
    """It will never be whole: give its messages up."""
    running = (Backup.id == backup_id) & (Backup.state == "running")
    failed = update(Backup).where(running).values(state="failed", error=reason[:500], finished_at=now)
    if await session.scalar(failed.returning(Backup.id)) is not None:
        await _give_up(session, backup_id)


async def finish(session: AsyncSession, backup_id: int, *, by: str, kept: int, now: datetime) -> None:
    """It is whole: note where its list is, and give up what is older than the last ``kept``."""
    last = (
        select(BackupPiece.chat_id, BackupPiece.message_id)
        .where(BackupPiece.backup_id == backup_id)
        .order_by(BackupPiece.index.desc())
        .limit(1)
    )
    chat_id, message_id = (await session.execute(last)).one()
    place = {"index_chat_id": chat_id, "index_message_id": message_id}
    done = {"state": "stored", "finished_at": now, "seen_at": now}
    await session.execute(update(Backup).where(Backup.id == backup_id).values(**done, **place))
    record(session, by, "backup_made", detail={"backup": backup_id})
    stored = select(Backup.id).where(Backup.state == "stored").order_by(Backup.id.desc()).offset(kept)
    for old in (await session.scalars(stored)).all():
        await session.execute(update(Backup).where(Backup.id == old).values(state="gone"))
        await _give_up(session, old)


async def _give_up(session: AsyncSession, backup_id: int) -> None:
    """The messages are deleted, or replaced once they are older than 48 hours, by the collector of strays."""
    gone = delete(BackupPiece).where(BackupPiece.backup_id == backup_id)
    rows = await session.execute(gone.returning(BackupPiece.chat_id, BackupPiece.message_id))
    places = [(chat_id, message_id) for chat_id, message_id in rows if chat_id is not None and message_id is not None]
    await cast_off(session, places)


async def pinned_elsewhere(session: AsyncSession, backup_id: int) -> Sequence[tuple[int, int, int]]:
    """Other backups whose list is still pinned: id, chat and message."""
    pinned = Backup.pinned & (Backup.id != backup_id)
    rows = await session.execute(select(Backup.id, Backup.index_chat_id, Backup.index_message_id).where(pinned))
    return [(row_id, chat_id, message_id) for row_id, chat_id, message_id in rows if chat_id and message_id]
