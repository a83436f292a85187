"""Digests that became known later: of what came through Telegram and could not be fetched, or not be hashed, then."""

from sqlalchemy import func, select

from storage.database import Sessions
from storage.notices import media_changed
from storage.tables import Media, Part


async def note_digest(sessions: Sessions, part_id: int, sha256: bytes, size: int) -> bool:
    """All bytes of a part were read. False where its digest was known, or it has gone meanwhile.

    The only part of a media is the media.
    """
    async with sessions.begin() as session:
        part = await session.get(Part, part_id, with_for_update=True)
        if part is None or part.sha256 is not None:
            return False
        part.sha256, part.size = sha256, size
        await session.flush()
        if part.media_id is None:
            return True
        parts = await session.scalar(select(func.count()).where(Part.media_id == part.media_id))
        media = await session.get(Media, part.media_id, with_for_update=True)
        if media is not None and media.sha256 is None and parts == 1:
            media.sha256, media.file_size = sha256, size
            await session.flush()
            await media_changed(session, media.id)
    return True
