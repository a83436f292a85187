"""How alembic runs: over an async connection it is given, or one it makes from ``MEDIAGATE_DATABASE_URL``."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.tables import Table

ADVISORY_LOCK = 0x6D656469  # "medi": two processes never migrate at the same time
config = context.config


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """PgQueuer brings its own tables; they are not in our metadata."""
    return not (kind == "table" and name is not None and name.startswith("pgqueuer"))


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        include_name=_is_ours,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    connection.execute(text("SET lock_timeout = '10s'"))
    connection.execute(text("SET statement_timeout = '15min'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.commit()
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text("RESET statement_timeout"))
        connection.commit()


async def _connect_and_migrate() -> None:
    engine = create_async_engine(os.environ["MEDIAGATE_DATABASE_URL"])
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


given: Connection | None = config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    asyncio.run(_connect_and_migrate())
