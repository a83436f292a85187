"""`mediagate doctor`: look at everything the process needs, and say how to mend what is wrong."""

from contextlib import AsyncExitStack
from dataclasses import replace

from gateway.archive import spool_directory
from gateway.cli_ground import command_bot
from gateway.copying import copies_line
from gateway.data_dir import claim_data_dir
from gateway.engine import other_bots
from gateway.health import Health
from gateway.mirror import mirror_line
from gateway.postgres import embedded_postgres
from gateway.postgres_cluster import PostgresError
from gateway.settings import Settings, SettingsError
from storage.database import open_database, session_factory
from storage.spool import Spool
from web.deps import HealthLine


async def examine(settings: Settings) -> list[HealthLine]:
    """Every line, beginning with the settings. It changes nothing, and may run beside the process."""
    claim_data_dir(settings)
    telegram = "local Telegram (no MEDIAGATE_BOT_TOKENS)" if settings.sandbox else settings.telegram_api_url
    lines = [HealthLine(name="settings", ok=True, detail=f"{telegram}, data in {settings.data_dir}")]
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            try:
                dsn = await stack.enter_async_context(embedded_postgres(settings.data_dir))
            except PostgresError as error:
                return [*lines, HealthLine(name="database", ok=False, detail=str(error))]
        else:
            dsn = settings.database_url.get_secret_value()
        engine = await stack.enter_async_context(open_database(dsn))
        try:
            bot = await stack.enter_async_context(command_bot(settings))
        except SettingsError as error:
            return [*lines, HealthLine(name="telegram", ok=False, detail=str(error))]
        spool = await stack.enter_async_context(Spool(spool_directory(settings), settings.spool_max_bytes).opened())
        health = Health(engine=engine, bot=bot, spool=spool, spool_dir=str(spool_directory(settings)))
        lines += await health.lines()
        lines += await copies_line(session_factory(engine))
        lines += await mirror_line(settings, session_factory(engine))
        for other in other_bots(settings, bot):
            shipping = Health(engine=engine, bot=other, spool=spool, spool_dir=str(spool_directory(settings)))
            lines += [replace(line, name=f"{line.name} (bot {other.id})") for line in await shipping.of_bot()]
        return lines
