"""PostgreSQL goes away while it commits, and nobody hears whether it did: the process goes on, and nothing is stuck."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from sandbox.client import SandboxClient
from storage.database import Sessions
from storage.engine import copying, intents, reconciling, shipping
from storage.jobs import Later
from storage.tables import Intent
from tests.flow.archives import REPORTS, REQUESTS, some_bytes
from tests.flow.faulty import Points
from tests.flow.faulty_copies import CopyGround, copy_ground, soon
from tests.flow.test_faults import _quick

__all__ = ["_quick"]

_STEPS = 6


@dataclass
class LostCommits(Points):
    """The answer to one commit is lost; the process lives on."""

    def reach(self, step: str) -> None:
        if step == "after a commit":
            self.seen.append(step)
            if self.at == len(self.seen) - 1:
                raise ConnectionResetError(step)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)
    monkeypatch.setattr(shipping, "_LEFT_BEHIND_SECONDS", -1.0)
    monkeypatch.setattr(intents, "_LEFT_BEHIND", -intents._LEFT_BEHIND)
    monkeypatch.setattr(reconciling, "_LEFT_BEHIND", -reconciling._LEFT_BEHIND)
    monkeypatch.setattr(copying, "_NOBODY_THERE", 0.0)


@pytest.fixture
async def ground(sessions: Sessions, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[CopyGround]:
    async with copy_ground(sessions, sandbox, tmp_path) as made:
        yield made


async def running(ground: CopyGround) -> int:
    async with ground.ground.sessions.begin() as session:
        return await session.scalar(select(func.count()).select_from(Intent).where(Intent.running)) or 0


async def test_a_commit_whose_answer_was_lost_leaves_nothing_under_way(ground: CopyGround) -> None:
    """Of shipping, searching and copying: the sweep of the same process finds what they left."""
    points = LostCommits()
    engine = ground.ground.engine(points)

    async def losing(at: int, job: Callable[[], Awaitable[None]]) -> None:
        points.seen.clear()
        points.at = at
        with suppress(Later, ConnectionResetError):
            await job()
        points.at = None
        await engine.settle_left_behind()
        assert await running(ground) == 0, f"{job} lost commit {at}"

    parts = [(await ground.ground.spooled(some_bytes(100)))[0] for _ in range(_STEPS)]
    for at, part_id in reversed([*enumerate(parts)]):  # the last loses nothing: from then on budgets are known
        await losing(at, partial(engine.shipper.handle, {"part": part_id}))
    for at in range(_STEPS):
        for chat_id in (REQUESTS, REPORTS):
            async with ground.ground.sessions.begin() as session:
                await session.execute(update(Intent).values(settle_at=func.now(), watch_until=None))
            await losing(at, partial(engine.reconciler.handle, {"chat": chat_id}))
    await ground.stored(some_bytes(100))
    await engine.copying.sweep.sweep()
    for at in range(_STEPS):
        await losing(at, partial(engine.copying.copier.handle, {"chat": ground.backup}))
