"""Rows that are written beside the request that made them: gathered in memory, inserted in batches.

What is held is bounded. While the database is away nothing is lost until that many wait; a kill loses about a
second's worth.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

log = structlog.get_logger(__name__)

T = TypeVar("T")

_EVERY = 1.0
_AT_ONCE = 500
_LAST_WRITE = 3.0
_NEVER = ("22", "23")
"""Classes of SQLSTATE: the data are wrong, or against a constraint."""


class Batches(Generic[T]):
    """``write`` inserts a batch in a transaction of its own; ``most`` items wait at the same time."""

    def __init__(self, name: str, write: Callable[[Sequence[T]], Awaitable[None]], *, most: int) -> None:
        self.name = name
        self.dropped = 0
        self._write = write
        self._most = most
        self._items: list[T] = []
        self._due = asyncio.Event()
        self._ending = False
        self._flushing = asyncio.Lock()

    def add(self, item: T, *, soon: bool = False) -> None:
        """Have an item written within a second or so, or at once. Over the bound it is dropped and counted."""
        if len(self._items) >= self._most:
            self.dropped += 1
            return
        self._items.append(item)
        if soon or len(self._items) >= _AT_ONCE:
            self._due.set()

    async def flush(self) -> None:
        """Write what waits now. Raises what the database raises; the items wait on then."""
        # Two at once would both write the same rows, and then both drop as many.
        async with self._flushing:
            while self._items:
                batch = self._items[:_AT_ONCE]
                try:
                    await self._write(batch)
                except DBAPIError as error:
                    if str(getattr(error.orig, "sqlstate", ""))[:2] not in _NEVER:
                        raise
                    # A row that can never be written must not hold the others up for ever.
                    log.exception("rows_refused", rows=self.name, count=len(batch), error=type(error).__name__)
                del self._items[: len(batch)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(), name=f"batches {self.name}")
        try:
            yield
        finally:
            self._ending = True
            self._due.set()
            await task

    async def _run(self) -> None:
        while not self._ending:
            try:
                async with asyncio.timeout(_EVERY):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            await self._try_flush()
        async with asyncio.timeout(_LAST_WRITE):
            await self._try_flush()

    async def _try_flush(self) -> None:
        dropped, self.dropped = self.dropped, 0
        if dropped:
            log.error("rows_dropped", rows=self.name, count=dropped)
        try:
            await self.flush()
        except (SQLAlchemyError, OSError) as error:
            log.warning("rows_wait", rows=self.name, count=len(self._items), error=type(error).__name__)
