"""Effectively once, systematically: the process dies at each step of the protocol, under each fault of Telegram.

Each case has foreign posts before and after, two bots and two channels; after a restart the part has to be in one
channel, once, where its row says, readable, and nothing else of ours may be left.
``FAULTS_TABLE=<file>`` writes the table.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.engine import Engine
from sandbox.client import SandboxClient
from storage.database import Sessions
from storage.engine import reconciling
from storage.jobs import Later
from tests.flow.archives import some_bytes
from tests.flow.faulty import SECOND, Ground, Killed, Points, faulty_ground

FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "answer lost": {"kind": "answer_lost"},
    "late": {"kind": "late", "seconds": 0.3},
    "cut in the body": {"kind": "reset"},
    "500": {"kind": "error", "status": 500},
    "flood wait": {"kind": "flood", "retry_after": 1},
    "kicked": {"kind": "error", "status": 403, "description": "Forbidden: bot was kicked from the channel chat"},
    "token revoked": {"kind": "error", "status": 401, "description": "Unauthorized"},
    "wrong size": {"kind": "wrong_size"},
}
_MOST_STEPS = 60
_COMMON = ("none", "answer lost", "late")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(reconciling, "FIRST_WATCH", 0.1)
    monkeypatch.setattr(reconciling, "WATCH_SECONDS", 0.6)
    monkeypatch.setattr("storage.telegram.lanes._PAUSE", 0.05)
    monkeypatch.setattr("storage.telegram.budgets.MARGIN", 0.05)
    monkeypatch.setattr("storage.telegram.budgets._RETRIES", (0.1, 0.2))


@pytest.fixture
async def ground(sessions: Sessions, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[Ground]:
    async with faulty_ground(sessions, sandbox, tmp_path) as made:
        yield made


class Table:
    """Rows of step × fault × outcome."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def note(self, job: str, fault: str, step: str, broken: list[str]) -> None:
        self.rows.append((job, fault, step, "; ".join(broken) or "once"))

    def write(self, path: Path) -> None:
        lines = [f"| {job} | {fault} | {step} | {outcome} |" for job, fault, step, outcome in self.rows]
        with path.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    made = Table()
    yield made
    for row in made.rows:
        request.node.add_report_section("call", "faults", " | ".join(row))
    if path := os.environ.get("FAULTS_TABLE"):
        made.write(Path(path))


async def die_at(work: Callable[[], Awaitable[None]]) -> str | None:
    """Run a job to its end or its death; the step it died at."""
    try:
        await work()
    except Later:
        return None
    except Killed as killed:
        return str(killed)
    return None


@dataclass(frozen=True, kw_only=True)
class Doomed:
    """A part of the media ``key``, and the work that dies on it. ``recorded``: it has its row before that."""

    key: UUID
    data: bytes
    work: Callable[[Engine], Awaitable[None]]
    recorded: bool = True


async def dies_everywhere(
    ground: Ground,
    table: Table,
    job: str,
    fault: str,
    begin: Callable[[bytes], Awaitable[Doomed]],
    *,
    method: str = "sendDocument",
    stride: int = 1,
) -> None:
    """Once for each step (or each ``stride``), until the work comes to its end: the part is there once each time.

    One that was not recorded before may have left nothing instead.
    """
    for at in range(0, _MOST_STEPS, stride):
        doomed = await begin(some_bytes(3_000, seed=at))
        await ground.foreign_posts()
        if FAULTS[fault]:
            await ground.sandbox.add_fault(method=method, count=1, **FAULTS[fault])
        engine = ground.engine(Points(at))
        step = await die_at(lambda: doomed.work(engine))  # noqa: B023 -- called at once
        await ground.foreign_posts()
        await ground.settle()
        await ground.sandbox.clear_faults()
        broken = await outcome(ground, doomed)
        table.note(job, fault, "to the end" if step is None else f"{at + 1}. {step}", broken)
        assert not broken, step
        if step is None:
            assert at > 3
            return
    pytest.fail("the protocol has more steps than are tried")


async def outcome(ground: Ground, doomed: Doomed) -> list[str]:
    if doomed.recorded or await ground.is_recorded(doomed.key):
        return await ground.broken_invariants(doomed.key, doomed.data)
    return [] if await ground.nothing_of(doomed.key) else ["something is left of what was not recorded"]


def stride_of(fault: str, config: pytest.Config) -> int:
    """Of the rarer faults every third step, with ``--every-step`` each."""
    return 1 if fault in _COMMON or config.getoption("every_step") else 3


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_part_is_there_once_wherever_shipping_dies(
    ground: Ground, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    async def begin(data: bytes) -> Doomed:
        part_id, key = await ground.spooled(data)
        return Doomed(key=key, data=data, work=lambda engine: engine.shipper.handle({"part": part_id}))

    await dies_everywhere(ground, table, "ship", fault, begin, stride=stride_of(fault, pytestconfig))


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_part_is_there_once_wherever_its_departure_dies(
    ground: Ground, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    """A part that is recorded as on its way; before that commit there is nothing of it."""

    async def begin(data: bytes) -> Doomed:
        row = await ground.received(data)
        key = row["media_key"]
        return Doomed(key=key, data=data, work=lambda engine: ground.departs(engine, row), recorded=False)

    await dies_everywhere(ground, table, "departure", fault, begin, stride=stride_of(fault, pytestconfig))


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_file_is_there_once_wherever_its_inspection_dies(
    ground: Ground, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    """A file of a chat that was looked at, and is copied into its channel at once."""

    async def begin(data: bytes) -> Doomed:
        key = await ground.sent_to_the_bot(data)
        return Doomed(key=key, data=data, work=ground.inspects)

    stride = stride_of(fault, pytestconfig)
    await dies_everywhere(ground, table, "inspection", fault, begin, method="copyMessage", stride=stride)


@pytest.mark.parametrize("fault", ["answer lost", "cut in the body"])
async def test_a_part_is_there_once_wherever_the_search_dies(ground: Ground, table: Table, fault: str) -> None:
    """The outcome of a send is unknown, and the search for it is killed too."""
    for at in range(_MOST_STEPS):
        data = some_bytes(3_000, seed=at)
        part_id, key = await ground.spooled(data)
        await ground.foreign_posts()
        await ground.sandbox.add_fault(method="sendDocument", count=1, **FAULTS[fault])
        engine = ground.engine()
        await engine.shipper.handle({"part": part_id})
        await ground.foreign_posts()
        chat_id = (await ground._open())[1][0]
        search = ground.engine(Points(at)).reconciler
        step = await die_at(lambda: search.handle({"chat": chat_id}))  # noqa: B023 -- called at once
        await ground.settle()
        broken = await ground.broken_invariants(key, data)
        table.note("search", fault, "to the end" if step is None else f"{at + 1}. {step}", broken)
        assert not broken, step
        if step is None:
            return
    pytest.fail("the search has more steps than are tried")


@pytest.mark.parametrize("method", ["forwardMessage", "deleteMessage"])
@pytest.mark.parametrize("fault", ["answer lost", "late", "cut in the body", "500", "kicked"])
async def test_a_search_that_fails_leaves_nothing(ground: Ground, table: Table, method: str, fault: str) -> None:
    """The looks of the search meet faults themselves, at each of them."""
    for skipped in range(3):
        data = some_bytes(3_000, seed=skipped)
        part_id, key = await ground.spooled(data)
        await ground.sandbox.add_fault(method="sendDocument", count=1, **FAULTS["answer lost"])
        await ground.foreign_posts()
        await ground.engine().shipper.handle({"part": part_id})
        await ground.foreign_posts()
        await ground.sandbox.add_fault(method=method, count=1 + skipped, **FAULTS[fault])
        await ground.settle()
        await ground.sandbox.clear_faults()
        broken = await ground.broken_invariants(key, data)
        table.note("look", fault, f"{method}, {skipped + 1} times", broken)
        assert not broken


async def test_a_bot_that_is_lost_after_an_unknown_outcome(ground: Ground, table: Table) -> None:
    """The one that sent is gone: the other one searches."""
    data = some_bytes(3_000)
    for bot_id in (ground.bot.id, SECOND):
        part_id, key = await ground.spooled(data)
        await ground.sandbox.add_fault("answer_lost", method="sendDocument", count=1)
        await ground.engine().shipper.handle({"part": part_id})
        revoked = await ground.sandbox.add_fault("revoked", bot=bot_id)
        await ground.settle()
        broken = await ground.broken_invariants(key, data)
        await ground.sandbox.remove_fault(revoked)
        table.note("search", "answer lost", f"bot {bot_id} revoked", broken)
        assert not broken
