"""Jobs as wake-ups: a change is never left without one, and what waits does not pile up."""

import asyncio
import json
from typing import Any

from sqlalchemy import text

from storage.database import Sessions
from storage.jobs import JobRunner, Later, each, enqueue, named
from tests.flow.archives import eventually


async def wake(sessions: Sessions, delay: float = 0) -> None:
    async with sessions.begin() as session:
        await enqueue(session, "work", {"row": 1}, delay=delay, dedupe="row:1")


async def queued(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return int(await session.scalar(text("SELECT count(*) FROM pgqueuer WHERE dedupe_key = 'row:1'")) or 0)


async def test_a_change_while_the_job_runs_wakes_it_again(database_url: str, sessions: Sessions) -> None:
    """A job that runs may have read its row before the change, so it does not stand for the next one."""
    started, go_on, runs = asyncio.Event(), asyncio.Event(), []

    async def handler(payload: dict[str, Any]) -> None:
        runs.append(payload)
        started.set()
        await go_on.wait()

    runner = JobRunner(database_url, "test")
    runner.handle("work", handler)
    async with runner.running():
        await wake(sessions)
        await started.wait()
        await wake(sessions)
        await wake(sessions)
        assert await queued(sessions) <= 2
        go_on.set()

        async def ran_again() -> bool:
            return len(runs) in {2, 3} and await queued(sessions) == 0

        await eventually(ran_again)


async def test_what_waits_waits_once(database_url: str, sessions: Sessions) -> None:
    """Queued twice is queued once; a job put off is queued again under its name."""
    runs: list[dict[str, Any]] = []

    async def handler(payload: dict[str, Any]) -> None:
        runs.append(payload)
        raise Later(3600, "not now")

    await wake(sessions)
    await wake(sessions)
    assert await queued(sessions) == 1
    runner = JobRunner(database_url, "test")
    runner.handle("work", handler)
    async with runner.running():

        async def put_off() -> bool:
            return len(runs) == 1 and await queued(sessions) == 1

        await eventually(put_off)
        await wake(sessions)
        assert await queued(sessions) == 1
    assert runs == [{"row": 1}]


async def test_a_queued_job_waits_for_the_change_it_stands_for(database_url: str, sessions: Sessions) -> None:
    """It is not run while a transaction that counts on it is still open: it would not see what that one wrote."""
    runs: list[dict[str, Any]] = []

    async def handler(payload: dict[str, Any]) -> None:
        runs.append(payload)

    await wake(sessions)
    runner = JobRunner(database_url, "test")
    runner.handle("work", handler)
    async with sessions.begin() as session:
        await enqueue(session, "work", {"row": 1}, dedupe="row:1")
        async with runner.running():
            await asyncio.sleep(0.5)
            assert runs == []
            await session.commit()

            async def ran() -> bool:
                return len(runs) == 1

            await eventually(ran)


async def test_of_several_rows_each_goes_on_at_its_own_time(database_url: str, sessions: Sessions) -> None:
    """Who is done is not handled again, who has to wait long is not tried with who waits shortly, nobody is lost."""
    handled: list[int] = []
    asked = {2: 0.2, 3: 3600.0, 4: 3600.0, 5: 7200.0}

    async def handle(row: int) -> None:
        handled.append(row)
        if row == 6:
            raise ValueError(row)
        if handled.count(row) == 1 and row in asked:
            raise Later(asked[row], "not now")

    async def handler(payload: dict[str, Any]) -> None:
        await each(named(payload, "row"), handle)

    async with sessions.begin() as session:
        await enqueue(session, "work", {"row": [1, 2, 3, 4, 5, 6], "late": True})
    runner = JobRunner(database_url, "test")
    runner.handle("work", handler)
    async with runner.running():

        async def split() -> bool:
            return handled == [1, 2, 3, 4, 5, 6, 2] and len(await waiting(sessions)) == 2

        await eventually(split)
    assert await waiting(sessions) == [
        ({"row": [3, 4], "late": True}, 1),
        ({"row": [5], "late": True}, 2),
    ]


async def waiting(sessions: Sessions) -> list[tuple[dict[str, Any], int]]:
    """The jobs that are queued, and how many hours they wait."""
    rows = text(
        "SELECT payload, round(extract(epoch FROM execute_after - created) / 3600)::int FROM pgqueuer ORDER BY 2"
    )
    async with sessions.begin() as session:
        return [(json.loads(payload), hours) for payload, hours in await session.execute(rows)]
