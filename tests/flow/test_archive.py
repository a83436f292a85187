"""The main job below the doors: bytes go into channels part by part, and come back byte for byte."""

import hashlib
import random

import pytest
from sqlalchemy import func, select

from storage.captions import parse_manifest
from storage.details import Details
from storage.domain import Caller, Category, MediaStatus, Scope
from storage.errors import EmptyFile, FileTooLarge, MediaNotFound, TypeContradiction, TypeNotAllowed
from storage.intake import Accepted, Arrival
from storage.request_numbers import RequestNumber
from storage.tables import Intent, Media, Part, StrayMessage, Upload
from tests.flow.conftest import RunningArchive, eventually

REQUESTS, REPORTS = -1_001_000_000_001, -1_001_000_000_002
SERVICE = Caller.service("test", frozenset(Scope))
EARLY = Details(request_number=RequestNumber("250926-001"), category=Category.REQUEST_DOCUMENT)


def some_bytes(size: int, seed: int = 1) -> bytes:
    """Plain text, so that the policy takes it, and different for each seed."""
    return random.Random(seed).randbytes(size // 2 + 1).hex().encode()[:size]


async def take_in(running: RunningArchive, data: bytes, *, details: Details = EARLY, early: bool = True) -> Accepted:
    arrival = Arrival(caller=SERVICE, filename="notes.txt", details=details if early else None)
    async with running.archive.use_cases.intake.begin(arrival) as upload:
        for start in range(0, len(data), 40_000):
            await upload.write(data[start : start + 40_000])
        received = await upload.finish()
        accepted = await upload.accept(received, details)
        assert await upload.progress.wait_ended(15)
    return accepted


async def read_back(running: RunningArchive, media_id: int, start: int = 0, stop: int | None = None) -> bytes:
    delivery = running.archive.use_cases.delivery
    deliverable = await delivery.open(SERVICE, media_id)
    stop = deliverable.size if stop is None else stop
    async with delivery.stream(deliverable, start, stop) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def count(running: RunningArchive, table: type) -> int:
    async with running.archive.sessions.begin() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("early", [True, False])
async def test_a_file_goes_into_parts_and_comes_back(archive: RunningArchive, *, early: bool) -> None:
    data = some_bytes(300_000)
    accepted = await take_in(archive, data, early=early)
    media = accepted.media
    assert (media.file_size, media.sha256) == (len(data), hashlib.sha256(data).digest())
    assert await read_back(archive, media.id) == data
    assert archive.spooled_files() == []
    messages = [m for m in await archive.sandbox.messages(REQUESTS) if "document" in m]
    manifests = [parse_manifest(message["caption"]) for message in messages]
    assert sorted(manifest.index for manifest in manifests if manifest) == list(range(len(messages)))
    [last] = [manifest for manifest in manifests if manifest and manifest.count]
    assert (last.count, last.total, last.whole) == (len(messages), len(data), media.sha256)
    assert "#r250926_001" in messages[0]["caption"]
    assert len({message["document"]["file_size"] for message in messages}) == len(messages)


async def test_ranges_cross_part_boundaries(archive: RunningArchive) -> None:
    data = some_bytes(200_000)
    media_id = (await take_in(archive, data)).media.id
    for start, stop in ((0, 1), (59_000, 70_000), (199_999, 200_000), (10, 190_000), (5, 5)):
        assert await read_back(archive, media_id, start, stop) == data[start:stop]


@pytest.mark.parametrize(
    ("data", "name", "declared", "error"),
    [
        (b"", "a.txt", None, EmptyFile),
        (b"MZ" + bytes(200), "a.exe", None, TypeNotAllowed),
        (b"x" * 400_000, "a.txt", None, FileTooLarge),
        (b"just text", "a.jpg", "image/jpeg", TypeContradiction),
    ],
)
async def test_what_is_refused_leaves_nothing(
    database_url: str, sandbox, tmp_path, data: bytes, name: str, declared: str | None, error: type[Exception]
) -> None:
    from tests.flow.conftest import running_archive

    async with running_archive(
        database_url, sandbox, tmp_path, part_size="64KiB", max_file_size="300KiB"
    ) as running:
        arrival = Arrival(caller=SERVICE, filename=name, declared_type=declared, details=EARLY)
        with pytest.raises(error):
            async with running.archive.use_cases.intake.begin(arrival) as upload:
                for start in range(0, len(data), 40_000):
                    await upload.write(data[start : start + 40_000])
                await upload.accept(await upload.finish(), EARLY)
        assert running.spooled_files() == []
        for table in (Media, Part, Upload):
            assert await count(running, table) == 0

        async def channel_is_empty() -> bool:
            return not [m for m in await sandbox.messages(REQUESTS) if "document" in m] and not await count(
                running, Intent
            )

        await eventually(channel_is_empty)


async def test_a_late_category_moves_what_was_shipped(archive: RunningArchive) -> None:
    """Fields come in any order: the last one may say that the file belongs into another channel."""
    data = some_bytes(300_000)
    late = Details(category=Category.REPORT_DOCUMENT)
    async with archive.archive.use_cases.intake.begin(
        Arrival(caller=SERVICE, filename="a.txt", details=Details())
    ) as upload:
        for start in range(0, len(data), 40_000):
            await upload.write(data[start : start + 40_000])
        accepted = await upload.accept(await upload.finish(), late)

    async def moved() -> bool:
        view = await archive.archive.use_cases.reading.media(SERVICE, accepted.media.id)
        left = [m for m in await archive.sandbox.messages(REQUESTS) if "document" in m]
        return view.stored and not left

    await eventually(moved)
    assert await read_back(archive, accepted.media.id) == data
    assert len([m for m in await archive.sandbox.messages(REPORTS) if "document" in m]) > 3


@pytest.mark.parametrize("hours", [0, 49])
async def test_a_delete_deletes(archive: RunningArchive, hours: int) -> None:
    """Past 48 hours a bot may not delete any more: a placeholder takes the file's place."""
    accepted = await take_in(archive, some_bytes(100_000))
    await archive.sandbox.advance(hours * 3600)
    use_cases = archive.archive.use_cases
    use_cases.deleting.grace = 0
    await use_cases.deleting.delete(SERVICE, accepted.media.id)

    async def erased() -> bool:
        async with archive.archive.sessions.begin() as session:
            media = await session.get_one(Media, accepted.media.id)
            strays = await session.scalar(select(func.count()).select_from(StrayMessage))
        return media.status is MediaStatus.DELETED and not strays

    await eventually(erased)
    messages = [m for m in await archive.sandbox.messages(REQUESTS) if "document" in m]
    assert [m["document"]["file_name"] for m in messages] == (["deleted.txt", "deleted.txt"] if hours else [])
    assert all("mediagate:" not in m.get("caption", "") for m in messages)


async def test_another_persons_media_is_not_there(archive: RunningArchive) -> None:
    from storage.domain import Role

    media_id = (await take_in(archive, b"hello world")).media.id
    with pytest.raises(MediaNotFound):
        await archive.archive.use_cases.reading.media(Caller.person(5, Role.USER), media_id)
