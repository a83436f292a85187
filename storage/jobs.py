"""Jobs and schedules on PostgreSQL, through PgQueuer.

A job is only a wake-up: the row it names says what is to be done, and its handler claims that row. It is enqueued
in the transaction that makes it needed, and the minute's sweep enqueues again whatever has none.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job, Schedule
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any]], Awaitable[None]]
EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "17 * * * *"
_RECONNECT_DELAY = 1.0
_BATCH = 10
GRACE = 4.0
"""Seconds that running handlers get when the process ends. What they leave open is settled at the next start."""


_HEARTBEAT = timedelta(seconds=10)
"""After so long a silence other nodes take a dead one's jobs; a handler's claim of its row keeps that harmless."""

_NO_FLUSH = "SET synchronous_commit = off"
"""On this connection jobs are taken and ticked off, nothing else. What a power cut undoes of that runs once more."""

_RELEASE = """
UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL, updated = now()
WHERE status = 'picked' AND queue_manager_id IN (SELECT queue_manager_id FROM nodes WHERE name = $1)
"""
"""A killed process holds its jobs, and with them its handlers' places, until the silence is noticed. But it is known
to be dead when its node starts again: one process serves one DATA_DIR."""

_REGISTER = """
INSERT INTO nodes (name, queue_manager_id) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET queue_manager_id = EXCLUDED.queue_manager_id
"""

_STARTED = "UPDATE pgqueuer SET dedupe_key = NULL WHERE id = $1"
_DEDUPE = "dedupe"

INTERACTIVE, NORMAL, BULK = 20, 10, 0
"""Priorities: a person waits, a service waits, nobody waits."""


class Later(Exception):
    """Raised by a handler whose row cannot go on now: the job runs again after ``delay`` seconds."""

    def __init__(self, delay: float, reason: str) -> None:
        super().__init__(reason)
        self.delay = delay
        self.reason = reason


class LaterEach(Later):
    """Raised by a job of several rows: these go on later, each after its own delay, and the others are done.

    ``failed`` is what went wrong with one of the others, None: nothing. ``together``: rows by their delay.
    """

    def __init__(self, rows: Mapping[int, Later], failed: BaseException | None = None) -> None:
        super().__init__(min(later.delay for later in rows.values()), "each at its own time")
        self.failed = failed
        self.together: dict[float, list[int]] = {}
        for row, later in rows.items():
            self.together.setdefault(later.delay, []).append(row)


def named(payload: dict[str, Any], name: str) -> list[int]:
    """The rows that a job is about: one, or several."""
    rows = payload[name]
    return [int(row) for row in rows] if isinstance(rows, list) else [int(rows)]


async def each(rows: Sequence[int], handle: Callable[[int], Awaitable[None]]) -> None:
    """Handle rows side by side. What goes wrong with one disturbs no other.

    Raises `Later` where there is one row and it asks for that, `LaterEach` for those of several; else of the rows that
    fail the first's error.
    """
    outcomes = await asyncio.gather(*map(handle, rows), return_exceptions=True)
    later = {row: one for row, one in zip(rows, outcomes, strict=True) if isinstance(one, Later)}
    failed = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Later)]
    if later and len(rows) > 1 and all(isinstance(one, Exception) for one in failed):
        raise LaterEach(later, failed[0] if failed else None)
    for error in (*failed, *later.values()):
        raise error


async def enqueue(
    session: AsyncSession,
    name: str,
    payload: dict[str, Any],
    *,
    priority: int = NORMAL,
    delay: float = 0,
    dedupe: str | None = None,
) -> None:
    """Enqueue a job that exists if, and only if, the session's transaction commits.

    ``dedupe`` names the row: while a job with it is queued, another is not added. One that already runs may have read
    the row before this change, so it does not count.
    """
    await enqueue_all(session, name, [(payload, dedupe)], priority=priority, delay=delay)


async def enqueue_all(
    session: AsyncSession,
    name: str,
    jobs: Sequence[tuple[dict[str, Any], str | None]],
    *,
    priority: int = NORMAL,
    delay: float = 0,
) -> None:
    """`enqueue` for several, in one statement: each with its payload, and the name of its row or None. At least one."""
    raw = await (await session.connection()).get_raw_connection()
    connection = raw.driver_connection
    assert connection is not None
    if not connection.is_in_transaction():
        # A transaction begins with its first statement; before it, PgQueuer's own would survive a rollback.
        await session.execute(text("SELECT 1"))
    queries = Queries(AsyncpgDriver(connection), qbq=_QUEUE_SQL)
    await queries.enqueue(
        [name] * len(jobs),
        [json.dumps(payload).encode() for payload, _ in jobs],
        [priority] * len(jobs),
        [timedelta(seconds=delay) if delay else None] * len(jobs),
        [dedupe for _, dedupe in jobs],
        [None if dedupe is None else {_DEDUPE: dedupe} for _, dedupe in jobs],
        # Not "skip": the update locks the queued job, so that it is not run before this change is there to be read.
        on_conflict="update_priority",
    )


_QUEUE_SQL = QueryQueueBuilder()


class JobRunner:
    """Runs the handlers registered with it until it is stopped. One per process."""

    def __init__(self, dsn: str, node: str) -> None:
        self._node = node
        url = make_url(dsn)
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._handlers: dict[str, tuple[Handler, int]] = {}
        self._schedules: list[tuple[str, str, Callable[[], Awaitable[None]]]] = []
        self._stopping = asyncio.Event()
        self._current: PgQueuer | None = None

    @property
    def stopping(self) -> asyncio.Event:
        """Set when handlers should end soon: a cancelled PgQueuer loses running jobs, so they end themselves."""
        return self._stopping

    def handle(self, name: str, handler: Handler, *, at_once: int = 0) -> None:
        """Register ``handler`` for jobs named ``name``, at most ``at_once`` of them running (0: no limit)."""
        self._handlers[name] = (handler, at_once)

    def every(self, name: str, expression: str, action: Callable[[], Awaitable[None]]) -> None:
        """Run ``action`` on a cron expression, on one node at a time."""
        self._schedules.append((name, expression, action))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(), name="jobs")
        try:
            yield
        finally:
            self._stopping.set()
            if self._current is not None:
                self._current.shutdown.set()
            await task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._run_once()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if self._stopping.is_set():
                    return
                log.warning("job_runner_reconnecting", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_DELAY)

    async def _run_once(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            queue = PgQueuer.from_asyncpg_connection(connection)
            await connection.execute(_NO_FLUSH)
            await connection.execute(_RELEASE, self._node)
            await connection.execute(_REGISTER, self._node, queue.qm.queue_manager_id)
            self._current = queue
            for name, (handler, at_once) in self._handlers.items():
                queue.entrypoint(name, concurrency_limit=at_once)(self._entrypoint(queue, handler))
            for name, expression, action in self._schedules:
                queue.schedule(name, expression, clean_old=True)(_as_schedule(name, action))
            if self._stopping.is_set():
                return
            await queue.run(batch_size=_BATCH, dequeue_timeout=timedelta(seconds=5), shutdown_on_listener_failure=True)
        finally:
            self._current = None
            await connection.close(timeout=5)

    def _entrypoint(self, queue: PgQueuer, handler: Handler) -> Callable[[Job], Awaitable[None]]:
        async def run(job: Job) -> None:
            dedupe = _dedupe_of(job)
            if dedupe is not None:
                await queue.connection.execute(_STARTED, job.id)
            work = asyncio.create_task(_ending(handler(json.loads(job.payload or b"{}"))))
            if not await self._outlives(work):
                work.cancel()
                await asyncio.wait({work})
                raise RetryRequested(timedelta(0), "the process is ending")
            try:
                await work
            except LaterEach as later:
                if later.failed is not None:
                    _say_failed(job, later.failed)
                await _each_again(queue, job, later)
            except Later as later:
                if dedupe is None:
                    raise RetryRequested(timedelta(seconds=later.delay), later.reason) from later
                await _again(queue, job, dedupe, later.delay)
            except Exception as error:  # noqa: BLE001 -- said; a raising job would be deleted without a word
                _say_failed(job, error)

        return run

    async def _outlives(self, work: asyncio.Task[None]) -> bool:
        """Wait for ``work``; False where the process is ending and the work has had its time to finish."""
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await asyncio.wait({work}, timeout=GRACE)
            return work.done()
        finally:
            stopping.cancel()


def _dedupe_of(job: Job) -> str | None:
    return None if job.headers is None else cast("str | None", job.headers.get(_DEDUPE))


async def _again(queue: PgQueuer, job: Job, dedupe: str, delay: float) -> None:
    """Run a job that gave up its name again later, unless another has taken the name meanwhile."""
    await queue.qm.queries.enqueue(
        job.entrypoint,
        job.payload,
        job.priority,
        timedelta(seconds=delay),
        dedupe,
        {_DEDUPE: dedupe},
        on_conflict="skip",
    )


async def _each_again(queue: PgQueuer, job: Job, later: LaterEach) -> None:
    """In the job's place one for each delay, without a name as it was. The rows are the one list of its payload."""
    payload, number = json.loads(job.payload or b"{}"), len(later.together)
    rows_of = next(name for name, value in payload.items() if isinstance(value, list))
    payloads = [json.dumps({**payload, rows_of: rows}).encode() for rows in later.together.values()]
    delays = [timedelta(seconds=delay) for delay in later.together]
    await queue.qm.queries.enqueue([job.entrypoint] * number, [*payloads], [job.priority] * number, [*delays])


def _say_failed(job: Job, error: BaseException) -> None:
    """Once. The job is done with; its row stays, and the sweep wakes it again."""
    log.error("job_failed", job=str(job.entrypoint), exc_info=error)


async def _ending(work: Awaitable[None]) -> None:
    await work


def _as_schedule(name: str, action: Callable[[], Awaitable[None]]) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_schedule: Schedule) -> None:
        try:
            await action()
        except Exception:
            log.exception("schedule_failed", schedule=name)

    return run
