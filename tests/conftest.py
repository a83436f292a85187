"""What every test builds on: a real PostgreSQL, a database of its own per test, and the local Telegram over HTTP."""

import asyncio
import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import uvloop
from sqlalchemy.engine import make_url

from gateway.postgres import embedded_postgres
from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running as running_sandbox
from storage.database import Sessions, open_database, session_factory
from storage.schema import migrate
from tests.sharing import share

share()

_TEMPLATE = "mediagate_template"
_CARELESS = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
"""Off: what happens to PostgreSQL itself is tried by tests with servers of their own; this one lives for a run."""

_FIRST = frozenset(
    {"test_bot_admin_alerts.py", "test_deploy.py", "test_migrations.py", "test_packaging.py", "test_previews.py"}
)
"""Files with a long wait or a long step of their own: begun last, one of them would run on alone at the end."""

_ROOM = 2 << 30
"""Bytes for the databases of one process of tests, and then some."""

_names = itertools.count(1)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A directory for an embedded server. Not pytest's `tmp_path`: each of its sessions shuts their common root to
    other users, and under root the server is one.
    """
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        yield Path(place)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of an embedded server whose template database is migrated to head."""
    with (
        tempfile.TemporaryDirectory(prefix="mediagate-", dir=_in_memory(), ignore_cleanup_errors=True) as place,
        asyncio.Runner() as runner,
    ):
        server = embedded_postgres(Path(place))
        dsn = runner.run(server.__aenter__())
        try:
            runner.run(_make_template(dsn))
            yield dsn
        finally:
            runner.run(server.__aexit__(None, None, None))


def _in_memory() -> str | None:
    """Where files cost no disk, if there is room: a database per test is a thousand files made and removed."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > _ROOM
    return str(shared) if roomy else None


async def _make_template(dsn: str) -> None:
    for setting in _CARELESS:
        await _execute(dsn, f"ALTER SYSTEM SET {setting} = off")
    await _execute(dsn, "SELECT pg_reload_conf()")
    await _execute(dsn, f"CREATE DATABASE {_TEMPLATE}")
    async with open_database(_named(dsn, _TEMPLATE)) as engine:
        await migrate(engine)


def _named(dsn: str, name: str) -> str:
    return make_url(dsn).set(database=name).render_as_string(hide_password=False)


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(make_url(dsn).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database_url(postgres: str) -> AsyncIterator[str]:
    """A fresh database at the newest migration, gone after the test."""
    name = f"test_{next(_names)}"
    await _execute(postgres, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
    yield _named(postgres, name)
    await _execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    async with open_database(database_url) as engine:
        yield session_factory(engine)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxClient]:
    """A local Telegram without flood limits, with its samples, and a client of its control API."""
    config = SandboxConfig(data_dir=tmp_path / "sandbox", flood=False)
    async with running_sandbox(config) as server, SandboxClient(server.url) as client:
        yield client


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-step", action="store_true", help="each fault at each step of shipping, not at a third")
    parser.addoption("--kills", type=int, default=1, help="how often the process is killed under load")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _FIRST)


def pytest_collection_finish() -> None:
    """As the gateway does: what imports made stays, so full collections need not walk it again and again."""
    gc.collect()
    gc.freeze()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """As the gateway runs."""
    return {"uvloop": uvloop.new_event_loop}
