"""What an upload writes down as it goes. See `storage.resumable` for what an offset promises."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import MediaKey, UploadId
from storage.intake.part_writing import SpooledPart
from storage.resumable.rows import advance, advance_to_part
from storage.spool import Spool


class UploadJournal:
    """The journal of one upload. ``told`` is the offset that is durable, ``until`` when the upload expires."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        spool: Spool,
        clock: Clock,
        expiry: timedelta,
        upload_id: UploadId,
        key: MediaKey,
        told: int,
        until: datetime,
    ) -> None:
        self._sessions = sessions
        self._spool = spool
        self._clock = clock
        self._expiry = expiry
        self._upload_id = upload_id
        self._key = key
        self.told = told
        self.until = until
        self._unsynced = 0

    async def reached(self, offset: int, index: int) -> None:
        """Make everything up to ``offset`` durable; it ends in part ``index``."""
        if offset <= self.told:
            return
        await self._spool.sync(self._key, range(self._unsynced, index + 1))
        self._unsynced = index
        until = self._clock.now() + self._expiry
        await advance(self._sessions, self._upload_id, offset, until=until)
        self.told, self.until = offset, until

    async def part_ended(self, part: SpooledPart) -> None:
        await self._spool.sync(self._key, [part.index])
        self._unsynced = max(self._unsynced, part.index + 1)

    async def part_recorded(self, session: AsyncSession, part: SpooledPart) -> None:
        offset, self.until = part.offset + part.size, self._clock.now() + self._expiry
        state = part.digest_state
        await advance_to_part(session, self._upload_id, offset, until=self.until, digest_state=state)
        self.told = max(self.told, offset)
