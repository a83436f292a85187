"""Several bots and channels: parts go to the lane that is free first, and what is dead leaves the pool."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from gateway.sandbox_process import TOKEN
from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.database import Sessions
from storage.engine.events import untold_events
from storage.errors import FloodWait, NoLane
from storage.ports import LaneKey, Urgency, Wish
from storage.tables import Channel, FileRef, Intent, Lane, Part
from storage.telegram.lanes import Lanes
from tests.flow.archives import (
    REPORTS,
    REQUESTS,
    SERVICE,
    RunningArchive,
    accept,
    count,
    eventually,
    read_back,
    running_archive,
    some_bytes,
    take_in,
)

FIRST, SECOND = 7_000_000_001, 7_000_000_002
SECOND_TOKEN = f"{SECOND}:second-bot-token-bbbbbbbbbbbbbbbbbbbbbbbb"
PAIR = f"requests={REQUESTS}+{REPORTS}"


@dataclass
class TestClock:
    """A clock that the test moves."""

    __test__ = False
    at: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


async def second_bot(sandbox: SandboxClient, channels: Sequence[int] = (REQUESTS, REPORTS)) -> None:
    await sandbox.bot(token=SECOND_TOKEN)
    for chat_id in channels:
        await sandbox.member(chat_id, SECOND, "administrator")


@asynccontextmanager
async def two_by_two(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, **variables: str
) -> AsyncIterator[RunningArchive]:
    """Two bots, two channels of one purpose."""
    await second_bot(sandbox)
    given = {"bot_tokens": f"{TOKEN},{SECOND_TOKEN}", "part_size": "64KiB", **variables}
    async with running_archive(database_url, sandbox, tmp_path, channels=PAIR, **given) as running:
        yield running


async def lanes_of(running: RunningArchive, media_id: int) -> Counter[tuple[int, int | None]]:
    """How many parts each (bot, channel) has."""
    async with running.archive.sessions.begin() as session:
        rows = await session.execute(
            select(FileRef.bot_id, Part.chat_id).join(Part, Part.id == FileRef.part_id).where(Part.media_id == media_id)
        )
        return Counter((bot_id, chat_id) for bot_id, chat_id in rows)


async def events(running: RunningArchive) -> list[tuple[str, int | None, int | None]]:
    async with running.archive.sessions.begin() as session:
        return [(event.kind, event.bot_id, event.chat_id) for event in await untold_events(session)]


async def stored(running: RunningArchive, media_id: int) -> bool:
    return (await running.archive.use_cases.reading.media(SERVICE, media_id)).stored


async def test_a_file_goes_over_every_lane_at_once(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    data = some_bytes(850_000)
    async with two_by_two(database_url, sandbox, tmp_path, lane_rate="4") as running:
        accepted = await take_in(running, data)
        assert await read_back(running, accepted.media.id) == data
        lanes = await lanes_of(running, accepted.media.id)
        assert set(lanes) == {(bot, chat) for bot in (FIRST, SECOND) for chat in (REQUESTS, REPORTS)}
        assert max(lanes.values()) <= 4


async def test_parts_of_a_file_stay_together_where_that_costs_nothing(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    async with two_by_two(database_url, sandbox, tmp_path) as running:
        first = await take_in(running, some_bytes(50_000))
        assert sum((await lanes_of(running, first.media.id)).values()) == 1
        async with running.archive.sessions.begin() as session:
            assert set(await session.scalars(select(Part.chat_id))) == {REQUESTS}


@pytest.mark.parametrize("how", ["revoked", "kicked", "rights"])
async def test_a_dead_lane_leaves_the_pool_and_the_others_go_on(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, how: str
) -> None:
    """What was meant for it goes to another at once, admins are told, and it comes back when it works again."""
    async with two_by_two(database_url, sandbox, tmp_path) as running:
        if how == "revoked":
            await sandbox.add_fault("revoked", bot=SECOND)
        else:
            for chat_id in (REQUESTS, REPORTS):
                rights = {"can_post_messages": False} if how == "rights" else None
                await sandbox.member(chat_id, SECOND, "kicked" if how == "kicked" else "administrator", rights)
        data = some_bytes(500_000)
        accepted = await take_in(running, data)
        assert await read_back(running, accepted.media.id) == data
        assert {bot for bot, _ in await lanes_of(running, accepted.media.id)} == {FIRST}
        told = await events(running)
        lost = {("bot_lost", SECOND, None)} if how == "revoked" else {("lane_lost", SECOND, REQUESTS)}
        assert lost <= set(told)
        assert len(told) == len(set(told))
        await sandbox.clear_faults()
        await second_bot(sandbox)
        async with running.archive.sessions.begin() as session:
            for table in ("lanes", "bot_budgets"):
                await session.execute(_due_again(table))

        async def is_back() -> bool:
            await take_in(running, some_bytes(50_000, seed=len(told)))
            return any(kind.endswith("_back") for kind, _, _ in await events(running))

        await eventually(is_back)


def _due_again(table: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- a statement
    from sqlalchemy import text

    version = ", version = version + 1" if table == "bot_budgets" else ""
    return text(f"UPDATE {table} SET retry_at = now() - interval '1 second'{version} WHERE retry_at IS NOT NULL")


async def test_nothing_is_lost_while_no_lane_works(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    async with two_by_two(database_url, sandbox, tmp_path) as running:
        for chat_id in (REQUESTS, REPORTS):
            for bot_id in (FIRST, SECOND):
                await sandbox.member(chat_id, bot_id, "left")
        data = some_bytes(100_000)
        accepted = await accept(running, data)

        async def all_lost() -> bool:
            return len([kind for kind, _, _ in await events(running) if kind == "lane_lost"]) == 4

        await eventually(all_lost)
        assert await read_back(running, accepted.media.id) == data  # from the spool


async def test_a_full_channel_hands_over_to_the_next(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    async with two_by_two(database_url, sandbox, tmp_path, channel_messages_max="3") as running:
        for seed in range(5):
            await take_in(running, some_bytes(20_000, seed=seed))
        async with running.archive.sessions.begin() as session:
            posted = {chat: number for chat, number in await session.execute(select(Channel.chat_id, Channel.posted))}  # noqa: C416 -- rows are no pairs to mypy
        assert posted == {REQUESTS: 3, REPORTS: 2}
        await running.archive.sweeper.sweep()
        await running.archive.sweeper.sweep()
        assert await events(running) == [("channel_full", None, REQUESTS)]


@pytest.mark.parametrize("how", ["revoked", "not ours any more"])
async def test_another_bot_reads_what_a_lost_one_stored(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, how: str
) -> None:
    """File ids are per bot: the other one gets its own from the message, and keeps it."""
    data = some_bytes(300_000)
    async with two_by_two(database_url, sandbox, tmp_path) as running:
        media_id = (await take_in(running, data)).media.id
        before = await lanes_of(running, media_id)
        assert {bot for bot, _ in before} == {FIRST, SECOND}
        if how == "revoked":
            await sandbox.add_fault("revoked", bot=SECOND)
            assert await read_back(running, media_id) == data
    if how != "revoked":
        alone = running_archive(database_url, sandbox, tmp_path, channels=PAIR, part_size="64KiB")
        async with alone as running:
            assert await read_back(running, media_id) == data
    async with running_archive(database_url, sandbox, tmp_path, channels=PAIR, part_size="64KiB") as running:
        after = await lanes_of(running, media_id)
        assert sum(number for (bot, _), number in after.items() if bot == FIRST) == await count(running, Part)
        looks = (await sandbox.stats())["calls"].get("forwardMessage", 0)
        assert await read_back(running, media_id) == data
        assert (await sandbox.stats())["calls"].get("forwardMessage", 0) == looks
        assert await count(running, Intent) == 0


async def _reserved(lanes: Lanes, wish: Wish, most: int) -> int:
    got = 0
    for _ in range(most):
        try:
            await lanes.reserve(wish)
        except FloodWait:
            break
        got += 1
    return got


async def test_budgets_are_shared_by_nodes_and_remembered(sessions: Sessions) -> None:
    clock = TestClock()
    wish = Wish(chat_ids=(REQUESTS,), urgency=Urgency.UPLOAD)

    def node() -> Lanes:
        return Lanes(sessions=sessions, clock=clock, bot_ids=(FIRST, SECOND), assumed_rate=20, patience=0)

    one, other = node(), node()
    got = await asyncio.gather(_reserved(one, wish, 100), _reserved(other, wish, 100))
    assert sum(got) == 40  # two bots, twenty each
    assert await _reserved(node(), wish, 1) == 0  # after a restart
    clock.advance(62)
    assert await _reserved(node(), wish, 100) == 40


async def test_a_flood_wait_is_known_to_every_node_and_after_a_restart(sessions: Sessions) -> None:
    clock = TestClock()
    wish = Wish(chat_ids=(REQUESTS,), urgency=Urgency.UPLOAD)

    def node() -> Lanes:
        return Lanes(sessions=sessions, clock=clock, bot_ids=(FIRST,), assumed_rate=0, patience=0)

    one = node()
    assert await _reserved(one, wish, 12) == 12
    await one.flooded(LaneKey(bot_id=FIRST, chat_id=REQUESTS), 40)
    with pytest.raises(FloodWait) as wait:
        await node().reserve(wish)
    assert wait.value.retry_after > 40
    clock.advance(63)
    assert await _reserved(node(), wish, 100) == 11  # what was learnt


async def test_turned_away_one_after_the_other(sessions: Sessions) -> None:
    """Not all of them come again at the same moment."""
    lanes = Lanes(sessions=sessions, clock=TestClock(), bot_ids=(FIRST,), assumed_rate=20, patience=0)
    wish = Wish(chat_ids=(REQUESTS,), urgency=Urgency.UPLOAD)
    assert await _reserved(lanes, wish, 20) == 20
    waits = []
    for _ in range(5):
        with pytest.raises(FloodWait) as wait:
            await lanes.reserve(wish)
        waits.append(wait.value.retry_after)
    assert waits == sorted(set(waits))


async def test_without_any_lane_in_use_there_is_a_wait_and_a_reason(sessions: Sessions) -> None:
    clock = TestClock()
    lanes = Lanes(sessions=sessions, clock=clock, bot_ids=(FIRST,), assumed_rate=20, patience=0)
    wish = Wish(chat_ids=(REQUESTS,), urgency=Urgency.UPLOAD)
    await lanes.lost(LaneKey(bot_id=FIRST, chat_id=REQUESTS), "kicked", whole=False)
    with pytest.raises(NoLane) as wait:
        await lanes.reserve(wish)
    assert wait.value.retry_after == 60
    clock.advance(60)
    lane = await lanes.reserve(wish)
    await lanes.worked(lane)
    assert await lanes.reserve(wish) == lane


async def test_lanes_that_know_nothing_are_forgotten(sessions: Sessions) -> None:
    lanes = Lanes(sessions=sessions, clock=SystemClock(), bot_ids=(FIRST,), assumed_rate=20)
    await lanes.reserve(Wish(chat_ids=(1001,), urgency=Urgency.PERSON))
    await lanes.ledger.forget()
    async with sessions.begin() as session:
        [row] = (await session.scalars(select(Lane))).all()
        row.sent = [[at - 2 * 86_400, urgency] for at, urgency in row.sent]
    await lanes.ledger.forget()
    async with sessions.begin() as session:
        assert (await session.scalars(select(Lane))).all() == []


async def test_many_who_ask_at_once_have_the_budgets_read_once(sessions: Sessions) -> None:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    lanes = Lanes(sessions=sessions, clock=SystemClock(), bot_ids=(FIRST,), assumed_rate=0)
    engine = sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await asyncio.gather(*(lanes.ledger.budgets(FIRST, REQUESTS) for _ in range(20)))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 2
