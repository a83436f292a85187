"""What is counted of the parts on disk, and what Prometheus sees of it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

from storage.delivery.cache.part_cache import CacheFigures, PartCache
from storage.engine.workload import Workload
from storage.tables import Part
from web.metrics import Metrics

_SIZE = 1000


class Source:
    """Bytes of one kind, once the gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def open(self, _offset: int, length: int, _stack: AsyncExitStack) -> AsyncIterator[bytes]:
        self.asked.set()
        await self.gate.wait()
        return _letters(length)


async def _letters(length: int) -> AsyncIterator[bytes]:
    yield b"a" * length


def part() -> Part:
    return Part(media_key=uuid4(), index=0, offset=0, size=_SIZE, sha256=hashlib.sha256(b"a" * _SIZE).digest())


async def read(cache: PartCache, of: Part, source: Source, stop: int = _SIZE) -> None:
    file = await cache.acquire(of, 0, stop)
    assert file is not None
    try:
        async for _ in file.read(0, stop, source.open):
            pass
    finally:
        cache.release(file)


async def test_hits_misses_and_who_joined_a_fetch(tmp_path: Path) -> None:
    source, one = Source(), part()
    async with PartCache(tmp_path, 100 * _SIZE).opened() as cache:
        source.gate.clear()
        first = asyncio.create_task(read(cache, one, source))
        await source.asked.wait()
        others = [asyncio.create_task(read(cache, one, source)) for _ in range(2)]
        while cache.figures.opened < 3:
            await asyncio.sleep(0)
        source.gate.set()
        await asyncio.gather(first, *others)
        found = cache.figures
        assert (found.opened, found.hits, found.misses, found.joined) == (3, 0, 3, 2)
        async with asyncio.timeout(30):
            while cache.figures.held < _SIZE:
                await asyncio.sleep(0.01)
        await read(cache, one, source)
        found = cache.figures
        assert (found.opened, found.hits, found.misses, found.joined) == (4, 1, 3, 2)
        assert (found.held, found.held_max, found.evicted) == (_SIZE, 100 * _SIZE, 0)


async def test_what_makes_room_is_counted(tmp_path: Path) -> None:
    source = Source()
    async with PartCache(tmp_path, 8 * _SIZE).opened() as cache:
        for _ in range(10):
            one = part()
            for _ in range(2):  # what somebody else wants is kept
                await read(cache, one, source)

        async with asyncio.timeout(30):
            while cache.figures.held > 8 * _SIZE or cache.figures.evicted < 2:
                await asyncio.sleep(0.01)
        assert cache.figures.opened == 20


def _nothing_waits() -> Workload:
    return Workload(**{one.name: 0 for one in fields(Workload)})


def test_metrics_count_since_the_start_however_often_they_are_asked_for() -> None:
    metrics = Metrics()
    metrics.render(_nothing_waits(), [], CacheFigures(opened=5, hits=2, held=7, held_max=9))
    text = metrics.render(
        _nothing_waits(), [], CacheFigures(opened=9, hits=3, joined=4, evicted=1, wrong=2, held=6, held_max=9)
    ).decode()
    found = dict(line.split(" ") for line in text.splitlines() if line.startswith("mediagate_part_cache"))
    assert {name: float(value) for name, value in found.items() if not name.endswith("_created")} == {
        "mediagate_part_cache_hits_total": 3,
        "mediagate_part_cache_misses_total": 6,
        "mediagate_part_cache_joins_total": 4,
        "mediagate_part_cache_evictions_total": 1,
        "mediagate_part_cache_wrong_total": 2,
        "mediagate_part_cache_bytes": 6,
        "mediagate_part_cache_max_bytes": 9,
    }


def test_what_waits_is_shown() -> None:
    waits = {one.name: number for number, one in enumerate(fields(Workload))}
    text = Metrics().render(Workload(**waits), [], CacheFigures()).decode()
    assert [name for name, number in waits.items() if f"mediagate_{name} {float(number)}" not in text] == []
