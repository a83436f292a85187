"""A gallery of images, videos and PDFs, loaded through HTTP: cold, warm, and by a browser that has it already.

    python -m bench.gallery [--files 200] [--connections 6]

starts a gateway of its own with a local Telegram in a temporary directory, fills it, and prints a table. Cold means
that every file is in Telegram only: nothing in the spool, nothing in the cache.
"""

import argparse
import asyncio
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil

from bench.gallery_files import Made, make_files
from bench.servers import free_port

ROOT = Path(__file__).resolve().parents[1]
SIZE = 320
KEY = "test-key"


@asynccontextmanager
async def gateway(place: Path) -> AsyncIterator[tuple[str, psutil.Process]]:
    """A gateway in ``place``; its address and process."""
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MEDIAGATE_")}
    environ |= {"MEDIAGATE_HTTP_PORT": str(port), "MEDIAGATE_SANDBOX_PORT": str(free_port())}
    environ |= {"MEDIAGATE_DATA_DIR": str(place / "data"), "MEDIAGATE_LOG_LEVEL": "warning", "PYTHONPATH": str(ROOT)}
    environ |= {"MEDIAGATE_RATE_LIMIT": "0", "MEDIAGATE_RATE_LIMIT_ADDRESS": "0"}
    code = "from gateway.cli import main; main()"
    with (place / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, "run", env=environ, cwd=place, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_ready(url)
        yield url, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _until_ready(url: str) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.get(f"{url}/health/live") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.2)


async def fill(client: aiohttp.ClientSession, files: list[Made]) -> list[tuple[int, str]]:
    """Upload everything and wait until it is in Telegram and measured; the ids, with their kinds."""
    gate = asyncio.Semaphore(4)

    async def upload(made: Made) -> tuple[int, str]:
        async with gate:
            with made.path.open("rb") as body:
                headers = {"Content-Type": made.mime}
                async with client.post("/api/v1/streaming/upload/stream", data=body, headers=headers) as answer:
                    assert answer.status in (201, 202), await answer.text()
                    return int((await answer.json())["media_file_id"]), made.kind

    ids = await asyncio.gather(*map(upload, files))
    for media_id, kind in ids:
        while not await _is_settled(client, media_id, kind):
            await asyncio.sleep(0.2)
    return ids


async def _is_settled(client: aiohttp.ClientSession, media_id: int, kind: str) -> bool:
    async with client.get(f"/api/v1/media/{media_id}") as answer:
        media = await answer.json()
    return bool(media["stored"]) and (kind == "pdf" or media["width"] is not None)


class Run:
    """What one way of loading the gallery took."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.bytes = 0
        self.whole = 0.0
        self.statuses: dict[int, int] = {}
        self.tags: dict[int, str] = {}


async def load(url: str, ids: list[tuple[int, str]], connections: int, tags: dict[int, str] | None = None) -> Run:
    """Load every preview once, over ``connections`` connections, as a browser does."""
    run, waiting = Run(), iter(ids)

    async def worker(client: aiohttp.ClientSession) -> None:
        for media_id, kind in waiting:
            headers = {"If-None-Match": tags[media_id]} if tags else {}
            begun = time.perf_counter()
            async with client.get(f"/api/v1/media/{media_id}/preview?size={SIZE}", headers=headers) as answer:
                run.bytes += len(await answer.read())
                run.statuses[answer.status] = run.statuses.get(answer.status, 0) + 1
                run.tags[media_id] = answer.headers.get("ETag", "")
            run.seconds.setdefault(kind, []).append(time.perf_counter() - begun)

    async with aiohttp.ClientSession(url, headers={"X-API-Key": KEY}) as client:
        begun = time.perf_counter()
        await asyncio.gather(*(worker(client) for _ in range(connections)))
        run.whole = time.perf_counter() - begun
    return run


def memory(process: psutil.Process) -> dict[str, float]:
    """MiB by part: the gateway itself, and its workers together."""
    workers = [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
    return {
        "gateway": process.memory_info().rss / 2**20,
        "workers": sum(child.memory_info().rss for child in workers) / 2**20,
    }


def show(name: str, run: Run) -> None:
    times = sorted(second for found in run.seconds.values() for second in found)
    cuts = statistics.quantiles(times, n=100)
    kinds = ", ".join(f"{kind} {statistics.median(found) * 1000:.0f}" for kind, found in sorted(run.seconds.items()))
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(run.statuses.items()))
    print(
        f"| {name} | {run.whole:.2f} | {len(times) / run.whole:.0f} | {cuts[49] * 1000:.0f} | {cuts[94] * 1000:.0f} "
        f"| {cuts[98] * 1000:.0f} | {run.bytes / 2**20:.1f} | {kinds} | {answers} |",
        flush=True,
    )


async def measured(place: Path, files: list[Made], connections: int) -> None:
    async with gateway(place) as (url, process):
        before = memory(process)["gateway"]
        async with aiohttp.ClientSession(url, headers={"X-API-Key": KEY}) as client:
            ids = await fill(client, files)
        random.shuffle(ids)
        print("| gallery | seconds | previews/s | p50 ms | p95 ms | p99 ms | MiB | medians by kind, ms | answers |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        cold = await load(url, ids, connections)
        show("cold", cold)
        held = memory(process)
        show("warm", await load(url, ids, connections))
        show("warm, in the browser's cache", await load(url, ids, connections, cold.tags))
        show("warm, ten watchers at once", await load(url, ids * 10, connections * 10))
        print(f"\nGateway at the start {before:.0f} MiB, after the cold run {held['gateway']:.0f} MiB; ", end="")
        print(f"its preview workers {held['workers']:.0f} MiB.")
        kept = [path.stat().st_size for path in (place / "data" / "cache").rglob("*") if path.is_file()]
        print(f"Cache: {len(kept)} files, {sum(kept) / 2**20:.1f} MiB.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--connections", type=int, default=6, help="a browser opens six")
    options = parser.parse_args()
    random.seed(1)
    with tempfile.TemporaryDirectory(prefix="mediagate-gallery-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)  # the embedded PostgreSQL may run as another user
        files = make_files(place, options.files)
        total = sum(made.path.stat().st_size for made in files) / 2**20
        print(f"{len(files)} files, {total:.0f} MiB; previews of {SIZE} px over {options.connections} connections.\n")
        asyncio.run(measured(place, files, options.connections))


if __name__ == "__main__":
    main()
