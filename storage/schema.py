"""Bringing the database to the newest migration, and asking whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations that ship with this package."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Upgrade to ``revision``. Safe to call by many processes at once: an advisory lock orders them."""
    async with engine.connect() as connection:
        await connection.run_sync(lambda c: command.upgrade(alembic_config(c), revision))


def newest_revision() -> str:
    """The migration that this code works with."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


async def is_at_head(engine: AsyncEngine) -> bool:
    """Whether every migration has been run."""
    async with engine.connect() as connection:
        current = await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())
    return current == newest_revision()
