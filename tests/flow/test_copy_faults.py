"""Copies effectively once: the process dies at each step of copying, under each fault of Telegram.

As `tests.flow.test_faults` does for parts: after a restart each backup copy is in its channel once, where its row says,
and a replaced part has one message; no intent, stray or forward is left. ``FAULTS_TABLE=<file>`` writes the table.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sandbox.client import SandboxClient
from storage.database import Sessions
from storage.wakeups import REPLACEMENTS
from tests.flow.archives import some_bytes
from tests.flow.faulty import Points
from tests.flow.faulty_copies import CopyGround, copy_ground, soon
from tests.flow.test_faults import FAULTS, Table, _quick, die_at, table

__all__ = ["_quick", "table"]

_MOST_STEPS = 60
_EACH, _SOME = ("none",), ("answer lost", "late")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


@pytest.fixture
async def copying(sessions: Sessions, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[CopyGround]:
    async with copy_ground(sessions, sandbox, tmp_path) as made:
        yield made


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("wrong size", "cut in the body")])
async def test_a_copy_is_there_once_wherever_copying_dies(
    copying: CopyGround, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    """Of the common faults every few steps; with ``--every-step`` each of all."""
    every = pytestconfig.getoption("every_step")
    stride = 1 if every else 3 if fault in _EACH else 7 if fault in _SOME else _MOST_STEPS - 1
    for at in range(0, _MOST_STEPS, stride):
        _, key = await copying.stored(some_bytes(3_000, seed=at))
        if await _dies_and_settles(copying, table, key, (copying.backup, fault, at), "copyMessage"):
            return
    pytest.fail("the protocol has more steps than are tried")


@pytest.mark.parametrize("fault", ["none", "answer lost"])
async def test_a_damaged_part_has_one_message_wherever_its_replacement_dies(
    copying: CopyGround, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    stride = 1 if pytestconfig.getoption("every_step") else 14
    for at in range(0, _MOST_STEPS, stride):
        part_id, key = await copying.stored(some_bytes(3_000, seed=at))
        await copying.ground.engine().copying.sweep.sweep()
        await copying.ground.settle()
        await copying.damaged(part_id)
        if await _dies_and_settles(copying, table, key, (REPLACEMENTS, fault, at), "copyMessage"):
            return
    pytest.fail("the protocol has more steps than are tried")


async def _dies_and_settles(
    copying: CopyGround, table: Table, key: UUID, case: tuple[int, str, int], method: str
) -> bool:
    """Die at a step of a copy job, start again, and check what has to hold. True where the job came to its end."""
    chat_id, fault, at = case
    ground = copying.ground
    await ground.engine().copying.sweep.sweep()
    await ground.foreign_posts()
    if FAULTS[fault]:
        await ground.sandbox.add_fault(method=method, count=1, **FAULTS[fault])
    points = Points(at)
    copier: Any = ground.engine(points).copying.copier
    step = await die_at(lambda: copier.handle({"chat": chat_id}))
    await ground.settle()
    await ground.sandbox.clear_faults()
    broken = await copying.broken(key)
    job = "replace" if chat_id == REPLACEMENTS else "copy"
    table.note(job, fault, "to the end" if step is None else f"{at + 1}. {step}", broken)
    assert not broken, step
    return step is None
