"""The mirror: bytes outside Telegram too, read when Telegram has them no more, and never in the way of an upload."""

import errno
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.engine.events import untold_events
from storage.errors import SourceUnavailable
from storage.jobs import enqueue
from storage.mirror.directory import MirrorDirectory
from storage.mirror.filling import FILL_JOB
from storage.mirror.marker import NAME
from storage.tables import Media, Mirror, MirrorFile, MirrorMiss, MirrorNode, Part
from tests.flow.archives import (
    ARRIVAL,
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

KEY = "0123456789abcdef0123456789abcdef"
DATA = some_bytes(150_000)
SMALL = some_bytes(2_000)


def files_in(mirror: Path) -> list[Path]:
    return sorted(path for path in mirror.glob("??/??/*") if path.is_file())


async def fill(running: RunningArchive) -> None:
    """What the minute's schedule does."""
    async with running.archive.sessions.begin() as session:
        await enqueue(session, FILL_JOB, {}, dedupe=FILL_JOB)


async def filled(running: RunningArchive, mirror: Path, files: int) -> None:
    await fill(running)

    async def there() -> bool:
        return len(files_in(mirror)) == files == await count(running, MirrorFile)

    await eventually(there)


async def empty_the_channel(running: RunningArchive) -> None:
    """By hand, and with it every file id stops to work."""
    async with running.archive.sessions.begin() as session:
        for part in (await session.scalars(select(Part))).all():
            assert part.chat_id is not None
            assert part.message_id is not None
            await running.sandbox.delete(part.chat_id, part.message_id)
    wrong = "Bad Request: wrong file_id or the file is temporarily unavailable"
    await running.sandbox.add_fault("error", method="getFile", status=400, description=wrong)


async def trouble(running: RunningArchive) -> str | None:
    async with running.archive.sessions.begin() as session:
        return (await session.get_one(MirrorNode, "test")).trouble


@pytest.mark.parametrize("key", ["", KEY])
async def test_what_telegram_has_no_more_is_read_from_the_mirror(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, key: str
) -> None:
    mirror = tmp_path / "mirror"
    settings = {"part_size": "64KiB", "mirror": str(mirror), "mirror_key": key}
    async with running_archive(database_url, sandbox, tmp_path, **settings) as running:
        media_id = (await take_in(running, DATA)).media.id
        assert len(files_in(mirror)) == await count(running, MirrorFile) == await count(running, Part)
        held = b"".join(path.read_bytes() for path in files_in(mirror))
        assert (DATA[:1000] in held) is (not key)
        await empty_the_channel(running)
        assert await read_back(running, media_id) == DATA
        assert await read_back(running, media_id, 65_000, 70_001) == DATA[65_000:70_001]


async def test_media_with_the_same_bytes_share_a_file_until_the_last_is_deleted(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror), delete_grace="0s") as running:
        first, second = [(await take_in(running, SMALL)).media.id for _ in range(2)]
        assert (len(files_in(mirror)), await count(running, MirrorFile)) == (1, 1)
        await erased(running, first)
        await filled(running, mirror, 1)
        await erased(running, second)
        await filled(running, mirror, 0)


async def erased(running: RunningArchive, media_id: int) -> None:
    await running.archive.use_cases.deleting.delete(SERVICE, media_id)

    async def gone() -> bool:
        async with running.archive.sessions.begin() as session:
            return await session.scalar(select(Part.id).where(Part.media_id == media_id)) is None

    await eventually(gone)


async def test_what_was_stored_before_is_brought_in_the_background(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Also what nobody knew the digest of, and what bots cannot fetch is written down."""
    mirror = tmp_path / "mirror"
    async with running_archive(database_url, sandbox, tmp_path) as running:
        known, unknown, huge = [(await take_in(running, some_bytes(3_000, seed))).media.id for seed in (1, 2, 3)]
        async with running.archive.sessions.begin() as session:
            await session.execute(update(Part).where(Part.media_id == unknown).values(sha256=None))
            await session.execute(update(Media).where(Media.id == unknown).values(sha256=None))
            await session.execute(update(Part).where(Part.media_id == huge).values(size=None))
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        await filled(running, mirror, 2)
        async with running.archive.sessions.begin() as session:
            assert (await session.get_one(Media, unknown)).sha256 is not None
        await eventually(lambda: _is(running, MirrorMiss, 1))
        await empty_the_channel(running)
        assert await read_back(running, known) == some_bytes(3_000, 1)
        assert await read_back(running, unknown) == some_bytes(3_000, 2)


async def _is(running: RunningArchive, table: type, rows: int) -> bool:
    return await count(running, table) == rows


async def test_an_unmounted_mirror_is_said_not_filled_and_caught_up_with(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    mirror, away = tmp_path / "mirror", tmp_path / "away"
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        await take_in(running, SMALL)
        mirror.rename(away)
        mirror.mkdir()  # the mount point
        second = some_bytes(2_000, 2)
        media_id = (await take_in(running, second)).media.id  # goes on all the same
        assert [*mirror.iterdir()] == []
        assert await trouble(running) == "missing"
        async with running.archive.sessions.begin() as session:
            [event] = await untold_events(session)
        assert (event.kind, event.detail["reason"]) == ("mirror_lost", "missing")
        assert await read_back(running, media_id) == second
    mirror.rmdir()
    away.rename(mirror)
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        assert await trouble(running) is None
        async with running.archive.sessions.begin() as session:
            assert [event.kind for event in await untold_events(session)] == ["mirror_lost", "mirror_back"]
        await filled(running, mirror, 2)


async def test_another_key_is_refused_and_everything_else_goes_on(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror), mirror_key=KEY) as running:
        media_id = (await take_in(running, SMALL)).media.id
    before = files_in(mirror)
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror), mirror_key=KEY[::-1]) as running:
        assert await trouble(running) == "wrong_key"
        other = await take_in(running, some_bytes(2_000, 2))
        assert await read_back(running, other.media.id) == some_bytes(2_000, 2)
        assert files_in(mirror) == before
        await empty_the_channel(running)
        with pytest.raises(SourceUnavailable):
            await read_back(running, media_id)


class FullDisk(MirrorDirectory):
    """Its disk is full while ``full`` says so."""

    full = True

    def take(self, source: Path, digest: bytes, size: int) -> None:
        if self.full:
            with self.drafting() as draft:
                draft.write(b"some of it")
                raise self.enospc()
        super().take(source, digest, size)

    @staticmethod
    def enospc() -> Exception:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_full_disk_does_not_keep_an_upload(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    monkeypatch.setattr("gateway.mirror.MirrorDirectory", FullDisk)
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        media_id = (await take_in(running, SMALL)).media.id
        assert files_in(mirror) == [*(mirror / "incoming").iterdir()] == []
        assert running.spooled_files() == []
        assert await read_back(running, media_id) == SMALL
        await filled(running, mirror, 1)  # which writes in another way, and finds room


async def test_a_file_that_went_bad_is_noticed_and_written_again(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        media_id = (await take_in(running, SMALL)).media.id
        [path] = files_in(mirror)
        path.write_bytes(SMALL[:-1] + b"?")
        wrong = "Bad Request: wrong file_id or the file is temporarily unavailable"
        fault = await sandbox.add_fault("error", method="getFile", status=400, description=wrong)
        with pytest.raises(SourceUnavailable):
            await read_back(running, media_id)  # not a byte of it is given for the last one
        async with running.archive.sessions.begin() as session:
            assert (await session.scalars(select(MirrorFile.problem))).all() == ["digest"]
        await sandbox.remove_fault(fault)
        await fill(running)

        async def sound() -> bool:
            return path.read_bytes() == SMALL

        await eventually(sound)


async def test_a_mirror_that_the_index_does_not_know_is_taken_as_it_is(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """As after a restore from an old backup: nothing is fetched for what is there."""
    mirror = tmp_path / "mirror"
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        await take_in(running, SMALL)
        async with running.archive.sessions.begin() as session:
            for table in (MirrorFile, Mirror):
                await session.execute(table.__table__.delete())  # type: ignore[attr-defined]
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        before = (await sandbox.stats())["calls"].get("getFile", 0)
        await filled(running, mirror, 1)
        assert (await sandbox.stats())["calls"].get("getFile", 0) == before
        assert (mirror / NAME).exists()


async def test_an_upload_that_was_dropped_leaves_nothing_in_the_mirror(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB", mirror=str(mirror)) as running:
        async with running.archive.use_cases.intake.begin(ARRIVAL) as upload:
            await upload.write(DATA)

            async def some_mirrored() -> bool:
                return bool(files_in(mirror))

            await eventually(some_mirrored)
        await filled(running, mirror, 0)
        kept = await accept(running, SMALL, replace(ARRIVAL, filename="kept.txt"), wait=True)
        assert await read_back(running, kept.media.id) == SMALL


class Hanging(MirrorDirectory):
    """A network disk that does not answer."""

    hangs = threading.Event()

    def take(self, source: Path, digest: bytes, size: int) -> None:
        self.hangs.wait(30)
        super().take(source, digest, size)


async def test_a_disk_that_hangs_holds_nobody(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    monkeypatch.setattr("gateway.mirror.MirrorDirectory", Hanging)
    monkeypatch.setattr("storage.mirror.keeping._PATIENCE_OF_UPLOADS", 0.2)
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        try:
            media_id = (await take_in(running, SMALL)).media.id
            assert await trouble(running) == "slow"
            again = (await take_in(running, SMALL)).media.id  # not even tried: it is left alone for a while
            assert await read_back(running, media_id) == await read_back(running, again) == SMALL
        finally:
            Hanging.hangs.set()
