"""Jobs as wake-ups: a change is never left without one, and what waits does not pile up."""

import asyncio
from typing import Any

from sqlalchemy import text

from storage.database import Sessions
from storage.jobs import JobRunner, Later, enqueue
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
