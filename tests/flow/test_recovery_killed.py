"""`recover` and `restore` are killed (kill -9) in the middle of what they do, and then done again."""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from bench.recovery_rows import Rows, snapshot, told_media
from gateway.recovering import Named, recover
from gateway.recovery_ground import recovery_ground
from gateway.restoring import is_restoring, restore, restore_place
from gateway.sandbox_process import TOKEN
from gateway.settings import Settings
from sandbox.client import SandboxClient
from storage.domain import Purpose
from tests.flow.archives import accept, eventually, running_archive, some_bytes
from tests.flow.test_recovery import ARCHIVE, REQUESTS, SettingsOf, Told, machine, settings_of

__all__ = ["settings_of"]

_FILES = 24
_OF_THIS_RUN = {"at", "attached_at", "created_at", "next_attempt_at", "stored_at", "node", "file_id"}
_names = itertools.count(1)


@asynccontextmanager
async def fresh_database(postgres: str) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """One without any table, and a look into it."""
    name, server = f"killed_{next(_names)}", make_url(postgres).set(drivername="postgresql")
    outside = await asyncpg.connect(server.render_as_string(hide_password=False))
    await outside.execute(f"CREATE DATABASE {name}")
    inside = await asyncpg.connect(server.set(database=name).render_as_string(hide_password=False))
    try:
        yield make_url(postgres).set(database=name).render_as_string(hide_password=False), inside
    finally:
        await inside.close()
        await outside.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await outside.close()


async def killed(settings: Settings, *arguments: str, when: Callable[[], Awaitable[bool]], say: str = "") -> None:
    """The command in a process of its own, until ``when``."""
    assert settings.database_url is not None
    assert settings.secret_key is not None
    given = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "BOT_TOKENS": TOKEN,
        "TELEGRAM_API_URL": settings.telegram_api_url,
        "DATA_DIR": str(settings.data_dir),
        "LANE_RATE": "0",
    }
    environ = os.environ | {f"MEDIAGATE_{name}": value for name, value in given.items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli import main; main()", *arguments),
        env=environ,
        stdin=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(f"{say}\n".encode())

    async def now() -> bool:
        assert process.returncode is None, "it ended before it was killed"
        return await when()

    try:
        await eventually(now)
    finally:
        process.kill()
        await process.wait()


async def fill(database_url: str, sandbox: SandboxClient, tmp_path: Path, seeds: range) -> None:
    """Files of three parts, and of one."""
    async with running_archive(database_url, sandbox, tmp_path, part_size="3000") as running:
        for seed in seeds:
            await accept(running, some_bytes(7_000 if seed % 2 else 700, seed), wait=True)


async def test_a_killed_recovery_goes_on_where_it_was(
    postgres: str, database_url: str, settings_of: SettingsOf, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """While it reads, and while it builds: what comes of it is what comes of one that nobody interrupted."""
    await fill(database_url, sandbox, tmp_path, range(_FILES))
    channels = [Named(chat_id=REQUESTS, purpose=Purpose.REQUESTS)]
    head = (await sandbox.messages(REQUESTS, limit=1))[-1]["message_id"]
    async with fresh_database(postgres) as (url, database):
        settings, argument = settings_of(url, "killed"), f"--channel=requests={REQUESTS}"

        async def rows(table: str) -> int:
            if await database.fetchval(f"SELECT to_regclass('{table}')") is None:
                return 0
            return int(await database.fetchval(f"SELECT count(*) FROM {table}"))

        async def many_are_noted() -> bool:
            return await rows("found_messages") >= _FILES

        slow = await sandbox.add_fault("slow", method="forwardMessage", seconds=0.2)
        await killed(settings, "recover", argument, when=many_are_noted)
        await sandbox.remove_fault(slow)
        assert _FILES <= await rows("found_messages") < _FILES * 2
        assert await rows("media") == 0

        await database.execute(
            "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';"
            "CREATE TRIGGER slowly BEFORE INSERT ON media FOR EACH ROW EXECUTE FUNCTION slowly()"
        )
        await sandbox.reset_stats()

        async def some_are_built() -> bool:
            return await rows("media") > 2

        await killed(settings, "recover", argument, when=some_are_built)
        assert await looks(sandbox) < head, "what was noted is not looked at again"
        assert 0 < await rows("media") < _FILES
        await database.execute("DROP FUNCTION slowly() CASCADE")

        await sandbox.reset_stats()
        async with recovery_ground(settings) as ground:
            done = await recover(ground, channels, Told())
            assert (done.media, done.rebuilt.built.incomplete) == (_FILES, {})
            recovered = await told_media(ground.sessions)
        assert await looks(sandbox) < head / 4
    async with fresh_database(postgres) as (url, _), recovery_ground(settings_of(url, "unkilled")) as ground:
        await recover(ground, channels, Told())
        assert await told_media(ground.sessions) == recovered


async def looks(sandbox: SandboxClient) -> int:
    return int((await sandbox.stats())["calls"].get("forwardMessage", 0))


async def test_a_killed_restore_goes_on(
    postgres: str, database_url: str, settings_of: SettingsOf, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """While it fetches the parts, while the dump goes in, and while what came since is read."""
    await fill(database_url, sandbox, tmp_path, range(10))
    async with machine(settings_of(database_url, part_size="20000")) as on:
        await on.back_up()
        passphrase, pieces = on.passphrase, len(await on.pieces()) - 1
    assert pieces > 2
    await fill(database_url, sandbox, tmp_path, range(10, 16))
    wanted = await _unkilled(postgres, settings_of, passphrase)
    async with fresh_database(postgres) as (url, database):
        settings = settings_of(url, "killed")
        with pytest.raises(ZeroDivisionError):
            async with recovery_ground(settings) as ground:
                await restore(ground, [ARCHIVE], _StopsAfterAPiece(given=passphrase))
        assert len([*restore_place(settings).glob("*/*.age")]) == 1
        assert await database.fetchval("SELECT to_regclass('media')") is None
        await _killed_while_the_dump_goes_in(settings, database, passphrase)
        await _killed_while_it_reads(settings, database, sandbox, passphrase)
        assert is_restoring(settings)
        async with recovery_ground(settings) as ground:
            done = await restore(ground, [ARCHIVE], Told(given="nobody asks again"))
            assert done.finished
            assert _as_told(await snapshot(ground.sessions)) == _as_told(wanted[0])
            assert await told_media(ground.sessions) == wanted[1]
        assert not is_restoring(settings)


class _StopsAfterAPiece(Told):
    def fetched(self, done: int, total: int) -> None:
        raise ZeroDivisionError


async def _unkilled(postgres: str, settings_of: SettingsOf, passphrase: str) -> tuple[Rows, object]:
    async with fresh_database(postgres) as (url, _), recovery_ground(settings_of(url, "unkilled")) as ground:
        await restore(ground, [ARCHIVE], Told(given=passphrase))
        return await snapshot(ground.sessions), await told_media(ground.sessions)


async def _killed_while_the_dump_goes_in(settings: Settings, database: asyncpg.Connection, passphrase: str) -> None:
    """Each of its statements takes a while, so that there is a middle."""
    await database.execute(
        "CREATE SCHEMA aside; CREATE FUNCTION aside.slowly() RETURNS event_trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(0.02); END';"
        "CREATE EVENT TRIGGER slowly ON ddl_command_end EXECUTE FUNCTION aside.slowly()"
    )
    at_work = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mediagate pg_restore'"

    async def goes_in() -> bool:
        return bool(await database.fetchval(at_work))

    await killed(settings, "restore", f"--channel={ARCHIVE}", "--passphrase-stdin", when=goes_in, say=passphrase)
    await database.execute("DROP EVENT TRIGGER slowly; DROP SCHEMA aside CASCADE")


async def _killed_while_it_reads(
    settings: Settings, database: asyncpg.Connection, sandbox: SandboxClient, passphrase: str
) -> None:
    async def dump_is_in() -> bool:
        if await database.fetchval("SELECT to_regclass('audit')") is None:
            return False
        return bool(await database.fetchval("SELECT count(*) FROM audit WHERE action = 'index_restored'"))

    slow = await sandbox.add_fault("slow", method="forwardMessage", seconds=3)
    await killed(settings, "restore", f"--channel={ARCHIVE}", "--passphrase-stdin", when=dump_is_in, say=passphrase)
    await sandbox.remove_fault(slow)


def _as_told(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    """Every row, but for what is this machine's or this minute's."""
    plain: dict[str, list[dict[str, Any]]] = {}
    for name, of in rows.items():
        read = [json.loads(row) for row in of.values()]
        plain[name] = [{key: row[key] for key in row.keys() - _OF_THIS_RUN} for row in read]
    return plain
