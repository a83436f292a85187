"""Backups of other versions: an older schema is brought to this one, a newer one is refused."""

from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.recovery_ground import recovery_ground
from gateway.restoring import is_restoring, restore
from sandbox.client import SandboxClient
from storage.recovery.errors import BackupNewer
from storage.schema import alembic_config, is_at_head, newest_revision
from storage.tables import Part
from tests.flow.archives import accept, count, read_back, running_archive, some_bytes, take_in
from tests.flow.test_recovery import ARCHIVE, SettingsOf, Told, empty_database, machine, settings_of

__all__ = ["empty_database", "settings_of"]

_BEFORE = 2
"""Migrations that the older version did not have."""


async def revision_of(database: AsyncEngine) -> str:
    async with database.connect() as connection:
        return str(await connection.scalar(text("SELECT version_num FROM alembic_version")))


async def test_a_backup_of_an_older_version_is_brought_to_this_one(
    database_url: str, empty_database: str, settings_of: SettingsOf, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Also what came after it is read, by the code of today; and the gateway goes on."""
    files = [some_bytes(80_000, seed) for seed in (1, 2, 3)]
    async with running_archive(database_url, sandbox, tmp_path, part_size="30000") as running:
        kept = [(await accept(running, data, wait=True)).media.id for data in files[:2]]
    async with machine(settings_of(database_url)) as on:
        database = on.ground.database
        async with database.connect() as connection:
            await connection.run_sync(lambda c: command.downgrade(alembic_config(c), f"-{_BEFORE}"))
        older = await revision_of(database)
        await on.back_up()
        passphrase = on.passphrase
        async with database.connect() as connection:
            await connection.run_sync(lambda c: command.upgrade(alembic_config(c), "head"))
    async with running_archive(database_url, sandbox, tmp_path, part_size="30000") as running:
        kept.append((await take_in(running, files[2])).media.id)
    async with recovery_ground(settings_of(empty_database, "second")) as ground:
        done = await restore(ground, [ARCHIVE], Told(given=passphrase))
        assert done.under.index.revision == older == _revisions()[_BEFORE]
        assert done.rebuilt.built.media == 1
        assert await is_at_head(ground.database)
    async with running_archive(empty_database, sandbox, tmp_path / "second", part_size="30000") as running:
        assert [await read_back(running, media_id) for media_id in kept] == files
        before = await count(running, Part)
        again = await take_in(running, some_bytes(40_000, 4))
        assert await read_back(running, again.media.id) == some_bytes(40_000, 4)
        assert await count(running, Part) == before + 2


def _revisions() -> list[str]:
    """The newest first."""
    return [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]


async def test_a_backup_of_a_newer_version_is_refused_and_nothing_is_changed(
    database_url: str, empty_database: str, settings_of: SettingsOf
) -> None:
    """Not the one before it either, which would restore: what came since would be lost without a word."""
    async with machine(settings_of(database_url)) as on:
        await on.back_up()
        async with on.ground.sessions.begin() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await on.back_up()
        passphrase = on.passphrase
    second = settings_of(empty_database, "second")
    async with recovery_ground(second) as ground:
        with pytest.raises(BackupNewer, match=r"newer Mediagate .*9999.*install that one"):
            await restore(ground, [ARCHIVE], Told(given=passphrase))
        async with ground.database.connect() as connection:
            assert await connection.scalar(text("SELECT to_regclass('media')")) is None
    assert not is_restoring(second)
    assert newest_revision() != "9999"
