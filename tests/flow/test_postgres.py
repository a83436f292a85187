"""The embedded PostgreSQL comes up whatever was killed before, keeps what was committed, and ends with its users."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway import postgres, postgres_cluster
from gateway.postgres import embedded_postgres
from gateway.postgres_cluster import PostgresError
from gateway.process_lock import DataDirInUse, process_lock

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import asyncio, sys
from pathlib import Path
from gateway.postgres import embedded_postgres

async def main():
    async with embedded_postgres(Path(sys.argv[1])) as dsn:
        print(dsn, file=sys.stderr, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn.replace("+asyncpg", ""), timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def remember(dsn: str, word: str) -> None:
    async with connected(dsn) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        await connection.execute("INSERT INTO words VALUES ($1)", word)


async def remembered(dsn: str) -> list[str]:
    async with connected(dsn) as connection:
        return [row[0] for row in await connection.fetch("SELECT word FROM words ORDER BY word")]


def servers(data_dir: Path) -> list[psutil.Process]:
    """The living postmasters on this directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            if process.name() == "postgres" and str(data_dir.resolve() / "postgres") in process.cmdline():
                found.append(process)
    return found


def open_holder(data_dir: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def dsn_of(holder: "subprocess.Popen[str]") -> str:
    assert holder.stderr
    return next(line.strip() for line in holder.stderr if line.startswith("postgresql+asyncpg://"))


@contextmanager
def another_process(data_dir: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A process that uses the server of ``data_dir`` until its input ends, and its DSN."""
    with open_holder(data_dir) as holder:
        try:
            yield holder, dsn_of(holder)
        finally:
            holder.kill()


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not pytest's own: each of its sessions shuts their common root to others, and under root the server is one."""
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        yield Path(place)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "data"
    yield directory
    for server in servers(directory):
        with suppress(psutil.NoSuchProcess):
            server.kill()


def pid_file(data_dir: Path) -> Path:
    return data_dir / "postgres" / "postmaster.pid"


async def test_it_starts_on_nothing_and_stops_with_its_user(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as dsn:
        assert len(servers(data_dir)) == 1
        async with connected(dsn) as connection:
            assert await connection.fetchval("SELECT current_database()") == "mediagate"
            assert await connection.fetchval("SELECT lower('Заявка')") == "заявка"
            for name, value in {"fsync": "on", "synchronous_commit": "on", "max_connections": "60"}.items():
                assert await connection.fetchval("SELECT current_setting($1)", name) == value
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not servers(data_dir)


async def test_what_was_committed_is_there_at_the_next_start(data_dir: Path) -> None:
    for word in ("one", "two"):
        async with embedded_postgres(data_dir) as dsn:
            await remember(dsn, word)
    async with embedded_postgres(data_dir) as dsn:
        assert await remembered(dsn) == ["one", "two"]


async def test_a_foreign_environment_changes_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "9", "PGHOST": "elsewhere", "PGUSER": "nobody", "PGDATABASE": "none"}.items():
        monkeypatch.setenv(name, value)
    async with embedded_postgres(data_dir) as dsn:
        engine = create_async_engine(dsn)
        async with engine.connect() as connection:
            row = (await connection.execute(text("SELECT current_user, current_database()"))).one()
        await engine.dispose()
    assert tuple(row) == ("postgres", "mediagate")


async def test_a_start_that_is_given_up_leaves_no_server(data_dir: Path) -> None:
    async with embedded_postgres(data_dir):
        pass
    starting = asyncio.create_task(_pid_of_started(data_dir))
    while not servers(data_dir):
        await asyncio.sleep(0.005)
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting
    assert not servers(data_dir)


async def test_connections_left_open_do_not_hold_up_the_end(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as dsn:
        left = await asyncpg.connect(dsn.replace("+asyncpg", ""))
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not servers(data_dir)
    left.terminate()


async def test_after_a_kill_of_its_user_the_server_is_taken_over_and_stopped(data_dir: Path) -> None:
    with another_process(data_dir) as (holder, first):
        await remember(first, "kept")
        (survivor,) = servers(data_dir)
        holder.kill()
        holder.wait()
        async with embedded_postgres(data_dir) as dsn:
            assert servers(data_dir) == [survivor]
            assert await remembered(dsn) == ["kept"]
    assert not servers(data_dir)


async def test_after_a_kill_of_everything_it_recovers(data_dir: Path) -> None:
    with another_process(data_dir) as (holder, first):
        await remember(first, "kept")
        (server,) = servers(data_dir)
        holder.kill()
        for process in (server, *server.children()):
            with suppress(psutil.NoSuchProcess):  # what serves a killed server ends by itself
                process.kill()
        async with embedded_postgres(data_dir) as dsn:
            assert await remembered(dsn) == ["kept"]
    assert not servers(data_dir)


async def test_after_a_kill_of_the_server_alone_it_ends_and_starts_again(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as dsn:
        await remember(dsn, "kept")
        left = await asyncpg.connect(dsn.replace("+asyncpg", ""))
        (server,) = servers(data_dir)
        server.kill()
    async with embedded_postgres(data_dir) as dsn:
        assert await remembered(dsn) == ["kept"]
    left.terminate()


async def test_a_server_that_is_still_stopping_is_waited_for(data_dir: Path) -> None:
    with another_process(data_dir) as (holder, first):
        (old,) = servers(data_dir)
        async with connected(first):
            holder.kill()
            old.send_signal(signal.SIGTERM)  # ends when its last client leaves, and lets no new one in
            starting = asyncio.create_task(_pid_of_started(data_dir))
            await asyncio.wait([starting], timeout=0.5)
            assert not starting.done()
        assert await asyncio.wait_for(starting, 20) != old.pid


async def _pid_of_started(data_dir: Path) -> int:
    async with embedded_postgres(data_dir):
        return servers(data_dir)[0].pid


async def test_a_server_that_does_not_answer_yet_is_waited_for(data_dir: Path) -> None:
    with another_process(data_dir) as (holder, _):
        (server,) = servers(data_dir)
        holder.kill()
        server.suspend()
        starting = asyncio.create_task(_pid_of_started(data_dir))
        await asyncio.wait([starting], timeout=0.5)
        assert not starting.done()
        server.resume()
        assert await asyncio.wait_for(starting, 20) == server.pid


@pytest.mark.parametrize("cut", ["", "\n", "999999\n", "garbage\n" * 8, "1\n/data\n"])
async def test_a_cut_pid_file_is_no_obstacle(data_dir: Path, cut: str) -> None:
    async with embedded_postgres(data_dir):
        pass
    pid_file(data_dir).write_text(cut)
    async with embedded_postgres(data_dir) as dsn:
        await remember(dsn, "up")
    assert not servers(data_dir)


def _plant_pid_file(data_dir: Path, pid: int) -> None:
    place = data_dir.resolve() / "postgres"
    lines = [pid, place, int(time.time()), 5432, place, "", "  1234567     65536", "ready   "]
    pid_file(data_dir).write_text("".join(f"{line}\n" for line in lines))


async def test_a_pid_file_that_names_a_stranger_is_no_obstacle(data_dir: Path) -> None:
    async with embedded_postgres(data_dir):
        pass
    owner = (data_dir / "postgres").stat()
    stranger = subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid)
    try:
        _plant_pid_file(data_dir, stranger.pid)
        async with embedded_postgres(data_dir) as dsn:
            await remember(dsn, "up")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert not servers(data_dir)


async def test_a_pid_file_that_names_a_zombie_is_no_obstacle(data_dir: Path) -> None:
    async with embedded_postgres(data_dir):
        pass
    with subprocess.Popen(["true"]) as zombie:
        while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.01)
        _plant_pid_file(data_dir, zombie.pid)
        async with embedded_postgres(data_dir) as dsn:
            await remember(dsn, "up")


async def test_the_last_of_several_users_stops_the_server(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as outer:
        with another_process(data_dir) as (holder, theirs):
            assert theirs == outer
            async with embedded_postgres(data_dir) as inner:
                assert inner == outer
            holder.communicate("")
            assert holder.returncode == 0
        await remember(outer, "still up")
        assert len(servers(data_dir)) == 1
    assert not servers(data_dir)


async def test_two_processes_may_make_the_cluster_at_once(data_dir: Path) -> None:
    with open_holder(data_dir) as first, open_holder(data_dir) as second:
        assert dsn_of(first) == dsn_of(second)
        assert len(servers(data_dir)) == 1
        for holder in (first, second):
            holder.communicate("")
            assert holder.returncode == 0
    assert not servers(data_dir)


@pytest.mark.parametrize("name", ["d" * 150, 'o\'ne, "two": three $HOME', "данные"])
async def test_any_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        Path(short).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", short)
        for _ in range(2):
            async with embedded_postgres(tmp_path / name) as dsn:
                await remember(dsn, "up")
                (place,) = Path(short).iterdir()
                assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert not servers(tmp_path / name)


async def test_a_socket_directory_that_others_could_enter_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        Path(short).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", short)
        async with embedded_postgres(tmp_path / "данные"):
            (place,) = Path(short).iterdir()
        place.chmod(0o755)
        with pytest.raises(PostgresError, match="is not ours, or open to others"):
            await _pid_of_started(tmp_path / "данные")


async def test_a_cluster_that_was_half_made_is_made_anew(data_dir: Path) -> None:
    (data_dir / "postgres.new").mkdir(parents=True)
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")
    async with embedded_postgres(data_dir) as dsn:
        await remember(dsn, "up")
    assert not (data_dir / "postgres.new").exists()


async def test_data_is_private_and_nothing_above_becomes_readable(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir(mode=0o700)
    async with embedded_postgres(above / "data"):
        assert stat.S_IMODE((above / "data" / "postgres").stat().st_mode) == 0o700
        for directory in (above, above / "data"):
            assert stat.S_IMODE(directory.stat().st_mode) & 0o076 == 0
        assert stat.S_IMODE((above / "data" / "postgres.log").stat().st_mode) == 0o600


async def test_a_server_that_cannot_start_is_reported_with_its_log(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with embedded_postgres(data_dir):
        pass
    (data_dir / "postgres" / "postgresql.conf").write_text("max_connections = many\n")
    monkeypatch.setattr(postgres, "_LAUNCHES", 2)
    with pytest.raises(PostgresError, match=r"does not start; its log ends:\n(.*\n)*.*max_connections"):
        await _pid_of_started(data_dir)


async def test_data_of_another_version_is_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresError, match=f"is of PostgreSQL 16, and {postgres_cluster.VERSION} is"):
        await _pid_of_started(data_dir)


def test_one_process_serves_one_directory(tmp_path: Path) -> None:
    with process_lock(tmp_path):
        with pytest.raises(DataDirInUse, match="is in use by process") as caught, process_lock(tmp_path):
            pass
        assert caught.value.pid == os.getpid()
    with process_lock(tmp_path):
        pass


def test_a_killed_process_lets_go_of_its_directory(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from gateway.process_lock import process_lock\n"
        "with process_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(DataDirInUse) as caught, process_lock(tmp_path):
            pass
        assert caught.value.pid == holder.pid
        holder.kill()
        holder.wait()
        with process_lock(tmp_path):
            pass
