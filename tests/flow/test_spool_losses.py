"""The spool loses a file, or has no room left on its disk: said clearly, and everything else goes on."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.domain import EventType, PartState
from storage.engine.events import untold_events
from storage.errors import PartLost, SpoolFull
from storage.spool import Spool
from storage.tables import Event, Incident, Media, Part, Upload, Webhook
from tests.flow.archives import (
    ARRIVAL,
    EARLY,
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

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.reconciling.SETTLE_SECONDS", 0.3)


async def part_states(running: RunningArchive) -> list[PartState]:
    async with running.archive.sessions.begin() as session:
        return [*await session.scalars(select(Part.state).order_by(Part.id))]


async def is_stored(running: RunningArchive, media_id: int) -> bool:
    return (await running.archive.use_cases.reading.media(SERVICE, media_id)).stored


def spoil(path: Path, how: str) -> None:
    if how == "missing":
        path.unlink()
    elif how == "cut":
        os.truncate(path, path.stat().st_size - 1)
    else:
        with path.open("r+b") as file:
            file.write(b"other")


@pytest.mark.parametrize("how", ["missing", "cut", "changed"])
async def test_a_part_without_its_bytes_is_given_up_loudly(archive: RunningArchive, how: str) -> None:
    fault = await archive.sandbox.add_fault("flood", method="sendDocument", retry_after=1)
    lost = await accept(archive, some_bytes(100_000))
    sound = await accept(archive, some_bytes(100_000, seed=2))
    async with archive.archive.sessions.begin() as session:
        session.add(Webhook(url="https://crm.example", events=["media.damaged"], secret=b"", created_by="test"))
        parts = (await session.scalars(select(Part).where(Part.media_id == lost.media.id).order_by(Part.index))).all()
    victim = archive.archive.spool.path(parts[1].media_key, 1)

    async def was_tried() -> bool:
        async with archive.archive.sessions.begin() as session:
            return (await session.get_one(Part, parts[1].id)).attempt > 0

    await eventually(was_tried)
    spoil(victim, how)
    before = (await archive.sandbox.stats())["floods"]

    async def what_was_read_before_is_refused() -> bool:
        return bool((await archive.sandbox.stats())["floods"] >= before + 3)

    await eventually(what_was_read_before_is_refused)
    await archive.sandbox.remove_fault(fault)

    async def settled() -> bool:
        states = await part_states(archive)
        return states.count(PartState.LOST) == 1 and states.count(PartState.STORED) == len(states) - 1

    await eventually(settled)
    assert await is_stored(archive, sound.media.id)
    assert await read_back(archive, sound.media.id) == some_bytes(100_000, seed=2)
    with pytest.raises(PartLost) as error:
        await read_back(archive, lost.media.id)
    assert error.value.fields["part"] == 2
    first = some_bytes(100_000)[:1000]
    assert await read_back(archive, lost.media.id, 0, 1000) == first  # what is there can be had
    async with archive.archive.sessions.begin() as session:
        [event] = await untold_events(session)
        assert (event.kind, event.media_id, event.detail["part"]) == ("part_lost", lost.media.id, 2)
        assert await session.scalar(select(Upload.phase).where(Upload.media_id == lost.media.id)) == "failed"
        told = (await session.scalars(select(Event))).one()
        assert (told.type, told.media_id, told.data["part"]) == (EventType.MEDIA_DAMAGED, lost.media.id, 2)

    async def incident_is_there() -> bool:
        return await count(archive, Incident) == 1

    await eventually(incident_is_there)


async def test_a_spool_that_is_gone_at_start_and_comes_back(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """A volume that was not mounted: nothing is thrown away for it."""
    data = some_bytes(100_000)
    await sandbox.add_fault("flood", method="sendDocument", retry_after=1)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        media_id = (await accept(running, data)).media.id
        spool = running.spool
    away = spool.rename(tmp_path / "unmounted")
    await sandbox.clear_faults()
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:

        async def all_lost() -> bool:
            return set(await part_states(running)) == {PartState.LOST}

        await eventually(all_lost)
        other = await take_in(running, b"what comes now is kept")
        assert await read_back(running, other.media.id) == b"what comes now is kept"
        with pytest.raises(PartLost):
            await read_back(running, media_id)
    for path in away.iterdir():
        path.rename(spool / path.name)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:

        async def stored() -> bool:
            return await is_stored(running, media_id)

        await eventually(stored)
        assert await read_back(running, media_id) == data


async def test_a_file_that_was_spoilt_while_nothing_ran(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Of the right length, with other bytes: it never gets to Telegram, and everything else goes on."""
    await sandbox.add_fault("flood", method="sendDocument", retry_after=1)
    async with running_archive(database_url, sandbox, tmp_path) as running:
        spoilt = (await accept(running, some_bytes(50_000))).media.id

        async def was_tried() -> bool:
            async with running.archive.sessions.begin() as session:
                return (await session.scalars(select(Part.attempt))).one() > 0

        await eventually(was_tried)
        sound = (await accept(running, some_bytes(50_000, seed=2))).media.id
        async with running.archive.sessions.begin() as session:
            key = await session.scalar(select(Part.media_key).where(Part.media_id == spoilt))
        assert key is not None
        victim = running.archive.spool.path(key, 0)
    spoil(victim, "changed")
    await sandbox.clear_faults()
    async with running_archive(database_url, sandbox, tmp_path) as running:

        async def settled() -> bool:
            return await part_states(running) == [PartState.LOST, PartState.STORED]

        await eventually(settled)
        assert await read_back(running, sound) == some_bytes(50_000, seed=2)
        with pytest.raises(PartLost):
            await read_back(running, spoilt)


async def test_an_upload_whose_part_was_lost_is_not_acknowledged(archive: RunningArchive) -> None:
    await archive.sandbox.add_fault("flood", method="sendDocument", retry_after=1)
    with pytest.raises(PartLost):
        await _accept_with_a_loss(archive, some_bytes(200_000))
    for table in (Media, Part, Upload):
        assert await count(archive, table) == 0
    assert archive.spooled_files() == []


async def _accept_with_a_loss(archive: RunningArchive, data: bytes) -> None:
    async def was_tried() -> bool:
        async with archive.archive.sessions.begin() as session:
            return any(attempt > 0 for attempt in await session.scalars(select(Part.attempt)))

    async def was_lost() -> bool:
        return PartState.LOST in await part_states(archive)

    async with archive.archive.use_cases.intake.begin(ARRIVAL) as upload:
        await upload.write(data)
        await eventually(was_tried)
        async with archive.archive.sessions.begin() as session:
            part = (await session.scalars(select(Part).where(Part.attempt > 0).limit(1))).one()
        archive.archive.spool.path(part.media_key, part.index).unlink()
        await eventually(was_lost)
        await upload.accept(await upload.finish(), EARLY)


class FullDisk(Spool):
    """A spool whose disk takes ``left`` calls more of the functions named, and then no more."""

    names: tuple[str, ...] = ()
    left = 0

    def _working(self, function: Callable[..., T], *args: object) -> T:
        def counted(*given: object) -> T:
            cls = type(self)
            if function.__name__ in cls.names:
                if not cls.left:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                cls.left -= 1
            return function(*given)

        return super()._working(counted, *args)


@pytest.mark.parametrize(
    ("step", "left"), [("open", 0), ("open", 2), ("write_piece", 0), ("write_piece", 2), ("_sync", 0)]
)
@pytest.mark.parametrize("early", [True, False])
async def test_a_full_disk_is_a_clear_error_and_leaves_nothing(
    database_url: str,
    sandbox: SandboxClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    left: int,
    *,
    early: bool,
) -> None:
    monkeypatch.setattr("gateway.archive.Spool", FullDisk)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        FullDisk.names, FullDisk.left = (step,), left
        data, arrival = some_bytes(300_000), ARRIVAL if early else replace(ARRIVAL, details=None)
        with pytest.raises(SpoolFull):
            await accept(running, data, arrival)
        FullDisk.names = ()
        assert await count(running, Media) == 0
        assert running.spooled_files() == []
        assert running.archive.spool.used_bytes == 0
        again = await take_in(running, data)
        assert await read_back(running, again.media.id) == data


async def test_what_the_spool_counts_is_what_lies_there(tmp_path: Path) -> None:
    """A write that failed in its middle must not fill the spool for ever."""
    FullDisk.names, FullDisk.left = ("write_piece",), 0
    async with FullDisk(tmp_path / "spool", 1000).opened() as spool:
        spool.take(800)
        with pytest.raises(SpoolFull):
            await spool.run(_write_piece, -1)
        await spool.remove(UUID(int=1), [0])
        assert spool.used_bytes == 0


def _write_piece(_fd: int) -> None:
    raise OSError(errno.ENOSPC, "full")
