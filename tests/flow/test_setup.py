"""`mediagate setup`, `channels` and `staff`: on the terminal, against the local Telegram."""

import asyncio
import json
import os
import stat
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.env_file import set_in_env_file
from gateway.sandbox_process import TOKEN
from gateway.settings import SettingsError
from sandbox.client import SandboxClient
from storage.callers.recovery import RecoveryKeeper
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Role
from storage.tables import Audit, ChannelBinding, InviteLink, Person
from tests.flow.bot_running import ADMIN, REQUESTS

CODE = "from gateway.cli import main; main()"
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, sandbox: SandboxClient) -> Path:
    """A directory without a token, whose Telegram is the local one."""
    given = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a secret key for tests",
        "TELEGRAM_API_URL": sandbox.base_url,
        "SANDBOX_PORT": sandbox.base_url.rsplit(":", 1)[-1],
    }
    for name, value in given.items():
        monkeypatch.setenv(f"MEDIAGATE_{name}", value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def mediagate(*arguments: str, say: str = "") -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), say)


async def test_the_token_is_checked_kept_and_a_link_is_printed(here: Path, sessions: Sessions) -> None:
    (here / ".env").write_text("# mine\nMEDIAGATE_TIMEZONE=Asia/Tashkent\nMEDIAGATE_BOT_TOKENS=\n")
    done = await mediagate("setup", say=f"{TOKEN}\n")
    assert done.exit_code == 0, done.output
    assert TOKEN not in done.output
    assert "https://t.me/mediagate_bot?start=i_" in done.output
    assert (here / ".env").read_text() == f"# mine\nMEDIAGATE_TIMEZONE=Asia/Tashkent\nMEDIAGATE_BOT_TOKENS={TOKEN}\n"
    assert stat.S_IMODE((here / ".env").stat().st_mode) == 0o600
    async with sessions.begin() as session:
        link = (await session.scalars(select(InviteLink))).one()
    assert (link.role, link.most_uses, link.created_by) == (Role.ADMIN, 1, "cli")
    parameter = done.output.split("start=")[1].split()[0]
    assert parameter.encode() not in link.code_hash
    again = await mediagate("setup")
    assert again.exit_code == 0
    assert "start=" in again.output


async def test_the_token_is_not_shown_on_a_terminal(here: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", ON_A_TERMINAL, sys.executable, "-c", CODE, "setup"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    # The blank after the colon is written once the terminal has ceased to show what is typed.
    asked = await process.stdout.readuntil(b"not shown): ")
    process.stdin.write(f"{TOKEN}\n".encode())
    shown = (asked + await process.stdout.read()).decode()
    assert await process.wait() == 0, shown
    assert "start=i_" in shown
    assert TOKEN not in shown
    assert TOKEN in (here / ".env").read_text()


@pytest.mark.parametrize(
    ("token", "said"),
    [("hello", "no bot token"), ("7000000009:made-up-but-of-the-right-shape-aaaa", "does not know this token")],
)
async def test_a_wrong_token_changes_nothing(here: Path, token: str, said: str) -> None:
    done = await mediagate("setup", say=f"{token}\n")
    assert isinstance(done.exception, SettingsError)
    assert said in str(done.exception)
    assert token not in str(done.exception)
    assert not (here / ".env").exists()


async def test_a_directory_of_the_local_telegram_is_left_alone(here: Path) -> None:
    (here / ".data").mkdir()
    (here / ".data" / "kind").write_text("sandbox\n")
    done = await mediagate("setup", say=f"{TOKEN}\n")
    assert done.exit_code == 0, done.output
    assert "MEDIAGATE_DATA_DIR=.data-telegram" in (here / ".env").read_text()
    assert (here / ".data-telegram" / "kind").read_text().strip() == "telegram"


async def test_the_local_telegram_needs_no_token(here: Path) -> None:
    done = await mediagate("setup", "--sandbox")
    assert done.exit_code == 0, done.output
    assert "/start i_" in done.output
    assert not (here / ".env").exists()


async def test_another_passphrase_ends_the_first(here: Path, sessions: Sessions) -> None:
    keeper = RecoveryKeeper(sessions=sessions, clock=SystemClock())
    first = await keeper.make(by="telegram:1")
    assert first is not None
    assert await keeper.make(by="telegram:2") is None
    done = await mediagate("setup", "--new-passphrase")
    second = done.output.split()[-1]
    assert await keeper.check(second.upper().replace("-", " "))
    assert not await keeper.check(first)


async def test_channels_are_bound_listed_and_unbound(here: Path, sandbox: SandboxClient, sessions: Sessions) -> None:
    assert "No channel is bound" in (await mediagate("channels", "list")).output
    done = await mediagate("channels", "bind", "requests", "--", str(REQUESTS))
    assert (done.exit_code, done.output) == (0, f"{REQUESTS} serves requests now.\n")
    listed = json.loads((await mediagate("channels", "list", "--json")).output)
    assert [(one["chat_id"], one["purposes"], one["problems"]) for one in listed] == [(REQUESTS, ["requests"], [])]
    await sandbox.change_chat(-1_001_000_000_002, username="everybody", protected=True)
    unfit = await mediagate("channels", "bind", "reports", "--", "-1001000000002")
    assert unfit.exit_code == 1
    assert "make it private" in unfit.output
    assert "allow saving" in unfit.output
    done = await mediagate("channels", "unbind", "--", str(REQUESTS))
    assert done.output == f"{REQUESTS} serves no more: requests.\n"
    async with sessions.begin() as session:
        assert (await session.scalars(select(ChannelBinding))).all() == []
        actions = (await session.scalars(select(Audit.action).where(Audit.actor == "cli").order_by(Audit.id))).all()
    assert actions == ["channel_bound", "channel_unbound"]
    assert (await mediagate("channels", "bind", "everything", "--", "-1")).exit_code == 2


async def test_what_the_settings_bind_is_bound_there(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAGATE_CHANNELS", f"requests={REQUESTS}")
    done = await mediagate("channels", "bind", "requests", "--", str(REQUESTS))
    assert done.exit_code == 1
    assert "MEDIAGATE_CHANNELS" in done.output


async def test_staff_are_added_listed_and_removed(here: Path, sessions: Sessions) -> None:
    assert (await mediagate("staff", "add", "77", "--name", "Anvar")).output == "done.\n"
    assert (await mediagate("staff", "add", "78", "--admin")).output == "done.\n"
    listed = json.loads((await mediagate("staff", "list", "--json")).output)
    assert {(one["id"], one["role"], one["fixed"]) for one in listed} >= {
        (77, "staff", False),
        (78, "admin", False),
        (ADMIN, "admin", True),
    }
    assert (await mediagate("staff", "remove", "77")).exit_code == 0
    assert (await mediagate("staff", "remove", str(ADMIN))).exit_code == 1
    assert (await mediagate("staff", "remove", "999")).exit_code == 1
    async with sessions.begin() as session:
        roles = {row.telegram_id: row.role for row in await session.execute(select(Person.telegram_id, Person.role))}
    assert roles == {77: Role.USER, 78: Role.ADMIN}


async def test_an_invitation_is_printed(here: Path, sessions: Sessions) -> None:
    done = await mediagate("staff", "invite", "--uses", "3", "--expires", "12h")
    assert done.output.startswith("https://t.me/mediagate_bot?start=i_")
    async with sessions.begin() as session:
        link = (await session.scalars(select(InviteLink))).one()
    assert (link.role, link.most_uses) == (Role.STAFF, 3)
    assert (await mediagate("staff", "invite", "--expires", "soon")).exit_code == 2


def test_a_file_of_settings_keeps_its_other_lines(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    set_in_env_file(path, "A", "1")
    path.write_text("export A=old\n\n# A=comment\nAB=2\n")
    set_in_env_file(path, "A", "new")
    assert path.read_text() == "A=new\n\n# A=comment\nAB=2\n"
    assert [one.name for one in tmp_path.iterdir()] == [".env"]
