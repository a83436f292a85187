"""Transactions that are shared: few under load, none lost, and nobody fails for another's fault."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Executable, TableValuedAlias, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions, Together
from storage.tables import Request
from storage.tables.many import ForRows, among, insert_of, inserted


class Doubling:
    """Notes how many came together; a negative number breaks its transaction."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def work(self, session: AsyncSession, numbers: Sequence[int]) -> Sequence[int]:
        self.batches.append([*numbers])
        await session.execute(inserted(Request, [{"number": str(number)} for number in numbers]))
        if min(numbers) < 0:
            raise ValueError(str(min(numbers)))
        return [2 * number for number in numbers]


async def kept(sessions: Sessions) -> set[str]:
    async with sessions.begin() as session:
        return set(await session.scalars(select(Request.number)))


async def test_those_who_come_together_share_transactions(sessions: Sessions) -> None:
    doubling = Doubling()
    double = Together(sessions, doubling.work, row=int)
    assert await asyncio.gather(*map(double, range(250))) == [2 * number for number in range(250)]
    assert len(doubling.batches) < 10
    assert len(await kept(sessions)) == 250
    assert await double(1000) == 2000, "and who is alone is served too"


async def test_nobody_waits_for_more_where_enough_have_come(sessions: Sessions) -> None:
    double = Together(sessions, Doubling().work, row=int, linger=60)
    async with asyncio.timeout(30):
        assert await asyncio.gather(*map(double, range(200))) == [2 * number for number in range(200)]


async def test_one_that_fails_harms_no_other(sessions: Sessions) -> None:
    double = Together(sessions, Doubling().work, row=int)
    first, broken, last = await asyncio.gather(*map(double, (1, -2, 3)), return_exceptions=True)
    assert (first, last) == (2, 6)
    assert isinstance(broken, ValueError)
    assert await kept(sessions) == {"1", "3"}


async def test_who_is_cancelled_is_not_served_and_the_others_are(sessions: Sessions) -> None:
    doubling = Doubling()
    double = Together(sessions, doubling.work, row=int)
    async with sessions.begin() as holding:
        await holding.execute(text("LOCK TABLE requests IN ACCESS EXCLUSIVE MODE"))
        leader = asyncio.create_task(double(1))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(double(number)) for number in (2, 3)]
        await asyncio.sleep(0.05)
        for task in (leader, waiting[0]):
            task.cancel()
    assert await waiting[1] == 6
    outcomes = await asyncio.gather(leader, waiting[0], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 2
    assert await kept(sessions) == {"3"}


async def test_two_who_want_one_row_come_one_after_the_other(sessions: Sessions) -> None:
    doubling = Doubling()
    double = Together(sessions, doubling.work, row=lambda number: number % 2)
    assert await asyncio.gather(*map(double, (1, 3, 2, 5))) == [2, 6, 4, 10]
    assert all(len({number % 2 for number in batch}) == len(batch) for batch in doubling.batches)


async def test_words_of_people_go_and_come_back_as_they_are(sessions: Sessions) -> None:
    """Through JSON: what PostgreSQL reads is what was meant."""
    numbers = ["250926-001", 'quote " and \\ and ю', "250926-003"]
    async with sessions.begin() as session:
        await session.execute(inserted(Request, [{"number": number} for number in numbers]))
        found = await session.scalars(select(Request.number).where(among(Request.number, [*numbers[:2], "other"])))
        assert set(found) == set(numbers[:2])


async def test_a_statement_for_rows_is_built_once_and_runs_with_others(sessions: Sessions) -> None:
    built: list[TableValuedAlias] = []

    def build(new: TableValuedAlias) -> Executable:
        built.append(new)
        return insert_of(Request, new).returning(Request.__table__.c.number)

    statement = ForRows(Request, build)
    async with sessions.begin() as session:
        first = await statement.run(session, [{"number": "250926-001"}])
        assert first.scalars().all() == ["250926-001"]
        more = await statement.run(session, [{"number": "250926-002"}, {"number": "250926-003"}])
        assert set(more.scalars()) == {"250926-002", "250926-003"}
    assert len(built) == 1
    assert len(await kept(sessions)) == 3
