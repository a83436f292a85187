"""The local Telegram as a process of its own: what a newcomer's bot talks to where no token is set.

It is a child that ends when we do, however that happens: it watches a pipe whose other end only we hold. Nothing but
this module and the tests knows that there is a sandbox.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from gateway.settings import SettingsError
from storage.domain import Purpose

log = structlog.stdlib.get_logger(__name__)

TOKEN = "7000000001:sandbox-bot-token-aaaaaaaaaaaaaaaaaaaaaaa"  # noqa: S105 -- opens nothing but a toy
CHANNELS = {
    Purpose.REQUESTS: (-1_001_000_000_001,),
    Purpose.REPORTS: (-1_001_000_000_002,),
    Purpose.ARCHIVE: (-1_001_000_000_003,),
    Purpose.ACCESS: (-1_001_000_000_004,),
}
ADMIN = 1003
STAFF_IDS, ADMIN_IDS = frozenset({1002}), frozenset({ADMIN})
STAFF_CHAT = -1_002_000_000_001

_READY = "sandbox listening on "
_START_SECONDS = 30
_STOP_SECONDS = 4


@asynccontextmanager
async def sandbox_process(data_dir: Path, port: int) -> AsyncIterator[str]:
    """Run a sandbox on ``data_dir``; yield its address. Raises SettingsError where it does not come up."""
    command = ("-m", "sandbox", "--data-dir", str(data_dir), "--port", str(port), "--token", TOKEN)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        "--flood",
        "off",
        "--exit-with-parent",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is for us: the sandbox is needed until our last answer
    )
    try:
        yield await _address(process, port)
    finally:
        await _end(process)


async def _address(process: asyncio.subprocess.Process, port: int) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = (await process.stdout.readline()).decode()
    except TimeoutError:
        line = ""
    if line.startswith(_READY):
        return line.removeprefix(_READY).strip()
    assert process.stderr is not None
    with suppress(ProcessLookupError):
        process.kill()
    said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
    if said and "address already in use" in said[-1].lower():
        raise SettingsError(
            f"MEDIAGATE_SANDBOX_PORT {port} is taken by another program: choose another one. "
            f"Example: MEDIAGATE_SANDBOX_PORT={port + 10} make run"
        )
    raise SettingsError(f"the local Telegram did not start: {said[-1] if said else 'no word from it'}")


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        log.warning("sandbox_killed")
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
