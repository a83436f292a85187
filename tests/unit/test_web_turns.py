"""Requests that come in the same moment begin over several turns of the event loop."""

import asyncio

from web.turns import _MOST, Turns


async def test_few_begin_in_one_turn_and_all_in_their_order() -> None:
    turns, begun = Turns(), list[int]()

    async def begin(number: int) -> None:
        await turns()
        begun.append(number)

    tasks = [asyncio.create_task(begin(number)) for number in range(3 * _MOST)]
    await asyncio.sleep(0)
    assert len(begun) == _MOST
    before = len(begun)
    while len(begun) < len(tasks):
        await asyncio.sleep(0)
        assert len(begun) - before <= _MOST
        before = len(begun)
    assert begun == sorted(begun)


async def test_who_goes_away_while_waiting_takes_nobodys_place() -> None:
    turns = Turns()
    tasks = [asyncio.create_task(turns()) for _ in range(2 * _MOST)]
    await asyncio.sleep(0)
    for task in tasks[_MOST : _MOST + 3]:
        task.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks[:_MOST], *tasks[_MOST + 3 :])
        await turns()


async def test_alone_nobody_waits() -> None:
    turns = Turns()
    for _ in range(5):
        waiting = turns()
        try:
            waiting.send(None)
        except StopIteration:
            await asyncio.sleep(0)
        else:
            raise AssertionError("waited")
