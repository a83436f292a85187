"""The gateway without its doors: for a command that has work for the gateway's jobs while no gateway runs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.archive import open_archive
from gateway.cli_ground import command_bot
from gateway.data_dir import claim_data_dir, node_name
from gateway.logging import configure_logging
from gateway.postgres import embedded_postgres
from gateway.process_lock import process_lock
from gateway.settings import Settings
from storage.clock import SystemClock
from storage.database import Sessions, open_database
from storage.jobs import JobRunner
from storage.schema import migrate


@asynccontextmanager
async def headless(settings: Settings) -> AsyncIterator[Sessions]:
    """Run the storage layer and its jobs. Nothing is taken in meanwhile: updates wait at Telegram.

    Raises DataDirInUse where a gateway serves DATA_DIR: its jobs do the work then. And SettingsError, PostgresError.
    """
    configure_logging(settings.log_format, "error", settings.secrets)
    claim_data_dir(settings)
    async with AsyncExitStack() as stack:
        stack.enter_context(process_lock(settings.data_dir))
        if settings.database_url is None:
            dsn = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        else:
            dsn = settings.database_url.get_secret_value()
        engine = await stack.enter_async_context(open_database(dsn))
        await migrate(engine)
        bot = await stack.enter_async_context(command_bot(settings))
        node = node_name(settings)
        jobs = JobRunner(dsn, node)
        archive = open_archive(settings=settings, engine=engine, bot=bot, jobs=jobs, clock=SystemClock(), node=node)
        opened = await stack.enter_async_context(archive)
        await stack.enter_async_context(jobs.running())
        yield opened.sessions
