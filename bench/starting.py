"""How long `mediagate run` takes until it is ready, with a database that is there, and what it holds when idle."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiohttp

from bench.results import spread
from bench.servers import Server, mediagate, sink

MIB = 1 << 20
_IMPORTS = ("import aiogram, aiohttp, sqlalchemy.ext.asyncio",)


async def measure(place: Path, rounds: int) -> list[str]:
    """Lines of Markdown. The first start, which makes the database, does not count."""
    ready, idle, imports = [], [], []
    async with sink(place) as telegram:
        for number in range(rounds + 1):
            imports.append(await _imports())
            began = time.monotonic()
            async with mediagate(place, telegram.port) as server:
                await _until_ready(server)
                took = time.monotonic() - began
                await asyncio.sleep(1)
                if number:
                    ready.append(took)
                    idle.append(server.memory() / MIB)
    return [*_lines(ready, imports[-rounds:]), f"\nIdle it holds {spread(idle, 0)} MiB."]


def _lines(ready: Sequence[float], imports: Sequence[float]) -> list[str]:
    alone = [one / other for one, other in zip(ready, imports, strict=True)]
    return [
        f"From the command to `/health/ready`, with a database that is there: {spread(ready)} s, that is",
        f"{spread(alone)} times what Python takes to import aiogram, aiohttp and SQLAlchemy alone.",
    ]


async def _imports() -> float:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", *_IMPORTS, env=dict(os.environ))
    await process.wait()
    return time.monotonic() - began


async def _until_ready(server: Server) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as client:
        while True:
            with suppress(aiohttp.ClientError):
                async with client.get("/health/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.02)
