"""A burst of photos from many people through the bot, against a bare aiogram handler without a database.

    python -m bench.burst [--photos 1000] [--people 100] [--rounds 5]

Telegram is a sink in a process of its own (`bench.burst_sink`). Both bots run all the time and get their bursts in
turns, so that a busy machine slows both. Three moments count, each from the arrival of the burst: the last person has
an answer; the last photo is in the channel; the last card says so. For the bare handler they are one.
"""

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.burst_costs import Costs, Meter, counts_file
from bench.burst_sink import CHANNEL
from bench.lag import longest_block
from bench.results import blocks_table, spread
from bench.servers import CORES, free_port
from bench.uploads import Peak

ROOT = Path(__file__).resolve().parents[1]
OURS, BARE = f"7000000001:{'A' * 35}", f"7000000002:{'B' * 35}"
_QUIET = 2.0
"""Seconds without a call after which a burst is over."""


@dataclass(frozen=True, kw_only=True)
class Burst:
    """Seconds from the arrival of the burst, and how often each method was called."""

    answered: float
    copied: float
    last: float
    calls: dict[str, int]
    costs: Costs = field(default_factory=Costs)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One round of both."""

    bare: Burst
    ours: Burst


@asynccontextmanager
async def process(
    place: Path, *arguments: str, cores: Collection[int] = CORES, environ: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process on ``cores`` whose output goes into a file in ``place``; it is stopped at the end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEDIAGATE_")}
    with (place / f"{arguments[1].rsplit('.', 1)[-1]}.log").open("wb") as log:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=clean | {"PYTHONPATH": str(ROOT)} | dict(environ or {}),
            cwd=place,
            stdout=log,
            stderr=log,
        )
    os.sched_setaffinity(started.pid, cores)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.send_signal(signal.SIGTERM)
        await started.wait()


@dataclass(frozen=True, kw_only=True)
class Running:
    """The sink's address, and the meters of the bots that poll it, by their tokens. ``lag``: see `bench.lag`."""

    url: str
    meters: Mapping[str, Meter]
    lag: Path


@asynccontextmanager
async def both(place: Path, *, watch_lag: bool = False) -> AsyncIterator[Running]:
    """The sink with both bots polling it. With ``watch_lag`` nothing is counted inside the gateway."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "BOT_TOKENS": OURS,
        "TELEGRAM_API_URL": url,
        "CHANNELS": f"requests={CHANNEL}",
        "ACCESS": "open",
        "DATA_DIR": str(data_dir := place / "data"),
        "HTTP_PORT": str(free_port()),
        "LANE_RATE": "0",
        "LOG_LEVEL": "warning",
        "LOG_FORMAT": "json",
    }
    environ = {f"MEDIAGATE_{name}": value for name, value in settings.items()} | {"BENCH_LAG": str(place / "lag")}
    gateway = ("bench.lag", "run") if watch_lag else ("bench.burst_gateway", str(counts_file(data_dir)))
    async with (
        process(place, "-m", "bench.burst_sink", str(port), cores=CORES[-1:]),
        process(place, "-m", *gateway, environ=environ) as ours,
        process(place, "-m", "bench.burst_bare", url, BARE) as bare,
    ):
        async with aiohttp.ClientSession(url) as client:
            for token in (OURS, BARE):
                await _until_polling(client, token, place)
        counted = None if watch_lag else data_dir
        meters = {OURS: Meter(pid=ours.pid, data_dir=counted), BARE: Meter(pid=bare.pid)}
        yield Running(url=url, meters=meters, lag=place / "lag")


async def _until_polling(client: aiohttp.ClientSession, token: str, place: Path) -> None:
    try:
        async with asyncio.timeout(90):
            while True:
                try:
                    async with client.get(f"/burst/{token}") as answer:
                        if (await answer.json())["calls"].get("getUpdates"):
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise RuntimeError(f"{token} does not poll:\n{_said(place)}") from None


def _said(place: Path) -> str:
    return "\n".join(path.read_text()[-2000:] for path in place.glob("*.log"))


async def burst(client: aiohttp.ClientSession, token: str, meter: Meter, *, photos: int, people: int) -> Burst:
    """Have the photos arrive at once, and wait until nothing more is done with them."""
    before = meter.read()
    async with client.post(f"/burst/{token}", json={"photos": photos, "people": people}):
        pass
    async with asyncio.timeout(600):
        while True:
            await asyncio.sleep(0.2)
            async with client.get(f"/burst/{token}") as answer:
                found = await answer.json()
            if found["answered"] and found["copied"] and found["quiet"] > _QUIET:
                marks = {name: found[name] for name in ("answered", "copied", "last", "calls")}
                return Burst(**marks, costs=meter.read().since(before))


async def measure(*, photos: int, people: int, rounds: int) -> list[Pair]:
    """One round to warm up, then those that count."""
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        async with both(Path(place)) as running, aiohttp.ClientSession(running.url) as client:
            pairs = []
            for at in range(rounds + 1):
                bare = await burst(client, BARE, running.meters[BARE], photos=photos, people=people)
                ours = await burst(client, OURS, running.meters[OURS], photos=photos, people=people)
                if at or not rounds:
                    pairs.append(Pair(bare=bare, ours=ours))
    return pairs


async def watched(*, photos: int, people: int) -> list[str]:
    """Markdown: the longest block of our event loop and the most memory in a burst, after one to warm up; not timed."""
    with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
        async with (
            both(Path(place), watch_lag=True) as running,
            aiohttp.ClientSession(running.url) as client,
            Peak(running.meters[OURS].memory) as peak,
        ):
            meter = running.meters[OURS]
            await burst(client, OURS, meter, photos=photos, people=people)
            await longest_block(meter.pid, running.lag)
            await burst(client, OURS, meter, photos=photos, people=people)
            longest = await longest_block(meter.pid, running.lag)
    return [*blocks_table({f"{photos} photos": longest}), "", f"Then the gateway holds {peak.bytes >> 20} MiB."]


def table(pairs: Sequence[Pair], photos: int) -> str:
    """Markdown: medians with the spread, and the ratio within each round."""
    lines = ["| moment | bare, s | ours, s | ours as a part of the bare rate |", "| --- | --- | --- | --- |"]
    for name, mark in (("everybody has an answer", "answered"), ("every photo is in the channel", "copied")):
        bare = [getattr(pair.bare, mark) for pair in pairs]
        ours = [getattr(pair.ours, mark) for pair in pairs]
        ratios = [theirs / mine for theirs, mine in zip(bare, ours, strict=True)]
        lines.append(f"| {name} | {spread(bare)} | {spread(ours)} | {spread(ratios)} |")
    last = [pair.ours.last for pair in pairs]
    lines.append(f"| every card says so | | {spread(last)} | |")
    calls = pairs[-1].ours.calls
    shown = ", ".join(f"{name} {calls[name] / photos:.2f}" for name in sorted(calls) if calls[name] * 20 > photos)
    lines += ["", *_costs(pairs, photos)]
    return "\n".join(lines) + f"\n\nCalls a photo: {shown}.\n"


def _costs(pairs: Sequence[Pair], photos: int) -> list[str]:
    """Markdown, of a photo: processor time, and what the gateway counts."""
    bare = [pair.bare.costs.bot / photos for pair in pairs]
    ours = [pair.ours.costs.bot / photos for pair in pairs]
    database = [pair.ours.costs.database / photos for pair in pairs]
    lines = ["| a photo costs | bare | ours |", "| --- | --- | --- |"]
    lines.append(f"| the bot, ms of processor | {spread(bare)} | {spread(ours)} |")
    lines.append(f"| PostgreSQL, ms of processor | | {spread(database)} |")
    counts = [pair.ours.costs.counts for pair in pairs]
    names = sorted({name for one in counts for name in one})
    return lines + [f"| {name} | | {spread([one[name] / photos for one in counts])} |" for name in names]


def machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load average before the run {load}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    where = machine()
    pairs = asyncio.run(measure(photos=given.photos, people=given.people, rounds=given.rounds))
    print(f"{given.photos} photos from {given.people} people, {given.rounds} rounds; {where}\n")
    print(table(pairs, given.photos))


if __name__ == "__main__":
    main()
