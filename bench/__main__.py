"""Every bench that compares, into one page: bench/RESULTS.md, and a plot of the uploads, bench/results.svg.

What is to be said about the figures is in bench/limits.md, and comes at the end of the page.

    make bench                       (installs what is compared with into .bench, then runs this)
    python -m bench [--rounds 5] [--size 1GiB] [--only uploads]

A peer that is not installed is left out, and said so.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import asking, burst, crowds, reading, servers, starting, uploads
from bench.results import blocks_table, report

_PEERS = ("nginx", "bare", "tus-node", "tuspy", "predecessor", "cluster")
_HERE = Path(__file__).parent
_HEAD = """# Results

`make bench` on one machine, in one run: everyone in turns, ratios within a round, the median of {rounds} rounds and in
brackets the least and the greatest. Telegram is a sink in a process of its own. Client and sink are pinned to one core,
whoever serves may use all of them.

{machine}
"""


async def _uploads(place: Path, given: argparse.Namespace) -> str:
    file = uploads.make_file(place / "tour.txt", given.size << 20)
    here, missing = await _installed(place)
    async with servers.sink(place) as sink:
        async with servers.peers(place, sink.port, here) as peers, servers.mediagate(place, sink.port) as ours:
            found = await uploads.measure(
                {**peers, "mediagate": ours}, sink, file, count=given.rounds, seconds=given.seconds
            )
        blocks = await uploads.blocks(place, sink, file, given.seconds)
        crowd = await crowds.measure(place, sink.port, uploads.make_file(place / "short-tour.txt", 32 << 20))
    (_HERE / "results.json").write_text(json.dumps(dataclasses.asdict(found)) + "\n")
    _plot()
    left_out = [f"\nLeft out: {one}." for one in missing]
    return "\n".join(["![Uploads](results.svg)\n", report(found, file.stat().st_size, blocks), "", *crowd, *left_out])


async def _installed(place: Path) -> tuple[list[str], list[str]]:
    here, missing = [], []
    for name in _PEERS:
        try:
            async with servers.peers(place, 1, [name]):
                here.append(name)
        except servers.NotInstalled as error:
            missing.append(str(error))
    return here, missing


def _plot() -> None:
    """By the peers' environment, which has the library that draws."""
    python = servers.ENVIRONMENT / "bin" / "python"
    if python.exists():
        subprocess.run([python, _HERE / "peers" / "plot.py", _HERE / "results.json", _HERE / "results.svg"], check=True)


async def _reading(place: Path, given: argparse.Namespace) -> str:
    lines = [line async for line in reading.measure(place, parts=52, rounds=given.rounds, readers=300)]
    (place / "blocks").mkdir()
    blocks = await reading.blocks(place / "blocks", parts=52)
    return "\n".join([*lines, "", *blocks_table(blocks)])


async def _burst(_place: Path, given: argparse.Namespace) -> str:
    found = burst.table(await burst.measure(photos=given.photos, people=100, rounds=given.rounds), given.photos)
    return "\n".join([found, *await burst.watched(photos=given.photos, people=100)])


async def _starting(place: Path, given: argparse.Namespace) -> str:
    return "\n".join(await starting.measure(place, given.rounds))


async def _asking(place: Path, given: argparse.Namespace) -> str:
    return "\n".join(await asking.measure(place, rows=given.rows, rounds=given.rounds))


_ALL: dict[str, tuple[str, Callable[[Path, argparse.Namespace], Awaitable[str]]]] = {
    "uploads": ("Uploads", _uploads),
    "reading": ("Downloads", _reading),
    "burst": ("A burst of photos through the bot", _burst),
    "asking": ("Searches", _asking),
    "starting": ("Starting", _starting),
}


async def _main(given: argparse.Namespace) -> None:
    os.sched_setaffinity(0, {servers.CORES[-1]})
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, load average before the run {load}."
    pages = [_HEAD.format(rounds=given.rounds, machine=machine)]
    for name in given.only or _ALL:
        title, bench = _ALL[name]
        with tempfile.TemporaryDirectory(prefix="mediagate-", ignore_cleanup_errors=True) as place:
            Path(place).chmod(0o755)  # nginx's workers are somebody else
            pages.append(f"## {title}\n\n{await bench(Path(place), given)}\n")
        print(pages[-1], flush=True)
    if not given.only:
        (_HERE / "RESULTS.md").write_text("\n".join([*pages, (_HERE / "limits.md").read_text()]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=1024, help="MiB of the large file")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each load of small files")
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=200_000, help="media that are searched")
    parser.add_argument("--only", action="append", choices=list(_ALL))
    asyncio.run(_main(parser.parse_args()))
