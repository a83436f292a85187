"""Uploads that this process has in hand, and those among them that rest between two requests.

What a resting upload holds is its digests: no file is open and nothing waits to be written. The longest at rest are
let go when there are many; whoever comes back to one then pays for hashing the part it was in.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.domain import UploadId
from storage.intake.upload_session import UploadSession
from storage.resumable.handover import Slot
from storage.resumable.journal import UploadJournal

_MOST_RESTING = 500


class Live:
    """One upload. ``lock`` guards its session for single steps, ``slot`` is the place of its writer."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.slot = Slot()
        self.users = 0
        self.session: UploadSession | None = None
        self.journal: UploadJournal | None = None

    async def let_go(self) -> None:
        """Forget what is in memory: the next step begins with what is durable."""
        session, self.session, self.journal = self.session, None, None
        if session is not None:
            await session.receiver.close()


class LiveUploads:
    """By upload id, the longest at rest first."""

    def __init__(self) -> None:
        self._live: dict[UploadId, Live] = {}

    @asynccontextmanager
    async def using(self, upload_id: UploadId) -> AsyncIterator[Live]:
        live = self._live.pop(upload_id, None) or Live()
        self._live[upload_id] = live  # the last is the one used last
        live.users += 1
        try:
            yield live
        finally:
            live.users -= 1
            if not live.users:
                await self._rest(upload_id, live)

    def is_written(self, upload_id: UploadId) -> bool:
        live = self._live.get(upload_id)
        return live is not None and live.slot.taken

    def any_written(self) -> bool:
        return any(live.slot.taken for live in self._live.values())

    def stop_all(self) -> None:
        """The process ends: every writer writes down what it has."""
        for live in self._live.values():
            live.slot.stop()

    async def let_all_go(self) -> None:
        """Forget what rests: the next request begins with what is durable."""
        for live in list(self._live.values()):
            if not live.users:
                await live.let_go()

    async def _rest(self, upload_id: UploadId, live: Live) -> None:
        if live.session is None:
            self._live.pop(upload_id, None)
        if len(self._live) > _MOST_RESTING:
            oldest = next((key for key, value in self._live.items() if not value.users), None)
            if oldest is not None:
                await self._live.pop(oldest).let_go()
