"""Reading media over HTTP, against a bare aiohttp pass-through from the same Telegram.

    python -m bench.reading [--parts 52] [--rounds 5] [--readers 300]

Telegram is a sink in a process of its own (`bench.reading_sink`), so is the pass-through (`bench.reading_bare`), and
the gateway is the whole process with its database, credentials, checks and cache. Both read in turns, so that a busy
machine slows both. Every media is read cold unless it says otherwise.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.burst import machine, process
from bench.lag import longest_block
from bench.reading_rows import add_media, opened
from bench.reading_sink import SIZE, content
from bench.results import spread
from bench.servers import CORES, free_port
from storage.database import Sessions

TOKEN = f"7000000001:{'A' * 35}"
KEY = "bench-key-of-the-gateway"
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is running: ``ours`` and ``bare`` are clients, ``pid`` is the gateway's."""

    ours: aiohttp.ClientSession
    bare: aiohttp.ClientSession
    sink: aiohttp.ClientSession
    pid: int
    port: int
    index: Sessions
    lag: Path

    async def longest_block(self) -> float:
        """Milliseconds that the event loop was away at most since this was asked before."""
        return await longest_block(self.pid, self.lag)

    async def media(self, seed: str, parts: int) -> tuple[str, str]:
        """A media of ``parts`` parts that nobody has read: its path at ours, and at the pass-through."""
        media_id = await add_media(self.index, bot_id=int(TOKEN.partition(":")[0]), seed=seed, parts=parts)
        return f"/api/v1/media/{media_id}/file", f"/{seed}/{parts}"

    async def fetched(self) -> int:
        """How many downloads Telegram has served."""
        async with self.sink.get("/counts") as answer:
            return int((await answer.json()).get("file", 0))

    async def connections(self) -> int:
        async with self.sink.get("/counts") as answer:
            return int((await answer.json())["open"])

    def memory(self) -> int:
        """Bytes that the gateway holds."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")


@asynccontextmanager
async def stage(place: Path, *, watch_lag: bool = False, **settings: str) -> AsyncIterator[Stage]:
    """Start everything; ``settings`` are the gateway's, in lower case. ``watch_lag``: see `bench.lag`."""
    sink, bare, door = free_port(), free_port(), free_port()
    address = f"http://127.0.0.1:{sink}"
    given = {
        "bot_tokens": TOKEN,
        "telegram_api_url": address,
        "data_dir": str(place / "data"),
        "api_keys": f"bench:{KEY}:media:read",
        "http_port": str(door),
        "lane_rate": "0",
        "log_level": "warning",
        "log_format": "json",
        **settings,
    }
    environ = {f"MEDIAGATE_{name.upper()}": value for name, value in given.items()}
    gateway: tuple[str, ...] = ("-c", "from gateway.cli import main; main()", "run")
    if watch_lag:
        gateway = ("-m", "bench.lag", "run")
        environ["BENCH_LAG"] = str(place / "lag")
    async with (
        process(place, "-m", "bench.reading_sink", str(sink), cores=CORES[-1:]),
        process(place, "-m", "bench.reading_bare", address, str(bare)),
        process(place, *gateway, environ=environ) as running,
        aiohttp.ClientSession(f"http://127.0.0.1:{door}", headers={"X-API-Key": KEY}, read_bufsize=MIB) as ours,
        aiohttp.ClientSession(f"http://127.0.0.1:{bare}", read_bufsize=MIB) as passed_on,
        aiohttp.ClientSession(address) as telegram,
    ):
        try:
            await _answers(ours, "/health/live")
            await _answers(passed_on, "/nothing")
        except TimeoutError:
            raise RuntimeError(_said(place)) from None
        async with opened(place / "data") as index:
            yield Stage(
                ours=ours, bare=passed_on, sink=telegram, pid=running.pid, port=door, index=index, lag=place / "lag"
            )


def _said(place: Path) -> str:
    return "\n".join(log.read_text()[-2000:] for log in place.glob("*.log"))


async def _answers(client: aiohttp.ClientSession, path: str) -> None:
    async with asyncio.timeout(90):
        while True:
            try:
                async with client.get(path):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


async def download(client: aiohttp.ClientSession, path: str, start: int, stop: int) -> tuple[float, float]:
    """Seconds until the first byte, and until the last."""
    began, first, size = time.perf_counter(), 0.0, 0
    async with client.get(path, headers={"Range": f"bytes={start}-{stop - 1}"}) as answer:
        answer.raise_for_status()
        async for chunk in answer.content.iter_any():
            first = first or time.perf_counter() - began
            size += len(chunk)
    if size != stop - start:
        raise RuntimeError(f"{size} bytes of {stop - start}")
    return first, time.perf_counter() - began


async def right(client: aiohttp.ClientSession, path: str, seed: str, start: int, stop: int) -> bool:
    """Whether the bytes are the media's, across a border of two parts too."""
    async with client.get(path, headers={"Range": f"bytes={start}-{stop - 1}"}) as answer:
        found = await answer.read()
    border = min(max(SIZE - start, 0), stop - start)
    wanted = content(seed, start, start + border) + content(seed, start + border - SIZE, stop - SIZE)
    return found == wanted


def spots(parts: int, count: int, seed: int = 1) -> list[int]:
    """Where ranges of 1 MiB begin."""
    dice = random.Random(seed)
    return [dice.randrange(parts * SIZE - MIB) for _ in range(count)]


async def ranges(client: aiohttp.ClientSession, path: str, starts: Sequence[int], at_once: int) -> float:
    """Seconds that all these ranges of 1 MiB take."""
    waiting = list(starts)

    async def one_after_the_other() -> None:
        while waiting:
            start = waiting.pop()
            await download(client, path, start, start + MIB)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return time.perf_counter() - began


Timed = Callable[[aiohttp.ClientSession, str], Awaitable[float]]


async def compare(on: Stage, name: str, parts: int, rounds: int, work: Timed) -> list[tuple[float, float]]:
    """Seconds of the pass-through and of ours, each round with a media of its own; the first only warms up."""
    pairs = []
    for at in range(rounds + 1):
        ours, bare = await on.media(f"{name}{at % 2}-{at}", parts)
        pairs.append((await work(on.bare, bare), await work(on.ours, ours)))
    return pairs[1:] or pairs


async def slow_readers(on: Stage, count: int, seconds: float) -> tuple[int, int]:
    """Bytes of memory that so many readers of media of their own cost, and Telegram's connections at the end."""
    paths = [(await on.media(f"slow-{number}", 1))[0] for number in range(count)]
    before = on.memory()
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()
        for path in paths:
            group.create_task(_read_slowly(on.port, path, done))
        most = 0
        for _ in range(int(seconds * 2)):
            await asyncio.sleep(0.5)
            most = max(most, on.memory())
        open_now = await on.connections()
        done.set()
    return most - before, open_now


async def _read_slowly(port: int, path: str, done: asyncio.Event) -> None:
    """Some 30 KB a second, through a buffer that makes the sender wait."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=16 * 1024)
    writer.get_extra_info("socket").setsockopt(1, 8, 16 * 1024)  # SOL_SOCKET, SO_RCVBUF
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n".encode())
    while not done.is_set():
        await reader.read(8 * 1024)
        await asyncio.sleep(0.25)
    writer.close()


async def hit_rate(on: Stage, parts: int, count: int) -> float:
    """The share of ranges of 1 MiB that cost Telegram nothing, where one in three files is asked for most."""
    dice = random.Random(3)
    paths = [(await on.media(f"hits-{number}", parts))[0] for number in range(12)]
    before = await on.fetched()
    for _ in range(count):
        path = paths[min(int(dice.expovariate(0.5)), len(paths) - 1)]
        start = dice.randrange(parts * SIZE // MIB - 1) * MIB
        await download(on.ours, path, start, start + MIB)
    return 1 - (await on.fetched() - before) / count


def row(name: str, pairs: Sequence[tuple[float, float]], size: int) -> str:
    bare, ours = ([size / MIB / pair[side] for pair in pairs] for side in (0, 1))
    ratios = [pair[0] / pair[1] for pair in pairs]
    return f"| {name} | {spread(bare, 0)} | {spread(ours, 0)} | {spread(ratios)} |"


async def measure(place: Path, *, parts: int, rounds: int, readers: int) -> AsyncIterator[str]:
    """Lines of Markdown, as they are known."""
    async with stage(place) as on:
        path, _ = await on.media("check-0", 2)
        if not await right(on.ours, path, "check", SIZE - 70_000, SIZE + 70_000):
            raise RuntimeError("other bytes")
        whole, asked = parts * SIZE, spots(parts, 4 * parts)

        async def all_of_it(client: aiohttp.ClientSession, path: str) -> float:
            return (await download(client, path, 0, whole))[1]

        async def in_ranges(client: aiohttp.ClientSession, path: str) -> float:
            return await ranges(client, path, asked, 4)

        async def seeks(client: aiohttp.ClientSession, path: str) -> float:
            return statistics.median([(await download(client, path, at, at + 65536))[0] for at in asked[:60]]) * 1000

        yield "| what | bare, MiB/s | ours, MiB/s | ours as a part of the bare rate |\n| --- | --- | --- | --- |"
        yield row(f"a download of {whole // MIB} MiB", await compare(on, "a", parts, rounds, all_of_it), whole)
        pairs = await compare(on, "b", parts, rounds, in_ranges)
        yield row(f"{len(asked)} ranges of 1 MiB anywhere in it, 4 at a time", pairs, len(asked) * MIB)
        first = await compare(on, "c", parts, rounds, seeks)
        bare, ours = spread([one for one, _ in first], 1), spread([one for _, one in first], 1)
        yield f"\nFirst byte after a seek: {ours} ms, of the pass-through {bare} ms.\n"
        rate = await hit_rate(on, 4, 6 * parts)
        yield f"Of {6 * parts} ranges of 1 MiB over twelve files, asked for unevenly, {rate:.0%} cost no fetch.\n"
        held, connections = await slow_readers(on, readers, min(30.0, 5.0 + readers / 10))
        yield (
            f"{readers} slow readers of {readers} parts: {held / MIB:.0f} MiB in all, "
            f"{held / readers / 1024:.0f} KiB each; {connections} connections to Telegram."
        )


async def blocks(place: Path, *, parts: int) -> dict[str, float]:
    """The longest block of our event loop in milliseconds; not timed, since watching costs."""
    found = {}
    async with stage(place, watch_lag=True) as on:
        path, _ = await on.media("cold", parts)
        await on.longest_block()
        await download(on.ours, path, 0, parts * SIZE)
        found[f"a download of {parts * SIZE // MIB} MiB"] = await on.longest_block()
        path, _ = await on.media("ranges", parts)
        await ranges(on.ours, path, spots(parts, 2 * parts), 4)
        found["ranges of 1 MiB, 4 at a time"] = await on.longest_block()
    return found


async def _main(given: argparse.Namespace) -> None:
    print(f"{given.rounds} rounds, median (least–most); {machine()}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        async for line in measure(Path(place), parts=given.parts, rounds=given.rounds, readers=given.readers):
            print(line, flush=True)


def main() -> None:
    import uvloop  # noqa: PLC0415 -- as the gateway runs

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, default=52)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--readers", type=int, default=300)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_main(given))


if __name__ == "__main__":
    main()
