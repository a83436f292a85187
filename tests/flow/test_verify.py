"""Checking the archive: what is missing or wrong is found, and nothing else is; and what can be, is put right."""

import asyncio
import hashlib
import json
import os
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from gateway.sandbox_process import TOKEN
from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import EventType, PartState
from storage.engine.events import untold_events
from storage.engine.verify_runs import RunView, VerifyRuns
from storage.tables import Event, Media, Part, PartCheck, VerifyRun, Webhook
from tests.flow.archives import RunningArchive, eventually, read_back, running_archive, some_bytes, take_in

DATA = some_bytes(150_000)
OK = 200


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.verifying.SECOND_LOOK", timedelta(seconds=0.2))
    monkeypatch.setattr("storage.engine.verifying._COPY_AGAIN", 0.1)
    monkeypatch.setattr("storage.telegram.budgets._LEAST", 1000)  # one flood does not slow the lane down for minutes


def runs_of(running: RunningArchive) -> VerifyRuns:
    return VerifyRuns(sessions=running.archive.sessions, clock=SystemClock())


async def verified(running: RunningArchive, *, deep: bool = False, repair: bool = False) -> RunView:
    run_id, _ = await runs_of(running).begin(deep=deep, repair=repair, by="test")
    return await finished(running, run_id)


async def finished(running: RunningArchive, run_id: int) -> RunView:
    runs = runs_of(running)

    async def done() -> bool:
        return (await runs.view(run_id)).finished_at is not None

    await eventually(done)
    return await runs.view(run_id)


async def parts(running: RunningArchive) -> list[Part]:
    async with running.archive.sessions.begin() as session:
        return [*await session.scalars(select(Part).order_by(Part.id))]


async def states(running: RunningArchive) -> list[str]:
    return [part.state.value for part in await parts(running)]


async def delete_by_hand(running: RunningArchive, part: Part) -> None:
    assert part.chat_id is not None
    assert part.message_id is not None
    await running.sandbox.delete(part.chat_id, part.message_id)


async def test_a_deleted_message_is_found_told_and_nothing_else_is_touched(archive: RunningArchive) -> None:
    media_id = (await take_in(archive, DATA)).media.id
    async with archive.archive.sessions.begin() as session:
        session.add(Webhook(url="https://crm.example", events=["media.damaged"], secret=b"", created_by="test"))
    # Nowhere to repair it from: nobody fetches any file.
    await archive.sandbox.add_fault("error", method="getFile", status=400, description="Bad Request: invalid file_id")
    await archive.sandbox.add_fault("error", method="sendDocument", status=400, description="Bad Request: refused")
    await delete_by_hand(archive, (await parts(archive))[1])
    found = await verified(archive)
    assert (found.counts.checked, found.counts.sound, found.counts.damaged) == (3, 2, 1)
    assert await states(archive) == ["stored", "damaged", "stored"]
    [damaged] = await runs_of(archive).damaged(found.id)
    assert (damaged.media_id, damaged.part, damaged.reason, damaged.repaired) == (media_id, 2, "message_missing", False)
    async with archive.archive.sessions.begin() as session:
        told = (await session.scalars(select(Event))).one()
        assert (told.type, told.media_id, told.data["part"]) == (EventType.MEDIA_DAMAGED, media_id, 2)
        assert "part_damaged" in [event.kind for event in await untold_events(session)]


async def test_what_cannot_be_asked_is_not_known_and_changes_nothing(archive: RunningArchive) -> None:
    await take_in(archive, DATA)
    protected = "Bad Request: message can't be forwarded"
    async with archive.sandbox.fault("error", method="forwardMessage", status=400, description=protected):
        found = await verified(archive)
    assert (found.counts.checked, found.counts.unknown) == (3, 3)
    await archive.sandbox.add_fault("error", method="forwardMessage", status=500, description="Internal", count=1)
    found = await verified(archive)
    assert (found.counts.checked, found.counts.sound, found.counts.unknown) == (3, 2, 1)
    missing = "Bad Request: message to forward not found"  # said once only
    await archive.sandbox.add_fault("error", method="forwardMessage", status=400, description=missing, count=1)
    await archive.sandbox.add_fault("flood", method="forwardMessage", retry_after=1, count=2)  # waited for
    found = await verified(archive)
    assert (found.counts.checked, found.counts.sound, found.counts.damaged) == (3, 3, 0)
    assert await states(archive) == ["stored"] * 3


async def test_other_bytes_are_found_by_reading_only(archive: RunningArchive) -> None:
    await take_in(archive, DATA)
    async with archive.archive.sessions.begin() as session:
        await session.execute(update(Part).where(Part.index == 0).values(sha256=hashlib.sha256(b"other").digest()))
    assert (await verified(archive)).counts.damaged == 0
    found = await verified(archive, deep=True)
    assert (found.counts.sound, found.counts.damaged) == (2, 1)
    assert (await states(archive))[0] == "damaged"


async def test_what_was_thought_damaged_and_is_there_is_stored_again(archive: RunningArchive) -> None:
    media_id = (await take_in(archive, DATA)).media.id
    async with archive.archive.sessions.begin() as session:
        await session.execute(update(Part).where(Part.index == 2).values(state=PartState.DAMAGED))
    found = await verified(archive)
    assert (found.counts.sound, found.counts.restored) == (3, 1)
    assert await states(archive) == ["stored"] * 3
    assert await read_back(archive, media_id) == DATA


async def test_digests_nobody_knew_are_known_afterwards(archive: RunningArchive) -> None:
    media_id = (await take_in(archive, b"small enough for one part")).media.id
    async with archive.archive.sessions.begin() as session:
        await session.execute(update(Part).values(sha256=None))
        await session.execute(update(Media).values(sha256=None))
    found = await verified(archive, deep=True)
    assert found.counts.hashed == 1
    async with archive.archive.sessions.begin() as session:
        media = await session.get_one(Media, media_id)
    assert media.sha256 == hashlib.sha256(b"small enough for one part").digest() == (await parts(archive))[0].sha256


async def test_a_pass_that_was_stopped_goes_on_where_it_was(
    database_url: str, sessions: Sessions, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """The process ends in the middle; what was looked at is not looked at again."""
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        await take_in(running, some_bytes(64 * 1024 * 20))
        await running.sandbox.add_fault("flood", method="forwardMessage", retry_after=2, probability=0.3, seed=4)
        run_id, resumed = await runs_of(running).begin(deep=False, repair=False, by="test")
        assert not resumed

        async def some() -> bool:
            return 0 < await checked(sessions) < 20

        await eventually(some)
    before = await looks(sandbox)
    await sandbox.clear_faults()
    done = await checked(sessions)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        assert await runs_of(running).begin(deep=False, repair=True, by="test") == (run_id, True)
        found = await finished(running, run_id)
    assert (found.counts.checked, found.counts.sound, found.repair) == (found.total, found.total, True)
    assert await looks(sandbox) - before == found.total - done


async def checked(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return await session.scalar(select(func.count()).select_from(PartCheck)) or 0


async def looks(sandbox: SandboxClient) -> int:
    calls = await sandbox.calls(limit=10_000)
    return sum(1 for call in calls if call["method"] == "forwardMessage" and call["status"] == OK)


async def test_a_night_takes_what_was_not_looked_at_for_the_longest_time(archive: RunningArchive) -> None:
    await take_in(archive, DATA)
    runs, night = runs_of(archive), date(2026, 11, 22)
    assert await runs.begin_night(night, deep=False, size=2) is None  # all of it was stored just now
    async with archive.archive.sessions.begin() as session:
        await session.execute(update(Part).values(stored_at=SystemClock().now() - timedelta(days=9)))
    for day, expected in ((0, {1, 2}), (1, {3})):
        run_id = await runs.begin_night(night + timedelta(days=day), deep=False, size=2)
        assert run_id is not None
        assert await runs.begin_night(night + timedelta(days=day), deep=False, size=2) is None
        assert (await finished(archive, run_id)).counts.sound == 2
        async with archive.archive.sessions.begin() as session:
            assert expected <= set((await session.get_one(VerifyRun, run_id)).sample or ())


async def test_what_is_damaged_is_repaired_from_the_mirror(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    settings = {"part_size": "64KiB", "mirror": str(tmp_path / "mirror"), "mirror_key": "0123456789abcdef" * 2}
    async with running_archive(database_url, sandbox, tmp_path, **settings) as running:
        media_id = (await take_in(running, DATA)).media.id
        gone = (await parts(running))[1]
        await delete_by_hand(running, gone)
        await sandbox.add_fault(
            "error", method="getFile", status=400, description="Bad Request: invalid file_id", count=9
        )
        found = await verified(running, deep=True, repair=True)
        assert found.counts.mirrored == 3
        runs = runs_of(running)

        async def repaired() -> bool:
            return not (await runs.view(found.id)).still_damaged

        await eventually(repaired)
        again = (await parts(running))[1]
        assert (again.state, again.id) == (PartState.STORED, gone.id)
        assert again.message_id != gone.message_id
        await sandbox.clear_faults()
        found = await verified(running, deep=True)
        assert (found.counts.sound, found.counts.bytes_read, found.counts.damaged) == (3, len(DATA), 0)
        assert await read_back(running, media_id) == DATA


async def test_the_command_waits_for_the_pass_and_its_repairs(archive: RunningArchive, tmp_path: Path) -> None:
    """From another machine: it becomes a node for as long as it takes."""
    media_id = (await take_in(archive, DATA)).media.id
    await delete_by_hand(archive, (await parts(archive))[0])
    held = archive.settings
    assert held.database_url is not None
    given = {
        "DATABASE_URL": held.database_url.get_secret_value(),
        "SECRET_KEY": "a secret key for tests",
        "BOT_TOKENS": TOKEN,
        "TELEGRAM_API_URL": held.telegram_api_url,
        "DATA_DIR": str(tmp_path / "elsewhere"),
        "LANE_RATE": "0",
        "BACKUP_AT": "",
    }
    environ = os.environ | {f"MEDIAGATE_{name}": value for name, value in given.items()}
    mediagate_verify = (sys.executable, "-c", "from gateway.cli import main; main()", "verify", "--repair", "--json")
    process = await asyncio.create_subprocess_exec(*mediagate_verify, env=environ, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    assert process.returncode == 0
    found = json.loads(told.splitlines()[-1])
    assert found["counts"]["checked"] == found["total"]
    reason = {"media_id": media_id, "part": 1, "reason": "message_missing", "repaired": True}
    assert found["parts_damaged"] == [reason]
    assert await read_back(archive, media_id) == DATA
