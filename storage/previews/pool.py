"""Worker processes behind one coroutine: what runs in them may die, hang or run out of memory without harm."""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self, TypeVar

import pebble

from storage.previews.worker import guarded, prepare

T = TypeVar("T")

_TASKS_PER_WORKER = 200  # then a new process: decoders leak
_START_UP = 15.0  # seconds a new worker may take to load its libraries on a busy machine
_KILL_AFTER = 1.0  # seconds between SIGTERM and SIGKILL; pebble waits three by default


class PoolClosed(RuntimeError):
    """The process is ending: nothing is made any more."""


class _Stuck(TimeoutError):
    """The pool itself does not answer, although it should have ended the task long ago."""


class WorkerPool:
    """Runs functions of `storage.previews.worker` in processes.

    An async context manager. The processes start with the first task, not before. Threads in the parent and
    uvloop do no harm: workers are spawned, never forked. Leaving the context ends them within two seconds; calls
    still waiting then raise `PoolClosed`.
    """

    def __init__(self, *, workers: int, timeout: float, memory: int) -> None:
        """``timeout`` is seconds for one task, ``memory`` the address space of one worker in bytes."""
        self._workers = workers
        self._timeout = timeout
        self._memory = memory
        self._slots = asyncio.Semaphore(workers)
        self._pool: pebble.ProcessPool | None = None
        self._running: set[Future[Any]] = set()
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

    async def run(self, task: Callable[..., T], *args: object) -> T:
        """What ``task`` returns.

        Raises `UnusableImage` where nothing can be made of the file, TimeoutError where it takes too long,
        `PoolClosed`, and OSError or RuntimeError where the worker died.
        """
        async with self._slots:
            try:
                return await self._attempt(task, args)
            except BrokenProcessPool:  # a worker was killed while idle, most likely: once more, with a new pool
                return await self._attempt(task, args)

    async def _attempt(self, task: Callable[..., T], args: tuple[object, ...]) -> T:
        if self._closed:
            raise PoolClosed
        pool = self._pool = self._pool or self._new_pool()
        try:
            # In a thread, because the first call starts processes. Nothing queues: there is a slot for each worker.
            future = await asyncio.to_thread(self._schedule, pool, task, args)
            return await self._result(future)
        except (BrokenProcessPool, _Stuck):
            await self._discard(pool)
            raise

    async def _result(self, future: "Future[T]") -> T:
        self._running.add(future)
        if self._closed:
            future.cancel()
        try:
            async with asyncio.timeout(self._timeout + _START_UP) as deadline:
                return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                raise PoolClosed from None
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

    def _schedule(self, pool: pebble.ProcessPool, task: Callable[..., T], args: tuple[object, ...]) -> "Future[T]":
        alarm_after = int(self._timeout) + 5
        try:
            future: Future[T] = pool.schedule(guarded, args=(alarm_after, task, *args), timeout=self._timeout)
        except RuntimeError as error:  # what the pool says when it broke since the last task
            raise BrokenProcessPool(str(error)) from error
        return future

    async def _discard(self, pool: pebble.ProcessPool | None) -> None:
        if pool is None:
            return
        if self._pool is pool:
            self._pool = None
        await asyncio.to_thread(_end, pool)


def _end(pool: pebble.ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble types half of its methods
    pool.join()
