"""Deleting everything that somebody gave us, and taking that back."""

from datetime import datetime, timedelta

from sqlalchemy import select

from storage.catalog.deleting import Deleting
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, Caller, MediaStatus
from storage.errors import MediaNotFound, WrongStatus
from storage.tables import Media


class Everything:
    """The use case: the single one over and over, so that it can go on after an interruption."""

    def __init__(self, *, sessions: Sessions, deleting: Deleting, clock: Clock) -> None:
        self._sessions = sessions
        self._deleting = deleting
        self._clock = clock

    async def delete(self, caller: Caller) -> tuple[int, datetime]:
        """Delete the caller's own media; returns how many, and the time since which `restore` takes them back."""
        since = self._clock.now()
        own = select(Media.id).where(Media.owner.in_(caller.owners), Media.status.not_in(GONE))
        async with self._sessions.begin() as session:
            ids = (await session.scalars(own.order_by(Media.id))).all()
        for media_id in ids:
            await self._deleting.delete(caller, media_id)
        return len(ids), since

    async def restore(self, caller: Caller, since: datetime) -> int:
        """Restore what the caller deleted since then; returns how many are there again, none where it is too late."""
        until = since + timedelta(seconds=self._deleting.grace)
        own = select(Media.id).where(Media.owner.in_(caller.owners), Media.status == MediaStatus.DELETING)
        async with self._sessions.begin() as session:
            ids = (await session.scalars(own.where(Media.delete_after >= until).order_by(Media.id))).all()
        restored = 0
        for media_id in ids:
            try:
                await self._deleting.restore(caller, media_id)
            except (MediaNotFound, WrongStatus):
                continue  # it was erased meanwhile
            restored += 1
        return restored
