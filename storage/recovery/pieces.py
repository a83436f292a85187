"""Whose a message of a backup is, when a search of its channel comes upon it (`storage.engine.reconciling`)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.engine.channels import raise_head
from storage.engine.strays import cast_off
from storage.ports import Seen
from storage.recovery.manifests import PieceManifest
from storage.tables import Backup, BackupPiece, Intent


async def place_piece(
    session: AsyncSession, chat_id: int, message_id: int, manifest: PieceManifest, seen: Seen
) -> bool:
    """Adopt the message for its piece, or cast it off. False: left alone, because its piece is being sent now."""
    under_way = Intent.running & (Intent.media_key == manifest.key) & (Intent.part_index == manifest.index)
    if await session.scalar(select(Intent.id).where(under_way)) is not None:
        return False
    row = (
        await session.execute(
            select(BackupPiece, Backup.state)
            .join(Backup, Backup.id == BackupPiece.backup_id)
            .where(Backup.key == manifest.key, BackupPiece.index == manifest.index)
            .with_for_update(of=BackupPiece)
        )
    ).one_or_none()
    if row is None:
        return True  # of another life of this archive: it may be the one that somebody still needs
    piece, state = row
    if (piece.chat_id, piece.message_id) == (chat_id, message_id):
        return True
    if state != "running" or piece.message_id is not None or piece.sha256 != manifest.sha256:
        await cast_off(session, [(chat_id, message_id)])
        return True
    piece.chat_id, piece.message_id, piece.bot_id, piece.file_id = chat_id, message_id, seen.bot_id, seen.file_id
    await raise_head(session, chat_id, message_id, posted=1)
    return True
