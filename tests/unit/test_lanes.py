"""A lane keeps inside its budget before Telegram says so, and learns when Telegram does."""

import asyncio

import pytest

from storage.errors import FloodWait
from storage.telegram.lanes import BULK, INTERACTIVE, LaneGate


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


async def passed(gate: LaneGate, attempts: int) -> int:
    """How many of ``attempts`` messages get through at once."""
    count = 0
    for _ in range(attempts):
        try:
            await gate.enter(BULK, patience=0)
        except FloodWait:
            break
        count += 1
    return count


async def test_a_minute_takes_as_many_as_its_rate(seconds: Seconds) -> None:
    gate = LaneGate(20, seconds)
    assert await passed(gate, 30) == 20
    seconds.now += 30
    assert await passed(gate, 30) == 0
    seconds.now += 32
    assert await passed(gate, 30) == 20


async def test_without_a_rate_nothing_is_held_back(seconds: Seconds) -> None:
    assert await passed(LaneGate(None, seconds), 500) == 500


async def test_a_flood_wait_teaches_the_rate(seconds: Seconds) -> None:
    gate = LaneGate(None, seconds)
    assert await passed(gate, 12) == 12
    assert gate.flooded(40)  # the twelfth was refused
    assert gate.per_minute == 11
    with pytest.raises(FloodWait) as wait:
        await gate.enter(BULK)
    assert 40 <= wait.value.retry_after <= 62
    seconds.now += 62
    assert await passed(gate, 30) == 11


async def test_a_flood_wait_after_few_messages_says_nothing_about_the_rate(seconds: Seconds) -> None:
    gate = LaneGate(20, seconds)
    assert await passed(gate, 3) == 3
    assert not gate.flooded(5)
    assert gate.per_minute == 20
    assert await passed(gate, 1) == 0


async def test_what_was_learnt_is_relaxed_slowly(seconds: Seconds) -> None:
    gate = LaneGate(20, seconds)
    await passed(gate, 11)
    gate.flooded(1)
    assert gate.per_minute == 10
    for expected in (11, 12):
        seconds.now += 601
        await gate.enter(BULK)
        assert gate.per_minute == expected


async def test_messages_before_a_restart_count(seconds: Seconds) -> None:
    gate = LaneGate(20, seconds)
    gate.seed([5.0] * 15)
    assert await passed(gate, 20) == 5


async def test_a_person_goes_before_bulk_work(seconds: Seconds) -> None:
    gate = LaneGate(None, seconds)
    gate.blocked_until = seconds.now + 0.2
    order: list[str] = []

    async def wait(name: str, priority: int) -> None:
        await gate.enter(priority, patience=30)
        order.append(name)

    bulk = asyncio.create_task(wait("bulk", BULK))
    await asyncio.sleep(0)
    person = asyncio.create_task(wait("person", INTERACTIVE))
    await asyncio.sleep(0)
    seconds.now += 1
    await asyncio.gather(bulk, person)
    assert order == ["person", "bulk"]
