"""Thumbnails for the event loop: a pool of worker processes behind one coroutine."""

import asyncio
import multiprocessing
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

import pebble
import structlog

from storage.content import Family, row_of
from storage.domain import FileType
from storage.previews.worker import Thumbnail, UnusableImage, make_thumbnail, prepare

MAX_SIDE = 320
MAX_BYTES = 200_000
"""What Telegram takes as a thumbnail: JPEG below 200 kB, at most 320 pixels wide and high."""

_TASKS_PER_WORKER = 200  # then a new process: decoders leak
_START_UP = 15.0  # seconds a new worker may take to load its libraries on a busy machine
_KILL_AFTER = 1.0  # seconds between SIGTERM and SIGKILL; pebble waits three by default

_log = structlog.get_logger(__name__)


class _Stuck(TimeoutError):
    """The pool itself does not answer, although it should have ended the task long ago."""


class ThumbnailMaker:
    """Makes thumbnails in worker processes, which may die, hang or run out of memory without harm.

    An async context manager. The processes start with the first image, not before. Threads in the parent and
    uvloop do no harm: workers are spawned, never forked. Leaving the context ends them within two seconds; calls
    still waiting then get None.
    """

    def __init__(self, *, workers: int = 1, timeout: float = 20.0, memory: int = 1536 * 1024 * 1024) -> None:
        """``timeout`` is seconds for one image, ``memory`` the address space of one worker in bytes."""
        self._workers = workers
        self._timeout = timeout
        self._memory = memory
        self._slots = asyncio.Semaphore(workers)
        self._pool: pebble.ProcessPool | None = None
        self._running: set[Future[Thumbnail]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        for future in self._running:
            future.cancel()
        await self._discard(self._pool)

    async def jpeg_thumbnail(
        self, path: Path, mime: str, *, max_side: int = MAX_SIDE, max_bytes: int = MAX_BYTES
    ) -> Thumbnail | None:
        """A JPEG of the image with its longest side at most ``max_side``, upright, on white, below ``max_bytes``.

        None for what is no image, and for an image that cannot be used (``thumbnail_failed`` says why). Never raises.
        """
        row = row_of(mime)
        if row.family is not Family.IMAGE or row.file_type not in {FileType.PHOTO, FileType.ANIMATION}:
            return None
        async with self._slots:
            try:
                return await self._attempts(path, max_side, max_bytes)
            except (UnusableImage, TimeoutError, OSError, RuntimeError) as error:
                reason = str(error) or type(error).__name__
                _log.warning("thumbnail_failed", file=path.name, mime=mime, reason=reason)
                return None

    async def _attempts(self, path: Path, max_side: int, max_bytes: int) -> Thumbnail | None:
        """Try, and once more with a new pool when the old one turns out broken (a worker was killed while idle)."""
        try:
            return await self._attempt(path, max_side, max_bytes)
        except BrokenProcessPool:
            return await self._attempt(path, max_side, max_bytes)

    async def _attempt(self, path: Path, max_side: int, max_bytes: int) -> Thumbnail | None:
        if self._closed:
            return None
        pool = self._pool = self._pool or self._new_pool()
        try:
            # In a thread, because the first call starts processes. Nothing queues: there is a slot for each worker.
            future = await asyncio.to_thread(self._schedule, pool, str(path), max_side, max_bytes)
            return await self._result(future)
        except (BrokenProcessPool, _Stuck):
            await self._discard(pool)
            raise

    async def _result(self, future: "Future[Thumbnail]") -> Thumbnail | None:
        self._running.add(future)
        if self._closed:
            future.cancel()
        try:
            async with asyncio.timeout(self._timeout + _START_UP) as deadline:
                return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                return None
            raise
        except TimeoutError:
            if deadline.expired():
                raise _Stuck("no worker answered") from None
            raise
        finally:
            self._running.discard(future)

    def _new_pool(self) -> pebble.ProcessPool:
        pebble.CONSTS.term_timeout = _KILL_AFTER
        return pebble.ProcessPool(
            max_workers=self._workers,
            max_tasks=_TASKS_PER_WORKER,
            initializer=prepare,
            initargs=(self._memory,),
            context=multiprocessing.get_context("spawn"),
        )

    def _schedule(self, pool: pebble.ProcessPool, path: str, max_side: int, max_bytes: int) -> "Future[Thumbnail]":
        alarm_after = int(self._timeout) + 5
        try:
            return pool.schedule(make_thumbnail, args=(path, max_side, max_bytes, alarm_after), timeout=self._timeout)
        except RuntimeError as error:  # what the pool says when it broke since the last image
            raise BrokenProcessPool(str(error)) from error

    async def _discard(self, pool: pebble.ProcessPool | None) -> None:
        if pool is None:
            return
        if self._pool is pool:
            self._pool = None
        await asyncio.to_thread(_end, pool)


def _end(pool: pebble.ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble types half of its methods
    pool.join()
