"""Many uploads at the same time: what each of them holds in memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.sending import KEY
from bench.servers import Server, mediagate
from bench.uploads import RAW, SOON, Peak

_CHUNK = 64 << 10


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """``uploads`` at ``rate`` bytes a second each; ``each``: bytes of resident memory more than before."""

    uploads: int
    rate: int
    each: float


async def crowd(server: Server, file: Path, uploads: int, rate: int) -> Crowd:
    """Upload ``file`` so many times at once, no faster than ``rate``."""
    before = server.memory()
    url, many = f"http://127.0.0.1:{server.port}", aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=many) as client, Peak(server.memory) as peak:
        await asyncio.gather(*(_upload(client, file, rate) for _ in range(uploads)))
    return Crowd(uploads=uploads, rate=rate, each=max(0, peak.bytes - before) / uploads)


async def _upload(client: aiohttp.ClientSession, file: Path, rate: int) -> None:
    async with client.post(RAW, data=_slowly(file, rate), headers=KEY | SOON) as answer:
        answer.raise_for_status()


async def _slowly(file: Path, rate: int) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while data := opened.read(_CHUNK):
            yield data
            await asyncio.sleep(_CHUNK / rate)


async def measure(place: Path, telegram: int, file: Path) -> list[str]:
    """Markdown: a hundred at a rate that two cores can take, and at one that they cannot."""
    lines = ["| uploads at a time | MiB/s each | memory of each, MiB |", "| --- | --- | --- |"]
    async with mediagate(place, telegram) as server:
        await crowd(server, file, 10, 64 << 20)
        for rate in (1 << 20, 4 << 20):
            found = await crowd(server, file, 100, rate)
            lines.append(f"| {found.uploads} | {found.rate >> 20} | {found.each / (1 << 20):.2f} |")
    return lines
