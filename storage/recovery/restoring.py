"""A dump goes back into an empty database: decrypted on the way, all of it or nothing."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pyrage
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.recovery.errors import BackupDamaged, BackupNewer, NotEmpty, RestoreFailed
from storage.recovery.finding import piece_path
from storage.recovery.indexes import BackupIndex
from storage.recovery.postgres_tools import RESTORE, PostgresTools, ToolFailed, application_name
from storage.schema import alembic_config

_LONGEST_LEFT_OVER, _LOOK_EVERY = 120.0, 0.2
_OF_NO_WORTH = frozenset({"alembic_version", "nodes", "presence", "bots", "bot_budgets", "lanes", "mirror_nodes"})
"""What a process writes that did nothing but start."""


def require_known(index: BackupIndex) -> None:
    """Raises `BackupNewer` for the dump of a database that these migrations do not lead to."""
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if index.revision not in known:
        raise BackupNewer(index.revision)


def open_secrets(index: BackupIndex, identity: pyrage.x25519.Identity) -> dict[str, str]:
    """What has to come back beside the database, by name. Raises `BackupDamaged`."""
    try:
        found = json.loads(pyrage.decrypt(index.sealed_secrets, [identity]))
    except (pyrage.DecryptError, OSError, ValueError) as error:
        raise BackupDamaged("its secrets cannot be decrypted") from error
    return {str(name): str(value) for name, value in found.items() if value}


async def require_empty(database: AsyncEngine) -> None:
    """Raises `NotEmpty` where there are rows that somebody could miss."""
    async with database.connect() as connection:
        full = [table for table in await _tables(connection) if await _has_rows(connection, table)]
    if full:
        raise NotEmpty(sorted(full))


async def earlier_ended(database: AsyncEngine) -> None:
    """Wait for the pg_restore of a restore that was killed: it ends when it notices, and may have had everything.

    Raises `RestoreFailed` where it goes on for long.
    """
    at_work = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name"
    )
    for _ in range(round(_LONGEST_LEFT_OVER / _LOOK_EVERY)):
        async with database.connect() as connection:
            if not await connection.scalar(at_work, {"name": application_name(RESTORE)}):
                return
        await asyncio.sleep(_LOOK_EVERY)
    raise RestoreFailed("another pg_restore is at work on it: wait until it has ended, and run the same command again")


async def restore_dump(
    database: AsyncEngine, tools: PostgresTools, index: BackupIndex, identity: pyrage.x25519.Identity, place: Path
) -> None:
    """Put the pieces in ``place`` into the database, which has no rows.

    Raises `NotEmpty`, `BackupDamaged` and `RestoreFailed`; the database is then as it was.
    """
    await require_empty(database)
    async with database.begin() as connection:
        if await _tables(connection):
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    paths = [piece_path(place, piece) for piece in index.pieces]
    work = asyncio.ensure_future(asyncio.to_thread(_restore, tools, paths, identity))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
    async with database.connect() as connection:
        committing = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await committing.execute(text("ANALYZE"))


def _restore(tools: PostgresTools, paths: Sequence[Path], identity: pyrage.x25519.Identity) -> None:
    pieces = _Joined(paths)
    try:
        with tools.restoring() as pipe:
            sink = _Sink(pipe)
            try:
                pyrage.decrypt_io(pieces, sink, [identity])
            except (pyrage.DecryptError, OSError) as error:
                if sink.broken:
                    raise BrokenPipeError from error
                raise BackupDamaged("it cannot be decrypted") from error
    except ToolFailed as error:
        raise RestoreFailed(str(error)) from error
    finally:
        pieces.close()


class _Joined:
    """Several files, read as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._file: IO[bytes] | None = None

    def read(self, size: int = -1) -> bytes:
        while True:
            if self._file is None:
                if not self._paths:
                    return b""
                self._file = self._paths.pop(0).open("rb")
            data = self._file.read(size)
            if data or size == 0:
                return data
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _Sink:
    """pg_restore's input. ``broken``: it stopped reading, and says itself why."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self.broken = False

    def write(self, data: bytes) -> int:
        try:
            return self._pipe.write(data)
        except BrokenPipeError:
            self.broken = True
            raise

    def flush(self) -> None:
        """The pipe is flushed where it is closed."""


async def _tables(connection: AsyncConnection) -> Sequence[str]:
    found = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    return [str(name) for (name,) in found]


async def _has_rows(connection: AsyncConnection, table: str) -> bool:
    if table in _OF_NO_WORTH or table.startswith("pgqueuer"):
        return False
    name = connection.dialect.identifier_preparer.quote(table)
    return bool(await connection.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {name})")))  # noqa: S608 -- quoted
