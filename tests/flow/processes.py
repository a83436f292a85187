"""Real processes for tests that kill them: the gateway as `mediagate run` starts it, and a Telegram beside it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from gateway.sandbox_process import CHANNELS, TOKEN

_QUICK = """
import storage.engine.reconciling, storage.engine.shipping, storage.telegram.lanes
storage.engine.reconciling.SETTLE_SECONDS = 1.0
storage.engine.reconciling.FIRST_WATCH, storage.engine.reconciling.WATCH_SECONDS = 2.0, 4.0
storage.telegram.lanes._PAUSE = 0.5
from gateway.cli import main
main()
"""
"""The real process with seconds instead of tens of seconds between a lost answer and the search for it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class GatewayProcess:
    """`mediagate run` on a directory of its own. Its output is appended to ``log``."""

    def __init__(self, directory: Path, api_url: str, **variables: str) -> None:
        self.directory = directory
        self.log = directory / "gateway.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None
        given = {
            "BOT_TOKENS": TOKEN,
            "TELEGRAM_API_URL": api_url,
            "CHANNELS": ",".join(f"{purpose}={ids[0]}" for purpose, ids in CHANNELS.items()),
            "ACCESS": "open",
            "API_KEYS": "test-key",
            "DATA_DIR": str(directory / "data"),
            "HTTP_PORT": str(self.port),
            "PART_SIZE": "256KiB",
            "LANE_RATE": "0",
            "ARCHIVE_WAIT": "20",
            "STAFF_IDS": "1002",
            **variables,
        }
        self._environ = os.environ | {f"MEDIAGATE_{name}": value for name, value in given.items()}

    @property
    def data_dir(self) -> Path:
        return self.directory / "data"

    async def start(self) -> None:
        """Start, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _QUICK, "run", env=self._environ, stdout=log, stderr=log, start_new_session=True
            )
        async with asyncio.timeout(40), aiohttp.ClientSession() as session:
            while True:
                assert self.process.returncode is None, self.log.read_text()[-3000:]
                with suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/health/live") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """`kill -9`: nothing of ours runs after it."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    def kill_postgres(self) -> None:
        """`kill -9` of the embedded server, as far as it runs."""
        pid_file = self.data_dir / "postgres" / "postmaster.pid"
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.terminate()
        async with asyncio.timeout(20):
            return await self.process.wait()


@asynccontextmanager
async def gateway_process(directory: Path, api_url: str, **variables: str) -> AsyncIterator[GatewayProcess]:
    """A started gateway; at the end it is stopped, however often it was killed in between."""
    gateway = GatewayProcess(directory, api_url, **variables)
    await gateway.start()
    try:
        yield gateway
    finally:
        if gateway.process is not None and gateway.process.returncode is None:
            await gateway.stop()


@asynccontextmanager
async def sandbox_process(directory: Path, *, flood: bool = False) -> AsyncIterator[str]:
    """A sandbox in a process of its own; yields its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sandbox", "--data-dir", str(directory), "--port", "0", "--token", TOKEN),
        *("--flood", "on" if flood else "off"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
        yield line.rsplit(" ", 1)[-1].strip()
    finally:
        process.terminate()
        await process.communicate()
