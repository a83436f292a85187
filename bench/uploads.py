"""Uploads: one large file in every way, and many small ones, against what else one could run.

Everyone runs all the time and takes turns, a round after the other, so that a busy machine slows all of them; ratios
are within a round.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bench.sending import KEY, Load, Send, SmallFiles, form, small_files, stats, tus, whole_body
from bench.servers import Server, mediagate

CHUNK = 8 << 20
RAW = "/api/v1/streaming/upload/stream?filename=tour.txt"
SOON = {"Prefer": "respond-async"}
LARGE: dict[str, tuple[str, Send]] = {
    "nginx, WebDAV PUT (disk)": ("nginx", whole_body("PUT", "/NAME")),
    "bare aiohttp: disk and SHA-256": ("bare", whole_body("POST", "/upload")),
    "@tus/server, one PATCH (disk)": ("tus-node", tus("/files")),
    "@tus/server, 8 MiB chunks (disk)": ("tus-node", tus("/files", chunk=CHUNK)),
    "tuspyserver, one PATCH (disk)": ("tuspy", tus("/files")),
    "tuspyserver, 8 MiB chunks (disk)": ("tuspy", tus("/files", chunk=CHUNK)),
    "predecessor's way, form": ("predecessor", form("/upload")),
    "**Mediagate, raw body**": ("mediagate", whole_body("POST", RAW, KEY | SOON)),
    "**Mediagate, form**": ("mediagate", form("/api/v1/streaming/upload/stream", KEY | SOON)),
    "**Mediagate, tus, one PATCH**": ("mediagate", tus("/api/v1/uploads", KEY)),
    "**Mediagate, tus, 8 MiB chunks**": ("mediagate", tus("/api/v1/uploads", KEY, chunk=CHUNK)),
}
SMALL: dict[str, tuple[str, SmallFiles]] = {
    "nginx, WebDAV PUT (disk)": ("nginx", SmallFiles(path="/NAME", form=False, method="PUT")),
    "bare aiohttp: disk and SHA-256": ("bare", SmallFiles(path="/upload", form=False)),
    "predecessor's way": ("predecessor", SmallFiles(path="/upload")),
    "tgstorage-cluster": ("cluster", SmallFiles(path="/upload")),
    "**Mediagate** (in Telegram: 201)": ("mediagate", SmallFiles(path="/api/v1/streaming/upload/stream")),
}
SMALL_SIZE, CLIENTS = 100 * 1024, (1, 10, 100)
_IN_TELEGRAM = {"mediagate", "predecessor"}


@dataclass(kw_only=True)
class Sample:
    """One upload: seconds until it was acknowledged, and until all of it was in the sink; bytes of memory at most."""

    acknowledged: float
    stored: float | None = None
    memory: int = 0


@dataclass(kw_only=True)
class Measured:
    """Every round, by what was done."""

    large: dict[str, list[Sample]] = field(default_factory=dict)
    small: dict[str, dict[int, list[Load]]] = field(default_factory=dict)


def make_file(path: Path, size: int) -> Path:
    """Text of ``size`` bytes in which no two blocks are the same."""
    block = os.urandom(1 << 19).hex().encode()
    with path.open("wb") as file:
        for number in range(size // len(block) + 1):
            mark = hashlib.sha256(number.to_bytes(8)).hexdigest().encode()
            file.write((mark + block[len(mark) :])[: max(0, size - number * len(block))])
    return path


async def large(servers: Mapping[str, Server], sink: Server, file: Path, label: str) -> Sample:
    """Upload ``file`` in one of the ways of `LARGE`."""
    name, send = LARGE[label]
    server, size = servers[name], file.stat().st_size
    before = await asyncio.to_thread(stats, sink.port)
    began = time.monotonic()
    async with Peak(server.memory) as peak:
        await asyncio.to_thread(send, server.port, file)
        acknowledged = time.monotonic() - began
        stored = None
        if name in _IN_TELEGRAM:
            stored = await _stored(sink, before["bytes"] + size) - began
    if name != "mediagate":
        server.empty()
    return Sample(acknowledged=acknowledged, stored=stored, memory=peak.bytes)


async def _stored(sink: Server, wanted: float) -> float:
    async with asyncio.timeout(300):
        while (told := await asyncio.to_thread(stats, sink.port))["bytes"] < wanted:
            await asyncio.sleep(0.05)
    return told["last"]


async def small(servers: Mapping[str, Server], label: str, clients: int, seconds: float) -> Load:
    """Send small files in one of the ways of `SMALL`."""
    name, how = SMALL[label]
    load = await small_files(servers[name].port, how, size=SMALL_SIZE, clients=clients, seconds=seconds)
    if name != "mediagate":
        servers[name].empty()
    return load


class Peak:
    """The most memory there is while this is open."""

    def __init__(self, memory: Callable[[], int]) -> None:
        self._memory = memory
        self.bytes = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        while True:
            self.bytes = max(self.bytes, await asyncio.to_thread(self._memory))
            await asyncio.sleep(0.1)


async def rounds(count: int, labels: list[str], one: Callable[[str], Awaitable[None]]) -> None:
    """Everyone once per round, in another order each time."""
    for number in range(count):
        turn = number % len(labels)
        for label in labels[turn:] + labels[:turn]:
            await one(label)


async def blocks(place: Path, sink: Server, file: Path, seconds: float) -> dict[str, float]:
    """The longest block of our event loop in milliseconds during each kind of work; not timed, since watching costs."""
    found = {}
    async with mediagate(place, sink.port, watch_lag=True) as server:
        await server.longest_block()
        for label, (name, _) in LARGE.items():
            if name == "mediagate":
                await large({"mediagate": server}, sink, file, label)
                found[label] = await server.longest_block()
        for clients in CLIENTS:
            await small({"mediagate": server}, list(SMALL)[-1], clients, seconds)
            found[f"{SMALL_SIZE >> 10} KiB files, {clients} at once"] = await server.longest_block()
    return found


async def measure(servers: Mapping[str, Server], sink: Server, file: Path, *, count: int, seconds: float) -> Measured:
    """``count`` rounds of everything after one small one to warm up, with those servers that are here."""
    found = Measured()
    here = [label for label, (name, _) in LARGE.items() if name in servers]

    async def one_large(label: str) -> None:
        found.large.setdefault(label, []).append(await large(servers, sink, file, label))

    async def one_small(label: str) -> None:
        for clients in CLIENTS:
            load = await small(servers, label, clients, seconds)
            found.small.setdefault(label, {}).setdefault(clients, []).append(load)

    tiny = [label for label, (name, _) in SMALL.items() if name in servers]
    for label in tiny:
        await small(servers, label, 2, seconds / 4)
    await rounds(count, here, one_large)
    await rounds(count, tiny, one_small)
    return found
