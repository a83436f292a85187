"""Two nodes and one pass over the archive: one of them works it off, however long a batch takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

import pytest
from sqlalchemy import select

from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Category, FileType, Inspection, MediaStatus, PartState, Purpose
from storage.engine.looking import Looker
from storage.engine.probing import Prober
from storage.engine.verify_runs import VerifyRuns
from storage.engine.verifying import Verifier
from storage.jobs import Later
from storage.ports import PartStore, Seen, Urgency
from storage.tables import Media, Part, VerifyRun
from tests.flow.archives import eventually

_CHAT = -5


class Telegram:
    """Messages are looked at once the gate is open."""

    bot_ids = (1,)

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.looked: list[int] = []

    async def look(
        self, _chat_id: int, message_id: int, *, bot_id: int | None = None, urgency: Urgency = Urgency.UPLOAD
    ) -> Seen:
        self.looked.append(message_id)
        await self.gate.wait()
        file = {"file_id": "f", "file_unique_id": "u", "file_size": 3}
        seen = {"caption": None, "forwarded": False, "from_here": False, "forward_message_id": message_id + 1}
        return Seen(bot_id=1, **file, **seen)  # type: ignore[arg-type] # of two plain dicts


class Clock:
    def __init__(self) -> None:
        self.at = SystemClock().now()

    def now(self) -> datetime:
        return self.at


class Ground:
    """What the nodes share."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions, self.clock, self.telegram = sessions, Clock(), Telegram()

    def node(self, name: str) -> Verifier:
        store = cast("PartStore", self.telegram)
        looker = Looker(sessions=self.sessions, store=store, clock=self.clock, node=name)
        return Verifier(
            sessions=self.sessions,
            prober=Prober(store=store, looker=looker),
            outside=None,
            clock=self.clock,
            node=name,
            stopping=asyncio.Event(),
        )

    async def run(self) -> VerifyRun:
        async with self.sessions.begin() as session:
            return (await session.scalars(select(VerifyRun))).one()

    async def stored(self, number: int) -> None:
        async with self.sessions.begin() as session:
            for message_id in range(1, number + 1):
                media = Media(
                    key=uuid4(), owner="service:test", source="http", filename="a.txt", content_type="text/plain",
                    file_type=FileType.DOCUMENT, category=Category.OTHER, purpose=Purpose.REQUESTS,
                    status=MediaStatus.ACTIVE, inspection=Inspection.DONE, verified=True, file_size=3,
                )  # fmt: skip
                session.add(media)
                await session.flush()
                part = Part(
                    media_key=media.key, media_id=media.id, index=0, offset=0, size=3, state=PartState.STORED,
                    origin="spool", node="a", purpose=Purpose.REQUESTS, chat_id=_CHAT, message_id=message_id,
                )  # fmt: skip
                session.add(part)


@asynccontextmanager
async def working(verifier: Verifier, run_id: int) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(verifier.handle({"run": run_id}))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Later):
            await task


@pytest.fixture
async def ground(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.setattr("storage.engine.verifying._RENEWED_EVERY", 0.02)
    made = Ground(sessions)
    await made.stored(3)
    return made


async def test_a_batch_that_outlasts_its_lease_is_nobody_elses(ground: Ground) -> None:
    """The lease is renewed while the node is at it; when that is killed another one takes the pass over."""
    run_id, _ = await VerifyRuns(sessions=ground.sessions, clock=ground.clock).begin(
        deep=False, repair=False, by="test"
    )
    async with working(ground.node("a"), run_id):

        async def began() -> bool:
            return len(ground.telegram.looked) == 3

        await eventually(began)
        for _ in range(4):
            ground.clock.at += timedelta(seconds=110)

            async def renewed() -> bool:
                until = (await ground.run()).leased_until
                return until is not None and until > ground.clock.now() + timedelta(seconds=100)

            await eventually(renewed)
            await ground.node("b").handle({"run": run_id})
        assert len(ground.telegram.looked) == 3
    ground.clock.at += timedelta(seconds=110)
    await ground.node("b").handle({"run": run_id})
    assert len(ground.telegram.looked) == 3
    ground.clock.at += timedelta(seconds=20)
    ground.telegram.gate.set()
    with suppress(Later):
        await ground.node("b").handle({"run": run_id})
    assert sorted(ground.telegram.looked) == [1, 1, 2, 2, 3, 3]
    assert (await ground.run()).leased_by in {"b", None}


async def test_who_has_lost_the_lease_stops_and_changes_nothing(ground: Ground) -> None:
    """As after a freeze: the other one is further by now."""
    run_id, _ = await VerifyRuns(sessions=ground.sessions, clock=ground.clock).begin(
        deep=False, repair=False, by="test"
    )
    async with working(ground.node("a"), run_id) as task:

        async def began() -> bool:
            return len(ground.telegram.looked) == 3

        await eventually(began)
        async with ground.sessions.begin() as session:
            run = await session.get_one(VerifyRun, run_id)
            run.leased_by, run.position = "b", 3
        await asyncio.wait({task}, timeout=60)
        assert task.done()
        assert task.exception() is None
    found = await ground.run()
    assert (found.leased_by, found.position, found.counts["checked"]) == ("b", 3, 0)


async def test_a_second_job_of_the_same_node_leaves_the_pass_to_the_first(ground: Ground) -> None:
    run_id, _ = await VerifyRuns(sessions=ground.sessions, clock=ground.clock).begin(
        deep=False, repair=False, by="test"
    )
    node = ground.node("a")
    async with working(node, run_id):

        async def began() -> bool:
            return len(ground.telegram.looked) == 3

        await eventually(began)
        await node.handle({"run": run_id})
        assert len(ground.telegram.looked) == 3
