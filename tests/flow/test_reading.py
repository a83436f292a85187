"""Reading parts through the cache: once for all readers, from the byte where it stopped, and never other bytes."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from storage.delivery.cache.part_cache import PartCache
from storage.errors import MediaDeleted, SourceUnavailable
from tests.flow.archives import (
    SERVICE,
    RunningArchive,
    eventually,
    read_back,
    running_archive,
    some_bytes,
    take_in,
)

DATA = some_bytes(1_500_000)


@pytest.fixture
async def large(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    """Two parts a media, nearly."""
    async with running_archive(database_url, sandbox, tmp_path, part_size="1MiB") as running:
        yield running


def cache_of(running: RunningArchive) -> PartCache:
    return running.archive.use_cases.delivery._places.cache


def places(tmp_path: Path) -> list[Path]:
    """What the cache keeps over a restart."""
    return [*(tmp_path / "data/cache/parts").glob("??/*")]


async def downloads(running: RunningArchive) -> int:
    """Bytes of files that Telegram gave us."""
    return int((await running.sandbox.stats())["bytes_out"])


async def test_many_readers_cost_one_fetch_and_a_slow_one_slows_nobody(large: RunningArchive) -> None:
    media_id = (await take_in(large, DATA)).media.id
    delivery = large.archive.use_cases.delivery
    deliverable = await delivery.open(SERVICE, media_id)
    before = await downloads(large)
    async with delivery.stream(deliverable, 0, deliverable.size) as slow:
        first = await anext(slow)
        found = await asyncio.gather(*(read_back(large, media_id) for _ in range(12)))
        assert all(data == DATA for data in found)
        assert first + b"".join([chunk async for chunk in slow]) == DATA
    assert await downloads(large) - before == len(DATA)
    again = await downloads(large)
    assert await read_back(large, media_id, 1000, 1_400_000) == DATA[1000:1_400_000]
    assert await downloads(large) == again


async def test_a_seek_fetches_what_it_reads_and_no_more(large: RunningArchive) -> None:
    media_id = (await take_in(large, DATA)).media.id
    out = await downloads(large)
    assert await read_back(large, media_id, 600_000, 620_000) == DATA[600_000:620_000]
    assert await downloads(large) - out <= 20_000
    assert await read_back(large, media_id, 610_000, 640_000) == DATA[610_000:640_000]
    assert await downloads(large) - out <= 50_000
    assert await read_back(large, media_id, 590_000, 640_000) == DATA[590_000:640_000]
    assert await downloads(large) - out <= 70_000  # what was fetched twice was kept


async def test_what_is_read_once_leaves_nothing_on_the_disk(
    large: RunningArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reading is fetched too, and kept; the third one is not. Here no part is short."""
    monkeypatch.setattr("storage.delivery.cache.part_file.SHORT", 0)
    media_id = (await take_in(large, DATA)).media.id
    before, cache = await downloads(large), cache_of(large)
    assert await read_back(large, media_id) == DATA
    assert cache.used_bytes == 0
    assert await read_back(large, media_id) == DATA
    assert await downloads(large) - before == 2 * len(DATA)

    async def all_of_it_is_on_disk() -> bool:
        return cache.used_bytes == len(DATA)

    await eventually(all_of_it_is_on_disk)
    assert await read_back(large, media_id) == DATA
    assert await downloads(large) - before == 2 * len(DATA)


async def test_what_was_fetched_only_in_part_is_not_kept(
    large: RunningArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranges that overlap are passed on from memory; one that was fetched whole, by whatever ranges, is kept."""
    monkeypatch.setattr("storage.delivery.cache.part_file.SHORT", 0)
    media_id, cache = (await take_in(large, DATA)).media.id, cache_of(large)
    for start, stop in (0, 400_000), (300_000, 700_000), (200_000, 600_000):
        assert cache.used_bytes == 0
        assert await read_back(large, media_id, start, stop) == DATA[start:stop]

    async def the_last_is_on_disk() -> bool:
        return cache.used_bytes == 400_000

    await eventually(the_last_is_on_disk)
    before = await downloads(large)
    assert await read_back(large, media_id, 200_000, 600_000) == DATA[200_000:600_000]
    assert await downloads(large) == before


async def test_a_brief_range_passes_by_and_many_at_a_time_cost_two_fetches(
    large: RunningArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.delivery.cache.part_cache.SHORT", 0)
    monkeypatch.setattr("storage.delivery.cache.part_file.SHORT", 0)
    media_id, cache = (await take_in(large, DATA)).media.id, cache_of(large)
    delivery = large.archive.use_cases.delivery
    deliverable, before = await delivery.open(SERVICE, media_id), await downloads(large)
    async with delivery.stream(deliverable, 100_000, 500_000) as alone:
        found = await anext(alone)
        assert not cache.keys()
        others = await asyncio.gather(*(read_back(large, media_id, 100_000, 500_000) for _ in range(5)))
        assert found + b"".join([chunk async for chunk in alone]) == DATA[100_000:500_000]
    assert all(data == DATA[100_000:500_000] for data in others)
    assert await downloads(large) - before == 2 * 400_000
    assert cache.figures.opened == 6


async def test_a_short_part_is_kept_when_it_is_first_read(large: RunningArchive) -> None:
    """A picture that was looked at is looked at again."""
    media_id = (await take_in(large, DATA)).media.id
    before, cache = await downloads(large), cache_of(large)
    assert await read_back(large, media_id) == DATA

    async def all_of_it_is_on_disk() -> bool:
        return cache.used_bytes == len(DATA)

    await eventually(all_of_it_is_on_disk)
    assert await read_back(large, media_id) == DATA
    assert await downloads(large) - before == len(DATA)


async def test_who_comes_late_to_a_fetch_fetches_only_what_was_missed(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    data = some_bytes(8_000_000)
    async with running_archive(database_url, sandbox, tmp_path, part_size="16MiB") as running:
        media_id = (await take_in(running, data)).media.id
        delivery = running.archive.use_cases.delivery
        deliverable = await delivery.open(SERVICE, media_id)
        before = await downloads(running)
        async with delivery.stream(deliverable, 0, deliverable.size) as early:
            found = b""
            while len(found) < 2_000_000:
                found += await anext(early)
            assert await read_back(running, media_id) == data
            assert found + b"".join([chunk async for chunk in early]) == data
        assert len(data) < await downloads(running) - before < len(data) + len(found)


@pytest.mark.parametrize("ranged", [True, False])
@pytest.mark.parametrize("cached", [True, False])
async def test_a_short_read_is_taken_up_where_it_stopped(
    large: RunningArchive, monkeypatch: pytest.MonkeyPatch, *, ranged: bool, cached: bool
) -> None:
    if not cached:
        monkeypatch.setattr(cache_of(large), "_max_bytes", 0)
    await large.sandbox.options(range_on_file=ranged)
    media_id = (await take_in(large, DATA)).media.id
    for _ in range(2):  # passed on, and then kept
        await large.sandbox.add_fault("truncate", method="file", count=2)
        assert await read_back(large, media_id, 100, 1_499_000) == DATA[100:1_499_000]

    async def all_of_it_is_on_disk() -> bool:
        return cache_of(large).used_bytes == (1_499_000 - 100 if cached else 0)

    await eventually(all_of_it_is_on_disk)


async def test_an_expired_path_is_renewed(large: RunningArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_of(large), "_max_bytes", 0)
    media_id = (await take_in(large, DATA)).media.id
    assert await read_back(large, media_id, 0, 10) == DATA[:10]
    await large.sandbox.advance(2 * 3600)
    assert await read_back(large, media_id, 5, 20) == DATA[5:20]


async def test_a_reader_who_stops_gives_the_connection_back(
    large: RunningArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the cache what is near goes to the disk; without it the connection is closed, and taken up later."""
    monkeypatch.setattr("storage.delivery.cache.fetch._PATIENCE", 0.05)
    monkeypatch.setattr("storage.delivery.cache.fetch.AHEAD", 300_000)
    monkeypatch.setattr("storage.delivery.pieces._IDLE", 0.05)
    delivery, cache = large.archive.use_cases.delivery, cache_of(large)
    for most in (cache._max_bytes, 0):
        monkeypatch.setattr(cache, "_max_bytes", most)
        media_id = (await take_in(large, DATA)).media.id
        deliverable = await delivery.open(SERVICE, media_id)
        async with delivery.stream(deliverable, 0, deliverable.size) as chunks:
            first = await anext(chunks)

            async def nothing_is_open() -> bool:
                return not open_downloads(large)

            await eventually(nothing_is_open)
            assert first + b"".join([chunk async for chunk in chunks]) == DATA


def open_downloads(running: RunningArchive) -> int:
    """Connections to Telegram's files that are in somebody's hands."""
    reader = running.archive.use_cases.keeping._teller
    return len(reader._session.connector._acquired)  # type: ignore[attr-defined]


async def test_what_is_hot_survives_a_restart_and_is_checked(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with running_archive(database_url, sandbox, tmp_path, part_size="1MiB") as running:
        kept = (await take_in(running, DATA)).media.id
        torn = (await take_in(running, some_bytes(500_000, seed=7))).media.id
        for _ in range(3):
            await read_back(running, torn)
        after_one = places(tmp_path)
        for _ in range(3):
            await read_back(running, kept)
    [place] = after_one
    os.truncate(place, 100_000)
    os.truncate(place, 500_000)
    async with running_archive(database_url, sandbox, tmp_path, part_size="1MiB") as running:
        before = await downloads(running)
        assert await read_back(running, kept) == DATA
        assert await downloads(running) == before
        assert await read_back(running, torn) == some_bytes(500_000, seed=7)
        assert await downloads(running) > before
        assert cache_of(running).figures.wrong == 1


async def test_a_full_disk_is_no_reason_not_to_read(large: RunningArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    media_id = (await take_in(large, DATA)).media.id
    written = 0

    def full(fd: int, buffers: object, at: int) -> int:
        nonlocal written
        written += 1
        if written > 1:
            raise OSError(errno.ENOSPC, "full")
        return pwritev(fd, buffers, at)  # type: ignore[arg-type]

    pwritev = os.pwritev
    monkeypatch.setattr("os.pwritev", full)
    monkeypatch.setattr("storage.delivery.cache.fetch._WRITE", 256 * 1024)  # in the middle of a part
    for _ in range(2):
        assert await read_back(large, media_id) == DATA

    async def it_was_full() -> bool:
        return written > 1

    await eventually(it_was_full)
    assert await read_back(large, media_id, 7, 70_000) == DATA[7:70_000]


async def test_a_ceiling_holds_while_much_is_read(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """What was read twice goes before what was read more often."""
    async with running_archive(
        database_url, sandbox, tmp_path, part_size="64KiB", part_cache_max_bytes="600KiB"
    ) as running:
        hot = (await take_in(running, some_bytes(100_000, seed=3))).media.id
        for _ in range(3):
            await read_back(running, hot)
        media_id = (await take_in(running, DATA)).media.id
        for _ in range(2):
            assert await read_back(running, media_id) == DATA

        async def within() -> bool:
            return cache_of(running).used_bytes <= 600 * 1024

        await eventually(within)
        before = await downloads(running)
        assert await read_back(running, hot) == some_bytes(100_000, seed=3)
        assert await downloads(running) == before


async def test_a_deleted_media_leaves_the_cache(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    async with running_archive(database_url, sandbox, tmp_path, part_size="1MiB", delete_grace="0s") as running:
        media_id = (await take_in(running, DATA)).media.id
        for _ in range(3):
            await read_back(running, media_id)
        assert places(tmp_path)
        await running.archive.use_cases.deleting.delete(SERVICE, media_id)

        async def gone() -> bool:
            return cache_of(running).used_bytes == 0 and not places(tmp_path)

        await eventually(gone)
        with pytest.raises(MediaDeleted):
            await read_back(running, media_id)


async def test_telegram_away_is_said_before_the_answer_begins(large: RunningArchive) -> None:
    media_id = (await take_in(large, DATA)).media.id
    fault = await large.sandbox.add_fault("away")
    async with AsyncExitStack() as stack:
        deliverable = await large.archive.use_cases.delivery.open(SERVICE, media_id)
        with pytest.raises(SourceUnavailable):
            await stack.enter_async_context(large.archive.use_cases.delivery.stream(deliverable, 0, 10))
    await large.sandbox.remove_fault(fault)
    assert await read_back(large, media_id) == DATA
