"""Parts that were recorded this moment go on their way at once: what a job would read is still in memory.

Their rows are as durable as ever. What cannot be shipped now gets its job; what a kill leaves behind, the sweep finds.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.engine.captions import Facts
from storage.engine.ship_work import ShipDesk, ShipWork
from storage.engine.shipping import Shipper
from storage.jobs import GRACE, Later
from storage.tables import Media, Part
from storage.wakeups import wake_shipper

log = structlog.get_logger(__name__)


class FreshParts:
    """Ships parts without a job while nothing older waits: they must not overtake."""

    def __init__(self, *, sessions: Sessions, shipper: Shipper, desk: ShipDesk) -> None:
        self._sessions = sessions
        self._shipper = shipper
        self._desk = desk
        self._shipping: set[asyncio.Task[None]] = set()
        self._running = False
        self._queue_until = 0.0

    @property
    def open(self) -> bool:
        """Whether `ship` may be called; else parts are to have jobs."""
        return self._running and not self._shipper.busy and asyncio.get_running_loop().time() >= self._queue_until

    async def works(self, session: AsyncSession, media: Mapping[Part, tuple[Media, Facts]]) -> Sequence[ShipWork]:
        """What `ship` takes after the commit: parts that this transaction inserted, each the only one of its media."""
        return await self._desk.of_new(session, media)

    def ship(self, work: ShipWork) -> None:
        """Begin; nobody waits for the end. The part's transaction has committed."""
        task = asyncio.create_task(self._ship(work))
        self._shipping.add(task)
        task.add_done_callback(self._shipping.discard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open while this lasts. What is under way at its end gets a moment, as jobs do."""
        self._running = True
        try:
            yield
        finally:
            self._running = False
            if self._shipping:
                _, left = await asyncio.wait(self._shipping, timeout=GRACE)
                for task in left:
                    task.cancel()
                if left:
                    await asyncio.wait(left)

    async def _ship(self, work: ShipWork) -> None:
        try:
            try:
                await self._shipper.ship(work)
            except Later as later:
                self._queue_until = asyncio.get_running_loop().time() + later.delay
                async with self._sessions.begin() as session:
                    await wake_shipper(session, work.part, delay=later.delay)
        except Exception:
            log.exception("part_not_shipped", part_id=work.part.id)  # the sweep wakes it again
