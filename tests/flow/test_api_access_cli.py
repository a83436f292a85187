"""`mediagate keys`, on a database of its own and beside what runs on it."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.callers.keys import Keys
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Quota, Scope
from storage.errors import Unauthenticated
from storage.tables import Audit

SECRET_KEY = "a secret key for tests"
CODE = "from gateway.cli import main; main()"


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    given = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY, "DATA_DIR": str(tmp_path)}
    return os.environ | {f"MEDIAGATE_{name}": value for name, value in given.items()}


async def mediagate(environ: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CODE, "keys", *arguments, env=environ, stdout=asyncio.subprocess.PIPE, stderr=-1
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_key_is_made_shown_once_listed_and_revoked(sessions: Sessions, environ: dict[str, str]) -> None:
    status, out, err = await mediagate(
        environ,
        *("create", "crm", "--scope", "media:read", "--scope", "media:write", "--expires", "90d", "--rate", "600"),
        *("--day-bytes", "10GiB", "--total-files", "5", "--json"),
    )
    assert (status, err) == (0, "")
    made = json.loads(out)
    secret = made.pop("secret")
    keys = Keys(sessions=sessions, secret_key=SECRET_KEY, clock=SystemClock())
    identity = await keys.identity(secret)
    assert identity.caller.owner == "service:crm"
    assert identity.caller.scopes == {Scope.MEDIA_READ, Scope.MEDIA_WRITE}
    assert identity.caller.quota == Quota(day_bytes=10 * 2**30, total_files=5)
    assert identity.rate_per_minute == 600
    status, out, _ = await mediagate(environ, "list")
    assert (status, secret in out, made["prefix"] in out) == (0, False, True)
    status, out, _ = await mediagate(environ, "revoke", str(made["id"]))
    assert (status, out) == (0, f"Key {made['id']} is revoked.\n")
    with pytest.raises(Unauthenticated):
        await keys.identity(secret)
    async with sessions.begin() as session:
        assert (await session.scalars(select(Audit.actor))).all() == ["cli", "cli"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "no spaces", "--scope", "admin"), "letters"),
        (("create", "crm", "--scope", "everything"), "unknown scope"),
        (("create", "crm"), "scope"),
        (("create", "crm", "--scope", "admin", "--expires", "soon"), "duration"),
        (("create", "crm", "--scope", "admin", "--day-bytes", "much"), "size"),
        (("revoke", "999"), "no key 999"),
    ],
)
async def test_what_cannot_be_done_is_said(environ: dict[str, str], arguments: tuple[str, ...], said: str) -> None:
    status, out, err = await mediagate(environ, *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
