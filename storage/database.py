"""The engine and the sessions. Use cases open short transactions with ``async with sessions.begin()``.

What many do at the same time, each for a row of their own, they do `Together`: in one transaction for all.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

Sessions = async_sessionmaker[AsyncSession]

_IDLE_SECONDS = 1.0
"""A connection used so lately is taken for alive: asking each time would double the shortest transactions."""

_LINGER = 0.025
"""Seconds for which a transaction waits at most for as many as the last one had: ten cost little more than one."""

_GRACE = 0.004
"""Seconds more, once they are there, so that those who have just missed the last one are among them."""

UNHURRIED = 0.1
"""The same for what nobody waits for, and for `_ENOUGH`: the more that come together, the less each costs."""

_ENOUGH, _MOST_TOGETHER = 48, 100

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[AsyncSession, Sequence[T]], Awaitable[Sequence[R]]]
"""Does for several what is to be done for each, in a transaction; returns a result for each, in their order."""

POOL_SIZE = 12
"""Connections per process: transactions are short and never wait for the network, so few serve many."""


@asynccontextmanager
async def open_database(dsn: str) -> AsyncIterator[AsyncEngine]:
    """Yield an engine on ``dsn`` (``postgresql+asyncpg://…``); its pool is closed at the end."""
    engine = create_async_engine(
        dsn,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=30,
        pool_use_lifo=True,  # the one that was used last has everything planned and at hand
        hide_parameters=True,  # what users sent has no place in logs and traces
        connect_args={"server_settings": {"timezone": "UTC", "application_name": "mediagate"}},
    )
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _ping_idle)
    try:
        yield engine
    finally:
        await engine.dispose()


def session_factory(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)


def single_statements(sessions: Sessions) -> Sessions:
    """The same connections for who reads by one statement each time: without a transaction.

    Its begin and its end would cost as much as the statement.
    """
    engine: AsyncEngine = sessions.kw["bind"]
    return session_factory(engine.execution_options(isolation_level="AUTOCOMMIT"))


class Together(Generic[T, R]):
    """Shares transactions: calls that come while one runs are the next one, so under load there are few large ones.

    Who is alone waits for nobody. Where a transaction of several fails, each is tried in one of its own, so that
    nobody fails for another's fault. No result is returned before its transaction has committed. Items of one ``row``
    never come in the same transaction: where two want to claim it, the second finds what the first has left.
    """

    def __init__(
        self, sessions: Sessions, work: Work[T, R], *, row: Callable[[T], Hashable], linger: float = _LINGER
    ) -> None:
        self._sessions = sessions
        self._work = work
        self._row = row
        self._linger = linger
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._turn = asyncio.Lock()
        self._expected = 1
        self._enough: asyncio.Future[None] | None = None

    async def __call__(self, item: T) -> R:
        """What ``work`` returned for ``item``, or raised."""
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._enough is not None and len(self._waiting) >= self._wanted and not self._enough.done():
            self._enough.set_result(None)
        try:
            async with self._turn:
                while not result.done():
                    await self._serve_next()
            return result.result()
        finally:
            result.cancel()  # who was cancelled while waiting is not served any more

    async def _serve_next(self) -> None:
        await self._company()
        calls = self._next()
        self._expected = len(calls)
        try:
            await self._serve(calls)
        except BaseException:  # we are cancelled: the others are served by whose turn is next
            self._waiting.extendleft(reversed([call for call in calls if not call[1].done()]))
            raise

    @property
    def _wanted(self) -> int:
        return _ENOUGH if self._linger >= UNHURRIED else self._expected

    async def _company(self) -> None:
        """Wait until as many are there as the last time: who is answered together mostly comes again together."""
        if self._expected == 1 or not self._linger:
            await asyncio.sleep(0)
            return
        if len(self._waiting) < self._wanted:
            self._enough = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait({self._enough}, timeout=self._linger)
            finally:
                self._enough = None
        await asyncio.sleep(_GRACE)

    def _next(self) -> list[tuple[T, asyncio.Future[R]]]:
        """Those who wait, in their order; who is second for a row waits on."""
        calls: dict[Hashable, tuple[T, asyncio.Future[R]]] = {}
        second: list[tuple[T, asyncio.Future[R]]] = []
        while self._waiting and len(calls) < _MOST_TOGETHER:
            call = self._waiting.popleft()
            if not call[1].done() and calls.setdefault(self._row(call[0]), call) is not call:
                second.append(call)
        self._waiting.extendleft(reversed(second))
        return [*calls.values()]

    async def _serve(self, calls: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            async with self._sessions.begin() as session:
                results = await self._work(session, [item for item, _ in calls])
        except Exception as error:  # noqa: BLE001 -- raised where its call is
            await self._fail(calls, error)
            return
        for (_, future), result in zip(calls, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def _fail(self, calls: Sequence[tuple[T, asyncio.Future[R]]], error: Exception) -> None:
        if len(calls) > 1:
            for call in calls:
                await self._serve([call])
        elif not calls[0][1].done():
            calls[0][1].set_exception(error)


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _ping_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """A server that restarted has closed its connections: find that out before a statement does."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < _IDLE_SECONDS:
        return
    try:
        connection.ping()
    except connection.dbapi.Error as error:
        raise InvalidatePoolError from error
