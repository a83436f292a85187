"""Commands without a token, as after `make run`: they start the local Telegram, or find the one that runs."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.sandbox_process import found_or_started, sandbox_process
from gateway.settings import SettingsError
from sandbox.client import SandboxClient
from storage.recovery.errors import TelegramAway
from tests.flow.processes import free_port

REQUESTS, ARCHIVE = -1_001_000_000_001, -1_001_000_000_003


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    """DATA_DIR of an installation without a token, which does not run."""
    given = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a secret key for tests",
        "SANDBOX_PORT": str(free_port()),
        "DATA_DIR": str(tmp_path / "data"),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"MEDIAGATE_{name}", value)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
async def empty_database(postgres: str) -> AsyncIterator[str]:
    """One without any table."""
    connection = await asyncpg.connect(
        make_url(postgres).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    await connection.execute("CREATE DATABASE of_commands")
    yield make_url(postgres).set(database="of_commands").render_as_string(hide_password=False)
    await connection.execute("DROP DATABASE of_commands WITH (FORCE)")
    await connection.close()


async def mediagate(*arguments: str, say: str = "") -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), say)


async def test_an_archive_is_backed_up_checked_and_comes_back_with_nothing_running(
    here: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is gone, DATA_DIR with the local Telegram is there; nobody names a channel."""
    for purpose, chat_id in (("requests", REQUESTS), ("archive", ARCHIVE)):
        done = await mediagate("channels", "bind", purpose, "--", str(chat_id))
        assert (done.exit_code, done.output) == (0, f"{chat_id} serves {purpose} now.\n")
    passphrase = (await mediagate("setup", "--new-passphrase")).output.split()[-1]
    done = await mediagate("backup", "--json")
    assert json.loads(done.output)["channel"] == ARCHIVE, done.exception
    monkeypatch.setenv("MEDIAGATE_DATABASE_URL", empty_database)
    done = await mediagate("restore", "--passphrase-stdin", say=f"{passphrase}\n")
    assert done.exit_code == 0, done.exception
    assert "Restored." in done.output
    done = await mediagate("recover")
    assert done.exit_code == 0, done.exception
    assert "There are 0 media now" in done.output


async def test_the_one_that_runs_is_found(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whomever it was started; where the settings name another port, that is said."""
    async with sandbox_process(here / "sandbox", 0) as address, SandboxClient(address) as sandbox:
        port = int(address.rsplit(":", 1)[1])
        monkeypatch.setenv("MEDIAGATE_SANDBOX_PORT", str(port))
        done = await mediagate("channels", "bind", "requests", "--", str(REQUESTS))
        assert done.exit_code == 0, done.exception
        assert (await sandbox.stats())["calls"]["sendMessage"] == 1
        with pytest.raises(SettingsError, match="runs, but not on MEDIAGATE_SANDBOX_PORT"):
            async with found_or_started(here / "sandbox", free_port()):
                pass
        async with found_or_started(here / "another", port) as found:
            assert found == f"http://127.0.0.1:{port}"


async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"{port} is taken by another program"):
            async with found_or_started(tmp_path, port):
                pass


async def test_telegram_that_does_not_answer_is_no_missing_right(
    here: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAGATE_BOT_TOKENS", "7000000009:a-token-of-the-right-shape-aaaaaaaaaaa")
    monkeypatch.setenv("MEDIAGATE_TELEGRAM_API_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("MEDIAGATE_DATABASE_URL", empty_database)
    for command in (("restore", "--passphrase-stdin"), ("recover",)):
        done = await mediagate(*command, f"--channel={ARCHIVE}", say="x\n")
        assert isinstance(done.exception, TelegramAway)
        assert "run the same command again" in str(done.exception)
        assert "administrator" not in str(done.exception)
