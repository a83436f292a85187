"""Deleting a media because of what happened elsewhere: at once, and with nobody to take it back."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.domain import GONE, EventType, MediaStatus
from storage.events.outbox import tell
from storage.notices import media_changed
from storage.tables import Media
from storage.wakeups import wake_eraser


async def drop(session: AsyncSession, media: Media, *, by: str, now: datetime) -> None:
    """Delete a media whose row the session holds; no change where it is deleted already."""
    if media.status in GONE:
        return
    media.status_before, media.status, media.delete_after = media.status, MediaStatus.DELETING, now
    record(session, by, "deleted", media_id=media.id)
    await tell(session, EventType.MEDIA_DELETED, media, by=by)
    await session.flush()
    await wake_eraser(session, media.id, delay=0)
    await media_changed(session, media.id)
