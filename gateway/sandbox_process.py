"""The local Telegram as a process of its own: what a newcomer's bot talks to where no token is set.

It is a child that ends when we do, however that happens: it watches a pipe whose other end only we hold. Nothing but
this module and the tests knows that there is a sandbox.

One serves a directory at a time. The gateway starts its own; commands (`found_or_started`) take the one that runs, be
it the gateway's or one that was started by hand, and start one where none does.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
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
_IN_USE = "another sandbox uses "
_START_SECONDS = 30
_ANSWER_SECONDS = 5
_STOP_SECONDS = 4


class SandboxInUse(SettingsError):
    """A sandbox runs on this directory already."""


@asynccontextmanager
async def found_or_started(data_dir: Path, port: int) -> AsyncIterator[str]:
    """The address of the sandbox on ``data_dir``: the one that runs, else it runs for as long as the context does.

    Where there is no state yet it is whichever answers on ``port``: somebody started that one for us. Raises
    SettingsError where none can be had.
    """
    async with AsyncExitStack() as stack:
        address = f"http://127.0.0.1:{port}"
        ours = await asyncio.to_thread(data_dir.exists)
        if ours or not await _answers(port):
            try:
                address = await stack.enter_async_context(sandbox_process(data_dir, port))
            except SandboxInUse as error:
                if not await _answers(port):
                    raise SettingsError(
                        f"the local Telegram of {data_dir.parent} runs, but not on MEDIAGATE_SANDBOX_PORT {port}: "
                        "set it as for the gateway"
                    ) from error
        yield address


async def _answers(port: int) -> bool:
    """Whether there is a Telegram that knows our bot."""
    if not port:
        return False
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET /bot{TOKEN}/getMe HTTP/1.0\r\n\r\n".encode())
                return b'"username"' in await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


@asynccontextmanager
async def sandbox_process(data_dir: Path, port: int) -> AsyncIterator[str]:
    """Run a sandbox on ``data_dir``; yield its address.

    Raises SettingsError where it does not come up: `SandboxInUse` where another one runs on that directory.
    """
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
        yield await _address(process, data_dir, port)
    finally:
        await _end(process)


async def _address(process: asyncio.subprocess.Process, data_dir: Path, port: int) -> str:
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
    if said and said[-1].startswith(_IN_USE):
        raise SandboxInUse(f"the local Telegram of {data_dir.parent} runs already: stop what started it first")
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
