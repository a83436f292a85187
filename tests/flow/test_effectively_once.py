"""A part is in its channel exactly once, whatever happens to calls and answers."""

from pathlib import Path

import pytest
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.engine import reconciling
from storage.engine.captions import parse_manifest
from storage.tables import Intent, Part
from tests.flow.archives import (
    ARRIVAL,
    REQUESTS,
    SERVICE,
    RunningArchive,
    accept,
    count,
    eventually,
    read_back,
    running_archive,
    some_bytes,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds instead of tens of seconds between a lost answer and the search."""
    monkeypatch.setattr(reconciling, "SETTLE_SECONDS", 0.3)
    monkeypatch.setattr(reconciling, "FIRST_WATCH", 1.0)
    monkeypatch.setattr(reconciling, "WATCH_SECONDS", 2.0)
    monkeypatch.setattr("storage.telegram.lanes._PAUSE", 0.2)


async def is_stored(running: RunningArchive, media_id: int) -> bool:
    return (await running.archive.use_cases.reading.media(SERVICE, media_id)).stored


async def parts_in_channel(sandbox: SandboxClient) -> list[tuple[str, int]]:
    manifests = [parse_manifest(message.get("caption")) for message in await sandbox.messages(REQUESTS, limit=1000)]
    return sorted((m.media_key.hex, m.index) for m in manifests if m)


async def owned_parts(running: RunningArchive) -> list[tuple[str, int]]:
    async with running.archive.sessions.begin() as session:
        rows = await session.execute(select(Part.media_key, Part.index).where(Part.message_id.is_not(None)))
        return sorted((key.hex, index) for key, index in rows)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("answer_lost", {}),
        ("late", {"seconds": 0.1}),
        ("late", {"seconds": 2.0}),
        ("reset", {}),
        ("error", {"status": 500}),
        ("flood", {"retry_after": 1}),
        ("away", {}),
    ],
)
async def test_one_copy_after_a_failed_send(archive: RunningArchive, kind: str, fields: dict[str, float]) -> None:
    data = some_bytes(200_000)
    await archive.sandbox.add_fault(kind, method="sendDocument", count=2, **fields)
    media_id = (await accept(archive, data)).media.id

    async def settled() -> bool:
        stored = await is_stored(archive, media_id)
        return stored and await parts_in_channel(archive.sandbox) == await owned_parts(archive)

    await eventually(settled, within=60)

    async def quiet() -> bool:
        await archive.archive.sweeper.sweep()
        return not await count(archive, Intent)

    await eventually(quiet, within=60)
    assert await parts_in_channel(archive.sandbox) == await owned_parts(archive)
    assert await read_back(archive, media_id) == data


async def test_a_lost_answer_is_found_among_foreign_posts(archive: RunningArchive) -> None:
    await archive.sandbox.send_text(1003, "a word from people", chat=REQUESTS)
    await archive.sandbox.add_fault("answer_lost", method="sendDocument", count=1)
    media_id = (await accept(archive, b"some text")).media.id
    await archive.sandbox.send_text(1003, "another one", chat=REQUESTS)

    async def stored() -> bool:
        return await is_stored(archive, media_id)

    await eventually(stored, within=60)
    stats = await archive.sandbox.stats()
    assert stats["calls"]["sendDocument"] == 1
    texts = [m["text"] for m in await archive.sandbox.messages(REQUESTS) if "text" in m]
    assert texts[1:] == ["a word from people", "another one"]


async def test_an_aborted_upload_takes_back_what_it_shipped(archive: RunningArchive) -> None:
    await archive.sandbox.add_fault("answer_lost", method="sendDocument", count=1)
    async with archive.archive.use_cases.intake.begin(ARRIVAL) as upload:
        for start in range(0, 300_000, 40_000):
            await upload.write(some_bytes(40_000, seed=start))

    async def nothing_left() -> bool:
        await archive.archive.sweeper.sweep()
        left = await parts_in_channel(archive.sandbox)
        return not left and not await count(archive, Part) and not await count(archive, Intent)

    await eventually(nothing_left, within=60)
    assert archive.spooled_files() == []


async def test_a_restart_settles_what_was_under_way(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """The process ends while answers are lost and while Telegram stalls."""
    data = some_bytes(200_000)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as first:
        await sandbox.add_fault("answer_lost", method="sendDocument", count=1)
        await sandbox.add_fault("stall", method="sendDocument", count=2)
        media_id = (await accept(first, data)).media.id
    await sandbox.clear_faults()
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as second:

        async def stored() -> bool:
            return await is_stored(second, media_id)

        await eventually(stored, within=60)
        assert await read_back(second, media_id) == data
        assert await parts_in_channel(sandbox) == await owned_parts(second)
        assert second.spooled_files() == []
