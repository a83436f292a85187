"""Media whose time has come are deleted, without a grace period: the time was known beforehand."""

import structlog
from sqlalchemy import select

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, EventType, MediaStatus
from storage.events.outbox import tell
from storage.notices import media_changed
from storage.tables import Media
from storage.wakeups import wake_eraser

log = structlog.get_logger(__name__)

_BATCH = 200


class Expirer:
    """The sweep's part."""

    def __init__(self, *, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def sweep(self) -> None:
        """Delete every media whose ``expires_at`` has passed."""
        while await self._expire_some():
            pass

    async def _expire_some(self) -> int:
        now = self._clock.now()
        due = (Media.expires_at <= now) & Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            query = select(Media).where(due).order_by(Media.id).limit(_BATCH).with_for_update(skip_locked=True)
            rows = (await session.scalars(query)).all()
            for media in rows:
                media.status_before, media.status, media.delete_after = media.status, MediaStatus.DELETING, now
                record(session, "system", "expired", media_id=media.id)
                await tell(session, EventType.MEDIA_DELETED, media, by="system")
                await session.flush()
                await wake_eraser(session, media.id, delay=0)
                await media_changed(session, media.id)
                log.info("media_expired", media_id=media.id)
            return len(rows)
