"""The mirror's directory: what makes it one, how files get into it, and what is said where something is wrong."""

import errno
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest

from storage.mirror.directory import MirrorDirectory
from storage.mirror.marker import NAME
from storage.mirror.sealed import MirrorKey
from storage.mirror.troubles import FileWrong, MirrorTrouble, Trouble

KEY = MirrorKey(b"a key of thirty-two characters..")
DATA = bytes(range(256)) * 1000
DIGEST = hashlib.sha256(DATA).digest()


def trouble_of(call: Callable[[], object]) -> Trouble:
    with pytest.raises(MirrorTrouble) as error:
        call()
    return error.value.trouble


def problem_of(call: Callable[[], object]) -> str:
    with pytest.raises(FileWrong) as error:
        call()
    return error.value.problem


@pytest.fixture(params=[None, KEY], ids=["plain", "sealed"])
def mirror(request: pytest.FixtureRequest, tmp_path: Path) -> MirrorDirectory:
    directory = MirrorDirectory(tmp_path / "mirror", request.param)
    directory.begin(None)
    return directory


def kept(mirror: MirrorDirectory, tmp_path: Path) -> Path:
    """A file in the mirror, and the one it was made of."""
    source = tmp_path / "source"
    source.write_bytes(DATA)
    source.chmod(0o600)  # as in the spool
    mirror.take(source, DIGEST, len(DATA))
    return mirror.path(DIGEST)


def test_what_was_taken_is_read_in_any_range(mirror: MirrorDirectory, tmp_path: Path) -> None:
    path = kept(mirror, tmp_path)
    (tmp_path / "source").unlink()
    assert mirror.has(DIGEST, len(DATA))
    with mirror.reading(DIGEST, len(DATA)) as file:
        assert file.read(0, len(DATA)) == DATA
        assert file.read(70_001, 99) == DATA[70_001:70_100]
        file.check(DIGEST)
    assert path.stat().st_mode & 0o077 == 0
    assert [*(mirror.root / "incoming").iterdir()] == []


def test_taking_it_twice_changes_nothing(mirror: MirrorDirectory, tmp_path: Path) -> None:
    path = kept(mirror, tmp_path)
    assert kept(mirror, tmp_path) == path
    with mirror.reading(DIGEST, len(DATA)) as file:
        file.check(DIGEST)
    assert [*(mirror.root / "incoming").iterdir()] == []


def test_only_a_plain_mirror_shows_names_and_bytes(tmp_path: Path) -> None:
    plain, sealed = MirrorDirectory(tmp_path / "plain", None), MirrorDirectory(tmp_path / "sealed", KEY)
    for directory in (plain, sealed):
        directory.begin(None)
        kept(directory, tmp_path)
    assert plain.path(DIGEST).name == DIGEST.hex()
    assert plain.path(DIGEST).stat().st_nlink == 1 + (tmp_path / "source").exists()
    assert sealed.path(DIGEST).name != DIGEST.hex()
    assert DATA[:64] not in sealed.path(DIGEST).read_bytes()


@pytest.mark.parametrize(("linked", "cloned"), [(False, True), (False, False)])
def test_where_nothing_can_be_linked_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, linked: bool, cloned: bool
) -> None:
    """Another file system, and one that can share extents neither."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    if not linked:
        monkeypatch.setattr("os.link", refuse)
    if not cloned:
        monkeypatch.setattr("fcntl.ioctl", refuse)
    mirror = MirrorDirectory(tmp_path / "mirror", None)
    mirror.begin(None)
    assert kept(mirror, tmp_path).read_bytes() == DATA
    assert [*(mirror.root / "incoming").iterdir()] == []


def test_a_copy_of_other_bytes_is_not_kept(tmp_path: Path) -> None:
    mirror = MirrorDirectory(tmp_path / "mirror", KEY)
    mirror.begin(None)
    source = tmp_path / "source"
    source.write_bytes(DATA[:-1] + b"x")
    assert problem_of(lambda: mirror.take(source, DIGEST, len(DATA))) == "digest"
    source.write_bytes(DATA[:-1])
    assert problem_of(lambda: mirror.take(source, DIGEST, len(DATA))) == "size"
    assert not mirror.has(DIGEST, len(DATA))
    assert [*(mirror.root / "incoming").iterdir()] == []


def test_a_file_that_is_gone_cut_or_changed_is_told_apart(mirror: MirrorDirectory, tmp_path: Path) -> None:
    path = kept(mirror, tmp_path)
    content = path.read_bytes()
    os.truncate(path, len(content) - 1)
    assert problem_of(lambda: mirror.open(DIGEST, len(DATA))) == "size"
    path.unlink()
    path.write_bytes(content[:-100] + b"x" + content[-99:])

    def check() -> None:
        with mirror.reading(DIGEST, len(DATA)) as file:
            file.check(DIGEST)

    assert problem_of(check) in ("digest", "broken")
    mirror.remove(DIGEST)
    assert problem_of(lambda: mirror.open(DIGEST, len(DATA))) == "missing"
    mirror.remove(DIGEST)


def test_an_empty_directory_becomes_a_mirror_once(tmp_path: Path) -> None:
    root = tmp_path / "mirror"
    known = MirrorDirectory(root, None).begin(None)
    assert MirrorDirectory(root, None).begin(known) == MirrorDirectory(root, None).begin(None) == known
    (root / NAME).unlink()  # as if its disk were not mounted
    assert trouble_of(lambda: MirrorDirectory(root, None).begin(known)) is Trouble.MISSING
    assert not (root / NAME).exists()


def test_a_directory_with_other_files_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    assert trouble_of(lambda: MirrorDirectory(tmp_path, None).begin(None)) is Trouble.NOT_EMPTY


def test_another_mirror_is_not_taken(tmp_path: Path) -> None:
    MirrorDirectory(tmp_path, None).begin(None)
    assert trouble_of(lambda: MirrorDirectory(tmp_path, None).begin(uuid4())) is Trouble.FOREIGN
    (tmp_path / NAME).write_text("{}")
    assert trouble_of(lambda: MirrorDirectory(tmp_path, None).begin(None)) is Trouble.FOREIGN


@pytest.mark.parametrize(("first", "then"), [(None, KEY), (KEY, None), (KEY, MirrorKey(b"another"))])
def test_another_key_is_noticed_before_anything_is_written(
    tmp_path: Path, first: MirrorKey | None, then: MirrorKey | None
) -> None:
    known = MirrorDirectory(tmp_path, first).begin(None)
    assert trouble_of(lambda: MirrorDirectory(tmp_path, then).begin(known)) is Trouble.WRONG_KEY


def test_a_place_that_cannot_be_is_said_and_not_made(tmp_path: Path) -> None:
    place = tmp_path / "not" / "there"
    assert trouble_of(lambda: MirrorDirectory(place, None).begin(None)) is Trouble.MISSING
    assert not place.parent.exists()
    (tmp_path / "file").touch()
    assert trouble_of(lambda: MirrorDirectory(tmp_path / "file", None).begin(UUID(int=1))) is Trouble.MISSING


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, Trouble.FULL), (errno.EROFS, Trouble.READ_ONLY), (errno.EIO, Trouble.FAILED)],
)
def test_what_the_disk_says_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, expected: Trouble
) -> None:
    mirror = MirrorDirectory(tmp_path / "mirror", KEY)
    mirror.begin(None)

    def write(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.write", write)
    assert trouble_of(lambda: kept(mirror, tmp_path)) is expected
    assert trouble_of(lambda: mirror.probe(0)) is expected
    assert [*(mirror.root / "incoming").iterdir()] == []


def test_what_a_killed_process_was_writing_goes_after_a_day(mirror: MirrorDirectory) -> None:
    (mirror.root / "incoming").mkdir(exist_ok=True)
    old, new = mirror.root / "incoming" / "old", mirror.root / "incoming" / "new"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    mirror.tidy()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_write_that_hangs_keeps_its_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its caller gives up and ends the draft; what the write goes on with must not get into another file."""
    directory = MirrorDirectory(tmp_path / "mirror", None)
    directory.begin(None)
    draft, hangs, mended, write = directory.draft(), Event(), Event(), os.write

    def hanging(fd: int, data: bytes) -> int:
        if not mended.is_set():
            hangs.set()
            mended.wait(30)
            return write(fd, data[:1])  # the rest comes by another call
        return write(fd, data)

    monkeypatch.setattr("storage.mirror.directory.os.write", hanging)
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(draft.write, b"late")
        assert hangs.wait(30)
        ending = threads.submit(draft.end)
        wait([ending], timeout=0.2)
        with (tmp_path / "another").open("wb"):
            mended.set()
            writing.result(30)
            ending.result(30)
    assert (tmp_path / "another").read_bytes() == b""


def test_a_header_that_cannot_be_read_is_the_disks_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every other place of a file: a check of the archive goes on without the mirror."""
    directory = MirrorDirectory(tmp_path / "mirror", KEY)
    directory.begin(None)
    kept(directory, tmp_path)

    def unreadable(*_of: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("storage.mirror.sealed.os.pread", unreadable)
    assert trouble_of(lambda: directory.open(DIGEST, len(DATA))) is Trouble.FAILED
