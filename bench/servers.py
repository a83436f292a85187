"""What is measured: Mediagate, and what else one could run, each a process (or a few) on the same machine.

The client and the local Telegram's sink are pinned to the last core; whoever serves may use all of them.
"""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.lag import longest_block
from bench.sink import CHANNEL

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "bench" / "peers"
ENVIRONMENT = Path(os.environ.get("BENCH_ENVIRONMENT", ROOT / ".bench"))
"""Of the peers: a virtual environment with their Node modules beside it, made by `make bench`."""

TOKEN = f"7000000001:{'A' * 35}"
CORES = sorted(os.sched_getaffinity(0))


class NotInstalled(Exception):
    """A peer is not here; the message says what installs it."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """One that runs. ``directory`` is where it keeps what it gets; ``pid`` is that of its first process."""

    name: str
    port: int
    directory: Path
    pid: int

    def memory(self) -> int:
        """Bytes resident, of all its processes but PostgreSQL's."""
        with suppress(psutil.Error):
            first = psutil.Process(self.pid)
            family = [first, *first.children(recursive=True)]
            return sum(one.memory_info().rss for one in family if one.name() != "postgres")
        return 0

    async def longest_block(self) -> float:
        """Milliseconds that its event loop was away at most since this was asked before; of ours with `watch_lag`."""
        return await longest_block(self.pid, self.directory / "lag")

    def empty(self) -> None:
        """Remove the files it has got, so that neither the disk nor its cache fills up."""
        for path in self.directory.rglob("*"):
            if path.is_file() and path.suffix not in {".log", ".conf", ".pid", ".db", ".txt"}:
                path.unlink(missing_ok=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(name: str, place: Path, arguments: Sequence[str], port: int, **environ: str) -> AsyncIterator[Server]:
    """A process that listens on ``port`` soon; its output goes into a file in ``place``. It is stopped at the end."""
    directory = place / name.replace(" ", "-")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEDIAGATE_")}
    with (place / f"{directory.name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *arguments, env=clean | {"PYTHONPATH": str(ROOT)} | environ, cwd=place, stdout=log, stderr=log
        )
    try:
        os.sched_setaffinity(process.pid, CORES)
        await _until_open(name, process, port, place / f"{directory.name}.log")
        yield Server(name=name, port=port, directory=directory, pid=process.pid)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _until_open(name: str, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(90):
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"{name} ended: {log.read_text()[-2000:]}")
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def sink(place: Path) -> AsyncIterator[Server]:
    port = free_port()
    async with running("sink", place, (sys.executable, "-m", "bench.sink", str(port)), port) as server:
        os.sched_setaffinity(server.pid, {CORES[-1]})
        yield server


@asynccontextmanager
async def mediagate(place: Path, telegram: int, *, watch_lag: bool = False) -> AsyncIterator[Server]:
    """Ours, as `mediagate run` starts it. ``telegram`` is a port; ``watch_lag``: see `bench.lag`."""
    port = free_port()
    settings = {
        "BOT_TOKENS": TOKEN,
        "TELEGRAM_API_URL": f"http://127.0.0.1:{telegram}",
        "CHANNELS": f"requests={CHANNEL}",
        "API_KEYS": "test-key",
        "ALLOWED_TYPES": "*/*",
        "DATA_DIR": str(place / "mediagate" / "data"),
        "HTTP_PORT": str(port),
        "SPOOL_MAX_BYTES": str(8 << 30),
        "RATE_LIMIT": "0",
        "RATE_LIMIT_ADDRESS": "0",
        "LANE_RATE": "0",
        "LOG_LEVEL": "warning",
    }
    (place / "mediagate").mkdir(exist_ok=True)
    environ = {f"MEDIAGATE_{name}": value for name, value in settings.items()}
    command: tuple[str, ...] = ("-c", "from gateway.cli import main; main()", "run")
    if watch_lag:
        command = ("-m", "bench.lag", "run")
        environ["BENCH_LAG"] = str(place / "mediagate" / "lag")
    async with running("mediagate", place, (sys.executable, *command), port, **environ) as server:
        yield server


@asynccontextmanager
async def peers(place: Path, telegram: int, names: Sequence[str]) -> AsyncIterator[dict[str, Server]]:
    """Those of `COMMANDS` that are wanted. Raises `NotInstalled`."""
    async with AsyncExitStack() as stack:
        found = {}
        for name in names:
            port, directory = free_port(), place / name
            directory.mkdir(exist_ok=True)
            command = _command(name, port, directory, telegram)
            found[name] = await stack.enter_async_context(running(name, place, command, port))
        yield found


def _command(name: str, port: int, directory: Path, telegram: int) -> Sequence[str]:
    match name:
        case "nginx":
            return _nginx(port, directory)
        case "tus-node":
            if not (ENVIRONMENT / "node_modules" / "@tus" / "server").is_dir():
                raise NotInstalled("@tus/server: `make bench` installs it into .bench")
            return ("node", str(ENVIRONMENT / "tus-node.mjs"), str(port), str(directory))
        case "bare":  # needs nothing that we do not need ourselves
            return (sys.executable, str(PEERS / "bare.py"), str(port), str(directory))
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        raise NotInstalled(f"{name}: `make bench` installs the peers' Python packages into .bench")
    script = (str(python), str(PEERS / f"{name}.py"), str(port), str(directory))
    return (*script, f"http://127.0.0.1:{telegram}") if name in {"predecessor", "cluster"} else script


def _nginx(port: int, directory: Path) -> Sequence[str]:
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise NotInstalled("nginx (Debian: sudo apt install nginx-light)")
    for name in ("files", "temp"):
        (directory / name).mkdir(exist_ok=True)
        (directory / name).chmod(0o777)
    text = (PEERS / "nginx.conf").read_text().replace("DIRECTORY", str(directory)).replace("PORT", str(port))
    (directory / "nginx.conf").write_text(text)
    return (program, "-c", str(directory / "nginx.conf"))
