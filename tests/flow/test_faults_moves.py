"""Effectively once, while parts move between channels, and where a job or a call happens twice."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import SandboxClient
from storage.database import Sessions
from storage.domain import Purpose
from storage.engine.replacing import move_parts
from storage.jobs import Later
from storage.telegram.binding import Binder
from tests.flow.archives import REPORTS, REQUESTS, some_bytes
from tests.flow.faulty import ARCHIVE, SECOND, Ground, faulty_ground
from tests.flow.test_faults import FAULTS, Doomed, Table, dies_everywhere

_QUICK = {
    "storage.engine.reconciling.SETTLE_SECONDS": 0.0,
    "storage.engine.reconciling.FIRST_WATCH": 0.1,
    "storage.engine.reconciling.WATCH_SECONDS": 0.6,
    "storage.telegram.lanes._PAUSE": 0.05,
    "storage.telegram.budgets.MARGIN": 0.05,
    "storage.telegram.budgets._RETRIES": (0.1, 0.2),
}


@pytest.fixture
async def ground(
    sessions: Sessions, sandbox: SandboxClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ground]:
    for name, value in _QUICK.items():
        monkeypatch.setattr(name, value)
    async with faulty_ground(sessions, sandbox, tmp_path) as made:
        await sandbox.member(ARCHIVE, SECOND, "administrator")
        binder = Binder(sessions=sessions, bot=made.bot)
        await binder.bind({Purpose.REQUESTS: (REQUESTS, REPORTS), Purpose.ARCHIVE: (ARCHIVE,)})
        yield made


@pytest.fixture
def table() -> Iterator[Table]:
    made = Table()
    yield made
    if path := os.environ.get("FAULTS_TABLE"):
        made.write(Path(path))


async def stored_and_moving(ground: Ground, data: bytes) -> tuple[int, Any]:
    """A part that is stored and is to go to the archive: its new id, and its media's key."""
    part_id, key = await ground.spooled(data)
    await ground.engine().shipper.handle({"part": part_id})
    async with ground.sessions.begin() as session:
        await move_parts(session, key, Purpose.ARCHIVE)
    [moving], _ = await ground._open()
    return moving, key


@pytest.mark.parametrize("fault", ["none", "answer lost", "late", "500"])
async def test_a_part_is_there_once_wherever_its_move_dies(
    ground: Ground, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    """Every fourth step, with ``--every-step`` each. The former message is gone once the copy is there."""

    async def begin(data: bytes) -> Doomed:
        part_id, key = await stored_and_moving(ground, data)
        return Doomed(key=key, data=data, work=lambda engine: engine.shipper.handle({"part": part_id}))

    stride = 1 if pytestconfig.getoption("every_step") else 4
    await dies_everywhere(ground, table, "move", fault, begin, method="copyMessage", stride=stride)


@pytest.mark.parametrize("method", ["sendDocument", "copyMessage"])
async def test_a_job_that_two_workers_hold_is_done_once(ground: Ground, table: Table, method: str) -> None:
    """A queue delivers at least once: two processes work on one part, and their call takes effect late."""
    data = some_bytes(3_000)
    if method == "copyMessage":
        part_id, key = await stored_and_moving(ground, data)
    else:
        part_id, key = await ground.spooled(data)
    await ground.sandbox.add_fault(method=method, count=1, **FAULTS["late"])
    await asyncio.gather(*(_handled(ground, part_id) for _ in range(3)))
    await ground.settle()
    broken = await ground.broken_invariants(key, data)
    table.note("ship" if method == "sendDocument" else "move", "late", "three workers at once", broken)
    assert not broken


async def _handled(ground: Ground, part_id: int) -> None:
    try:
        await ground.engine().shipper.handle({"part": part_id})
    except Later:
        return
