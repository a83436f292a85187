"""The power goes: only what was synced is there afterwards, files and the names of files. Nothing told of is lost."""

import os
import stat
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from storage.errors import PartLost
from tests.flow.archives import (
    ARRIVAL,
    RunningArchive,
    accept,
    read_back,
    running_archive,
    some_bytes,
)
from tests.flow.http_door import open_door
from tests.flow.tus import Tus

DATA, SLOWLY, SHORT = some_bytes(200_000), some_bytes(150_000, seed=2), some_bytes(1000, seed=3)


@dataclass
class Disk:
    """What was synced: the bytes of files by inode, the entries of directories. Nothing else outlives a power cut.

    ``forgotten``: ``files`` or ``directories``, as if nobody had synced them.
    """

    files: dict[int, bytes] = field(default_factory=dict)
    directories: dict[str, dict[str, int]] = field(default_factory=dict)
    forgotten: str | None = None

    def fsync(self, fd: int) -> None:
        place, found = Path(f"/proc/self/fd/{fd}").resolve(), os.fstat(fd)
        is_directory = stat.S_ISDIR(found.st_mode)
        if self.forgotten == ("directories" if is_directory else "files"):
            return
        if is_directory:
            with os.scandir(place) as entries:
                self.directories[str(place)] = {entry.name: entry.inode() for entry in entries}
        else:
            self.files[found.st_ino] = place.read_bytes()

    def after_power_cut(self, directory: Path) -> dict[str, bytes]:
        """The files of a directory. One that was named and never synced is empty."""
        if directory.name not in self.directories.get(str(directory.parent), {}):
            return {}
        names = self.directories.get(str(directory), {})
        return {name: self.files.get(inode, b"") for name, inode in names.items()}


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made, fsync = Disk(), os.fsync

    def seen(fd: int) -> None:
        fsync(fd)
        made.fsync(fd)

    monkeypatch.setattr("os.fsync", seen)
    return made


def cut(running: RunningArchive, left: dict[str, bytes]) -> None:
    """Put what the disk has in the place of what the process had."""
    for path in running.spool.iterdir():
        path.unlink()
    for name, data in left.items():
        (running.spool / name).write_bytes(data)


async def test_what_was_told_is_there_after_a_power_cut(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, disk: Disk
) -> None:
    """What was acknowledged, with details first and last, or is short, and an offset; an unfinished body is nothing."""
    await sandbox.add_fault("flood", method="sendDocument", retry_after=1)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        media = [(await accept(running, DATA, arrival)).media.id for arrival in (ARRIVAL, LATE)]
        short = (await accept(running, SHORT)).media.id
        async with open_door(running) as door, running.archive.use_cases.intake.begin(ARRIVAL) as unfinished:
            await unfinished.write(DATA)
            tus = Tus(door)
            url = await tus.begin(len(SLOWLY))
            told = (await tus.patch(url, 0, SLOWLY[:100_000])).offset
            left = disk.after_power_cut(running.spool)
    cut(running, left)
    await sandbox.clear_faults()
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        for media_id in media:
            assert await read_back(running, media_id) == DATA
        assert await read_back(running, short) == SHORT
        async with open_door(running) as door:
            tus = Tus(door)
            assert (await tus.head(url)).offset == told == 100_000
            done = await tus.patch(url, told, SLOWLY[told:])
        assert done.media_id is not None
        assert await read_back(running, done.media_id) == SLOWLY


LATE = with_changes(ARRIVAL, details=None)


@pytest.mark.parametrize("size", [len(DATA), len(SHORT)])
@pytest.mark.parametrize("forgotten", ["files", "directories"])
async def test_without_a_sync_it_would_be_lost(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, disk: Disk, forgotten: str, size: int
) -> None:
    """That the test above can fail: the same with one half of the discipline left out."""
    data = some_bytes(size)
    await sandbox.add_fault("flood", method="sendDocument", retry_after=1)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        disk.forgotten = forgotten
        media_id = (await accept(running, data)).media.id
        left = disk.after_power_cut(running.spool)
    cut(running, left)
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        with pytest.raises(PartLost):
            await read_back(running, media_id)
