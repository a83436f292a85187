"""What previews, measures and clean copies share: the workers, the disk, and how many sources are fetched at once."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

import structlog

from storage.delivery.delivering import Deliverable, Delivery
from storage.domain import Caller, Role
from storage.errors import Busy, NoPreview
from storage.previews.cache import PreviewCache
from storage.previews.fetching import fetched
from storage.previews.maker import MEMORY
from storage.previews.pool import PoolClosed, WorkerPool
from storage.previews.values import Source, UnusableImage

T = TypeVar("T")

WORKERS = 2
_FETCHES = 4
_TIMEOUT = 20.0
_RETRY_AFTER = 10.0
_FAILURE_KEPT = 3600.0
_MOST_FAILURES = 10_000

SYSTEM = Caller(owner="system", role=Role.ADMIN)
"""Who looks into media when nobody asked: it may see everything."""

log = structlog.get_logger(__name__)


class Studio:
    """Fetches a media's bytes and has a worker look at them. At most `_FETCHES` sources are on disk at once.

    What cannot be used is remembered for an hour, so that a broken file in a gallery is not fetched for each watcher.
    """

    def __init__(self, *, delivery: Delivery, cache: PreviewCache, workers: int = WORKERS) -> None:
        self.delivery = delivery
        self.cache = cache
        self._pool = WorkerPool(workers=workers, timeout=_TIMEOUT, memory=MEMORY)
        self._places = asyncio.Semaphore(_FETCHES)
        self._failures: OrderedDict[tuple[UUID, str], float] = OrderedDict()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Studio"]:
        async with self.cache.opened(), self._pool:
            yield self

    async def look(self, deliverable: Deliverable, task: Callable[..., T], *args: object) -> T:
        """What the worker's ``task`` returns for the media's source. Raises what `run` and `fetched` raise."""
        async with self._places, fetched(self.delivery, deliverable, self.cache.temporary()) as source:
            return await self.run(source, task, *args)

    async def run(self, source: Source, task: Callable[..., T], *args: object) -> T:
        """Raises `UnusableImage` (also for what takes too long), and `Busy` where the workers broke or are ending."""
        try:
            return await self._pool.run(task, source, *args)
        except TimeoutError:
            raise UnusableImage("it takes too long") from None
        except PoolClosed:
            raise Busy(retry_after=_RETRY_AFTER) from None
        except (OSError, RuntimeError) as error:
            log.warning("preview_worker_lost", reason=str(error) or type(error).__name__)
            raise Busy(retry_after=_RETRY_AFTER) from error

    def refuse_failed(self, key: UUID, purpose: str, media_id: int) -> None:
        """Raise `NoPreview` where the same was tried within the hour and cannot work."""
        until = self._failures.get((key, purpose))
        if until is not None and until > time.monotonic():
            raise NoPreview(media_id=media_id)

    def failed(self, key: UUID, purpose: str) -> None:
        """Remember that this cannot work."""
        self._failures[key, purpose] = time.monotonic() + _FAILURE_KEPT
        if len(self._failures) > _MOST_FAILURES:
            self._failures.popitem(last=False)
