"""`mediagate run`: from the first signal to the last word."""

import asyncio
import gc
import signal
import sys
from contextlib import AsyncExitStack

import structlog
from sqlalchemy import func, select

from gateway.app import Gateway, running
from gateway.banner import banner
from gateway.postgres import embedded_postgres
from gateway.process_lock import process_lock
from gateway.settings import Settings
from storage.database import open_database
from storage.domain import PartState
from storage.schema import migrate
from storage.tables import Part

_OBJECTS = 10_000
"""How many more objects there may be before those that are young are looked at."""

log = structlog.stdlib.get_logger(__name__)


async def run_until_told(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM; the process's exit status, 0 also when it is told to stop while it starts."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await _serve(settings, stop)
    return 0


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    async with running(settings) as gateway:
        _spare_the_collector()
        print(banner(gateway), file=sys.stderr, flush=True)  # noqa: T201 -- for the person at the terminal
        await stop.wait()
        print("\nStopping: no new uploads, finishing what is under way …", file=sys.stderr, flush=True)  # noqa: T201
        waiting = await _waiting_parts(gateway)
    rest = f"{waiting} parts wait in the spool and go on at the next start" if waiting else "everything is in Telegram"
    print(f"Stopped. Nothing was lost: {rest}.", file=sys.stderr, flush=True)  # noqa: T201


def _spare_the_collector() -> None:
    """What the imports made lives as long as the process. Left in the collector's sight, a full collection looks at
    all of it (some 300,000 objects, most of them aiogram's) and blocks the event loop for a fifth of a second.
    Collections of what is young come every 700 objects by default, many times for each file.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])


async def _waiting_parts(gateway: Gateway) -> int:
    unstored = select(func.count()).where(Part.state.in_([PartState.SPOOLED, PartState.SHIPPING]))
    async with gateway.archive.sessions.begin() as session:
        return await session.scalar(unstored) or 0


async def migrate_database(settings: Settings) -> None:
    """Migrate without running. Raises DataDirInUse where a process runs on the embedded database."""
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            stack.enter_context(process_lock(settings.data_dir))
            dsn = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        else:
            dsn = settings.database_url.get_secret_value()
        await migrate(await stack.enter_async_context(open_database(dsn)))
