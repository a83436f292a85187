"""Migrations run up and down, step by step, and lead to exactly what the models say."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import open_database
from storage.schema import alembic_config, is_at_head, migrate


@pytest.fixture
async def empty_database(database_url: str) -> str:
    """A database without any table of ours."""
    plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()
    return database_url


def revisions() -> list[str]:
    """Oldest first."""
    return [script.revision for script in reversed([*ScriptDirectory.from_config(alembic_config()).walk_revisions()])]


async def test_each_step_goes_up_down_and_up_again(empty_database: str) -> None:
    async with open_database(empty_database) as engine:
        for revision in revisions():
            for target in (revision, "-1", revision):
                await _run(engine, "downgrade" if target == "-1" else "upgrade", target)


async def test_all_the_way_down_leaves_nothing(empty_database: str) -> None:
    async with open_database(empty_database) as engine:
        await migrate(engine)
        await _run(engine, "downgrade", "base")
        async with engine.connect() as connection:
            tables = await connection.exec_driver_sql(
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'"
            )
            assert {name for (name,) in tables} <= {"alembic_version", "alembic_version_pkc"}
        assert not await is_at_head(engine)


async def test_the_models_say_what_the_migrations_made(database_url: str) -> None:
    async with open_database(database_url) as engine:
        assert await is_at_head(engine)
        async with engine.connect() as connection:
            await connection.run_sync(lambda c: command.check(alembic_config(c)))


async def test_two_processes_may_migrate_at_once(empty_database: str, tmp_path: Path) -> None:
    environ = os.environ | {
        "MEDIAGATE_DATABASE_URL": empty_database,
        "MEDIAGATE_SECRET_KEY": "a secret key for tests",
        "MEDIAGATE_DATA_DIR": str(tmp_path),
    }
    code = "from gateway.cli import main; main()"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, "migrate", env=environ) for _ in range(2)
    ]
    assert [await process.wait() for process in processes] == [0, 0]
    async with open_database(empty_database) as engine:
        assert await is_at_head(engine)


async def _run(engine: AsyncEngine, name: str, revision: str) -> None:
    def act(connection: Connection) -> None:
        getattr(command, name)(alembic_config(connection), revision)

    async with engine.connect() as connection:
        await connection.run_sync(act)
