"""How long a fetch waits for its reader, by a clock that only the reader moves."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from storage.delivery.cache.fetch import Fetch

_CHUNK, _CHUNKS = 64 * 1024, 128
_SIZE = _CHUNK * _CHUNKS
MIB = 1 << 20


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    moved_by_hand = _Clock()
    monkeypatch.setattr("storage.delivery.cache.fetch.time", moved_by_hand)
    monkeypatch.setattr("storage.delivery.cache.fetch._SOON", 0.02)
    monkeypatch.setattr("storage.delivery.cache.fetch._PATIENCE", 0.1)
    monkeypatch.setattr("storage.delivery.cache.fetch.AHEAD", MIB)
    return moved_by_hand


async def _read(clock: _Clock, rate: float, *, keep: bool = True) -> tuple[int, int, int]:
    """How many bytes one fetch gave to a reader of so many bytes a second, how many from memory, how many to disk."""
    written = 0

    async def source(_start: int, _length: int, _stack: AsyncExitStack) -> AsyncIterator[bytes]:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(_CHUNKS):
                yield bytes(_CHUNK)

        return chunks()

    async def write(_at: int, chunks: Sequence[bytes]) -> None:
        nonlocal written
        written += sum(map(len, chunks))

    fetch = Fetch(open_source=source, write=write, start=0, stop=_SIZE, keep=keep)
    running = asyncio.create_task(fetch.run())
    running.add_done_callback(lambda _: fetch.ended(None))
    at = from_memory = 0
    while at < fetch.stop:
        await fetch.past(at)
        from_memory += _CHUNK if fetch.held(at) is not None else 0
        for _ in range(50):
            await asyncio.sleep(0)  # the source is as far as it goes before its reader takes anything
        clock.now += _CHUNK / rate
        at += _CHUNK
        fetch.read_to(at)
    await running
    return fetch.at, from_memory, written


async def test_a_reader_at_a_fair_pace_is_waited_for(clock: _Clock) -> None:
    """However long that is in all: a busy machine makes every reader slower than the source."""
    fetched, from_memory, written = await _read(clock, 16 * MIB)
    assert fetched == written == _SIZE
    assert from_memory > _SIZE // 2


async def test_a_slow_reader_gets_a_run_on_the_disk(clock: _Clock) -> None:
    fetched, from_memory, written = await _read(clock, MIB / 4)
    assert fetched == written < _SIZE
    assert from_memory < fetched


async def test_what_nobody_else_wants_is_not_written(clock: _Clock) -> None:
    assert await _read(clock, 16 * MIB, keep=False) == (_SIZE, _SIZE, 0)


async def test_what_a_slow_reader_has_not_read_is_written(clock: _Clock) -> None:
    fetched, from_memory, written = await _read(clock, MIB / 4, keep=False)
    assert from_memory < written <= fetched < _SIZE
