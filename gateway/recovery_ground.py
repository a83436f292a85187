"""What `backup`, `restore` and `recover` stand on: the database, and the archive engine without its jobs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiogram import Bot
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.archive import spool_directory
from gateway.cli_ground import command_bot
from gateway.data_dir import claim_data_dir, node_name
from gateway.engine import Engine, Spooling, build_engine
from gateway.logging import Redactor, configure_logging
from gateway.postgres import embedded_postgres
from gateway.process_lock import process_lock
from gateway.settings import Settings
from gateway.telegram_api import open_downloads
from storage.auditing.incidents import Incidents
from storage.clock import SystemClock
from storage.database import Sessions, open_database, session_factory
from storage.intake.progress import ProgressBoard
from storage.previews import ThumbnailMaker
from storage.spool import Spool


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryGround:
    """``engine`` is the archive's, ``database`` SQLAlchemy's."""

    settings: Settings
    database: AsyncEngine
    sessions: Sessions
    bot: Bot
    engine: Engine


@asynccontextmanager
async def recovery_ground(settings: Settings, *, alone: bool = False) -> AsyncIterator[RecoveryGround]:
    """Open the database as it is, without migrating it. ``alone``: while no other process serves DATA_DIR.

    Raises SettingsError, DataDirInUse and PostgresError, each with a text for the operator.
    """
    configure_logging(settings.log_format, "error", settings.secrets)
    claim_data_dir(settings)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        if alone:
            stack.enter_context(process_lock(settings.data_dir))
        if settings.database_url is None:
            dsn = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        else:
            dsn = settings.database_url.get_secret_value()
        database = await stack.enter_async_context(open_database(dsn))
        sessions = session_factory(database)
        spool = await stack.enter_async_context(Spool(spool_directory(settings), settings.spool_max_bytes).opened())
        bot = await stack.enter_async_context(command_bot(settings))
        engine = build_engine(
            settings=settings,
            bot=bot,
            http=await stack.enter_async_context(open_downloads(settings)),
            on=Spooling(sessions=sessions, spool=spool, board=ProgressBoard(), clock=clock, node=node_name(settings)),
            thumbnails=await stack.enter_async_context(ThumbnailMaker()),
            incidents=Incidents(sessions=sessions, clock=clock, redact=Redactor(settings.secrets)),
        )
        yield RecoveryGround(settings=settings, database=database, sessions=sessions, bot=bot, engine=engine)
