"""Asking the Request Service: numbers that are wanted at the same time are one call, and every answer is remembered.

Who asks waits as long as they like; the call itself goes on, so that a late answer still is there for the next.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from storage.clock import Clock
from storage.database import Sessions
from storage.errors import RequestServiceUnavailable
from storage.request_numbers import RequestNumber
from storage.work_orders.port import MOST_AT_ONCE, RequestService
from storage.work_orders.rows import answered, answered_unknown

log = structlog.get_logger(__name__)

_TOGETHER = 0.01
"""Seconds in which questions gather."""

_CALLS_AT_ONCE = 4
_HARDLY = 0.02
"""Seconds somebody waits for a service that left the last one waiting."""


class Asking:
    """One per process; questions are answered while `running` lasts."""

    def __init__(self, *, sessions: Sessions, service: RequestService, clock: Clock) -> None:
        self._sessions = sessions
        self._service = service
        self._clock = clock
        self._wanted: dict[RequestNumber, asyncio.Future[bool]] = {}
        self._asked: dict[RequestNumber, asyncio.Future[bool]] = {}
        self._more = asyncio.Event()
        self._places = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._answers = True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        calls: set[asyncio.Task[None]] = set()
        asker = asyncio.create_task(self._run(calls), name="request service")
        try:
            yield
        finally:
            for task in (asker, *calls):
                task.cancel()
            await asyncio.gather(asker, *calls, return_exceptions=True)
            for future in (*self._wanted.values(), *self._asked.values()):
                if not future.done():
                    future.set_result(False)

    async def ask(self, numbers: Collection[RequestNumber], *, patience: float) -> bool:
        """Have the rows say what the service says of these numbers. False where it did not answer in ``patience``
        seconds; while it does not answer anybody, nobody waits for it.
        """
        futures = [self._future(number) for number in numbers]
        if not futures:
            return True
        try:
            async with asyncio.timeout(patience if self._answers else _HARDLY):
                return all(await asyncio.gather(*map(asyncio.shield, futures)))
        except TimeoutError:
            self._answers = False
            return False

    def ask_later(self, numbers: Collection[RequestNumber]) -> None:
        """The same, without waiting for it."""
        for number in numbers:
            self._future(number)

    def _future(self, number: RequestNumber) -> asyncio.Future[bool]:
        known = self._wanted.get(number) or self._asked.get(number)
        if known is not None:
            return known
        future = self._wanted[number] = asyncio.get_running_loop().create_future()
        self._more.set()
        return future

    async def _run(self, calls: set[asyncio.Task[None]]) -> None:
        while True:
            await self._more.wait()
            await asyncio.sleep(_TOGETHER)
            await self._places.acquire()
            numbers = list(self._wanted)[:MOST_AT_ONCE]
            for number in numbers:
                self._asked[number] = self._wanted.pop(number)
            if not self._wanted:
                self._more.clear()
            call = asyncio.create_task(self._call(numbers), name="request look-up")
            calls.add(call)
            call.add_done_callback(calls.discard)

    async def _call(self, numbers: Sequence[RequestNumber]) -> None:
        fine = False
        try:
            self._answers = fine = await self._look_up(numbers)
        except (SQLAlchemyError, OSError) as error:
            log.warning("requests_not_remembered", error=type(error).__name__)
        finally:
            self._places.release()
            for number in numbers:
                future = self._asked.pop(number)
                if not future.done():
                    future.set_result(fine)

    async def _look_up(self, numbers: Sequence[RequestNumber]) -> bool:
        asked_at = self._clock.now()
        try:
            found = await self._service.look_up(numbers)
        except RequestServiceUnavailable as error:
            log.warning("requests_not_looked_up", count=len(numbers), reason=error.fields.get("reason"))
            return False
        async with self._sessions.begin() as session:
            await answered(session, found.values(), asked_at=asked_at)
            await answered_unknown(session, set(numbers) - set(found), asked_at=asked_at)
        return True
