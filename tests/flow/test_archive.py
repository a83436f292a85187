"""The main job below the doors: bytes go into channels part by part, and come back byte for byte."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sandbox.client import SandboxClient
from storage.details import Details
from storage.domain import Caller, Category, MediaStatus, Role
from storage.engine.captions import parse_manifest
from storage.errors import EmptyFile, FileTooLarge, MediaNotFound, TypeContradiction, TypeNotAllowed
from storage.intake.taking_in import Arrival
from storage.tables import Intent, Media, Part, StrayMessage, Upload
from tests.flow.archives import (
    EARLY,
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
    database_url: str,
    sandbox: SandboxClient,
    tmp_path: Path,
    data: bytes,
    name: str,
    declared: str | None,
    error: type[Exception],
) -> None:
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB", max_file_size="300KiB") as running:
        arrival = Arrival(caller=SERVICE, filename=name, declared_type=declared, details=EARLY)
        with pytest.raises(error):
            await accept(running, data, arrival)
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
    arrival = Arrival(caller=SERVICE, filename="a.txt", details=Details())
    accepted = await accept(archive, data, arrival, details=Details(category=Category.REPORT_DOCUMENT))

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
    media_id = (await take_in(archive, b"hello world")).media.id
    with pytest.raises(MediaNotFound):
        await archive.archive.use_cases.reading.media(Caller.person(5, Role.USER), media_id)
