"""Work in its order, by one thread; after a failure nothing more is done."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from storage.in_order import InOrder


@pytest.fixture
def in_order() -> Iterator[InOrder]:
    def working(function: Any, *args: object) -> Any:
        return function(*args)

    with ThreadPoolExecutor(1) as thread:
        yield InOrder(thread, working)


async def test_each_begins_when_the_one_before_has_ended(in_order: InOrder) -> None:
    done = list[int]()

    def slower_at_first(number: int) -> int:
        time.sleep(0.01 * (5 - number))
        done.append(number)
        return number

    assert await asyncio.gather(*(in_order(slower_at_first, number) for number in range(5))) == [0, 1, 2, 3, 4]
    assert done == [0, 1, 2, 3, 4]


async def test_after_a_failure_all_others_fail_as_it_did(in_order: InOrder) -> None:
    """Or a part whose middle could not be written would be taken for whole."""

    def fails() -> None:
        raise OSError("no room")

    done = list[str]()
    results = await asyncio.gather(
        in_order(done.append, "before"), in_order(fails), in_order(done.append, "after"), return_exceptions=True
    )
    assert done == ["before"]
    assert [str(one) for one in results] == ["None", "no room", "no room"]
    with pytest.raises(OSError, match="no room"):
        await in_order(done.append, "later")
