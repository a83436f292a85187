"""Checking the archive: what is missing or wrong is found, and nothing else is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.domain import EventType, PartState
from storage.engine.events import untold_events
from storage.engine.verify_runs import RunView, VerifyRuns
from storage.tables import Event, Media, Part, Webhook
from tests.flow.archives import (
    REQUESTS,
    RunningArchive,
    eventually,
    read_back,
    running_archive,
    some_bytes,
    take_in,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.verifying.SECOND_LOOK", __import__("datetime").timedelta(seconds=0.2))
    monkeypatch.setattr("storage.engine.verifying._COPY_AGAIN", 0.1)


async def verified(running: RunningArchive, *, deep: bool = False, repair: bool = False) -> RunView:
    runs = VerifyRuns(sessions=running.archive.sessions, clock=SystemClock())
    run_id, _ = await runs.begin(deep=deep, repair=repair, by="test")

    async def done() -> bool:
        return (await runs.view(run_id)).finished_at is not None

    await eventually(done)
    return await runs.view(run_id)


async def parts(running: RunningArchive) -> list[Part]:
    async with running.archive.sessions.begin() as session:
        return [*await session.scalars(select(Part).order_by(Part.id))]


async def test_what_is_sound_is_said_to_be(archive: RunningArchive) -> None:
    await take_in(archive, some_bytes(150_000))
    found = await verified(archive, deep=True)
    assert (found.counts.checked, found.counts.sound, found.counts.damaged, found.counts.unknown) == (3, 3, 0, 0)
    assert found.counts.bytes_read == 150_000
