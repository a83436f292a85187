"""The mirror's files on disk: ``ab/cd/<64 hex digits>``, one per digest. Everything here blocks.

A plain mirror names files by their SHA-256, so that `sha256sum` checks one by hand. An encrypted one names them by a
keyed hash of it: else whoever sees the directory could look up whether a file that they know is in it. A file is
written under ``incoming/``, made durable, and then renamed: what has its name is whole.
"""

import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

from storage.mirror.marker import Marker, begin_mirror, read_marker, sync_directory
from storage.mirror.sealed import BrokenSeal, MirrorKey, SealedFile, Sealer, sealed_size
from storage.mirror.troubles import FileWrong, MirrorTrouble, Trouble, disk_errors

PIECE = 512 * 1024
_INCOMING = "incoming"
_LEFT_BEHIND = 24 * 3600.0
_FICLONE = 0x40049409
"""``ioctl``: share the extents of another file, where the file system can."""


class MirrorDirectory:
    """One mirror. ``key`` None: its files are as they came. Every method raises `MirrorTrouble`."""

    def __init__(self, root: Path, key: MirrorKey | None) -> None:
        self.root = root
        self._key = key

    def begin(self, known: UUID | None) -> UUID:
        """The mirror's id. ``known`` is what the index remembers; None: none yet, so an empty directory becomes one."""
        marker = read_marker(self.root)
        if marker is None and known is not None:
            raise MirrorTrouble(Trouble.MISSING)
        return self._checked(marker or begin_mirror(self.root, self._key), known).id

    def require(self, known: UUID) -> None:
        """That the mirror is still there: its disk may have been taken away since."""
        marker = read_marker(self.root)
        if marker is None:
            raise MirrorTrouble(Trouble.MISSING)
        self._checked(marker, known)

    def _checked(self, marker: Marker, known: UUID | None) -> Marker:
        if known is not None and marker.id != known:
            raise MirrorTrouble(Trouble.FOREIGN)
        marker.require(self._key)
        return marker

    def path(self, digest: bytes) -> Path:
        name = (digest if self._key is None else self._key.name(digest)).hex()
        return self.root / name[:2] / name[2:4] / name

    def has(self, digest: bytes, size: int) -> bool:
        """Whether a file of the right length has this name."""
        with disk_errors():
            try:
                return self.path(digest).stat().st_size == self._length(size)
            except FileNotFoundError:
                return False

    def take(self, source: Path, digest: bytes, size: int) -> None:
        """Keep a file that is complete and will not change: linked or cloned where that works, else copied.

        Raises `FileWrong` where a copy turned out to be something else, FileNotFoundError where it has gone.
        """
        if self._key is not None or not (self._linked(source, digest) or self._cloned(source, digest)):
            self._copied(source, digest, size)

    def _linked(self, source: Path, digest: bytes) -> bool:
        with source.open("rb") as file, disk_errors():
            os.fsync(file.fileno())
            draft = self._draft()
            try:
                os.link(source, draft)
            except OSError:
                return False  # another file system, or one without links: a full disk shows when it is copied
            self.place(draft, digest)
        return True

    def _cloned(self, source: Path, digest: bytes) -> bool:
        with source.open("rb") as file, disk_errors():
            path = self._draft()
            with path.open("xb") as draft:
                os.fchmod(draft.fileno(), 0o600)
                try:
                    fcntl.ioctl(draft.fileno(), _FICLONE, file.fileno())
                except OSError:
                    path.unlink()
                    return False
                os.fsync(draft.fileno())
            self.place(path, digest)
        return True

    def _copied(self, source: Path, digest: bytes, size: int) -> None:
        with source.open("rb") as file, self.drafting() as draft:
            while data := file.read(PIECE):
                draft.write(data)
            draft.keep(digest, size)

    @contextmanager
    def drafting(self) -> Iterator["Draft"]:
        """`draft`, ended with the context."""
        draft = self.draft()
        try:
            yield draft
        finally:
            draft.end()

    def draft(self) -> "Draft":
        """A file in the making, to be ended by the caller. What was not kept then is gone."""
        with disk_errors():
            path = self._draft()
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        draft = Draft(self, path, fd, None if self._key is None else Sealer(self._key))
        try:
            draft.begin()
        except BaseException:
            draft.end()
            raise
        return draft

    @contextmanager
    def reading(self, digest: bytes, size: int) -> Iterator["StoredFile"]:
        """The file of a digest. Raises `FileWrong`."""
        file = self.open(digest, size)
        try:
            yield file
        finally:
            file.close()

    def open(self, digest: bytes, size: int) -> "StoredFile":
        """The same, to be closed by the caller."""
        with disk_errors():
            try:
                fd = os.open(self.path(digest), os.O_RDONLY)
            except FileNotFoundError as error:
                raise FileWrong("missing") from error
        try:
            with disk_errors():
                return StoredFile(fd, self._key, size)
        except BaseException:
            os.close(fd)
            raise

    def remove(self, digest: bytes) -> None:
        """That it is not there is fine."""
        with disk_errors(), suppress(FileNotFoundError):
            self.path(digest).unlink()

    def probe(self, room: int) -> None:
        """That a file can be written, and that there is ``room`` for bytes."""
        with self.drafting() as draft:
            draft.write(b"probe")
        with disk_errors():
            if shutil.disk_usage(self.root).free < room:
                raise MirrorTrouble(Trouble.FULL)

    def tidy(self) -> None:
        """Remove what was being written by processes that ended in the middle."""
        before = time.time() - _LEFT_BEHIND
        with disk_errors(), suppress(FileNotFoundError):
            for path in (self.root / _INCOMING).iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < before:
                        path.unlink()

    def place(self, draft: Path, digest: bytes) -> None:
        """Give a durable file its name, durably."""
        target = self.path(digest)
        for directory in (target.parent.parent, target.parent):
            if not directory.is_dir():
                directory.mkdir(mode=0o700, exist_ok=True)
                sync_directory(directory.parent)
        draft.rename(target)
        with suppress(FileNotFoundError):
            draft.unlink()  # renaming a link onto another link of the same file leaves both
        sync_directory(target.parent)

    def _draft(self) -> Path:
        # Not its parents: a directory whose disk was taken away is not filled.
        (self.root / _INCOMING).mkdir(mode=0o700, exist_ok=True)
        return self.root / _INCOMING / uuid4().hex

    def _length(self, size: int) -> int:
        return size if self._key is None else sealed_size(size)


class Draft:
    """Bytes on their way into the mirror, hashed as they come."""

    def __init__(self, directory: MirrorDirectory, path: Path, fd: int, sealer: Sealer | None) -> None:
        self._directory = directory
        self._path = path
        self._fd = fd
        self._sealer = sealer
        self._hash = hashlib.sha256()
        self._busy = threading.Lock()
        self.size = 0

    def begin(self) -> None:
        if self._sealer is not None:
            self._write(self._sealer.header)

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    def write(self, data: bytes) -> None:
        with self._busy:
            self._hash.update(data)
            self.size += len(data)
            for chunk in (data,) if self._sealer is None else self._sealer.update(data):
                self._write(chunk)

    def keep(self, digest: bytes, size: int) -> None:
        """Make it durable and give it its name. Raises `FileWrong` where other bytes came than these."""
        if self.size != size:
            raise FileWrong("size")
        if self.digest != digest:
            raise FileWrong("digest")
        with self._busy:
            if self._sealer is not None:
                self._write(self._sealer.finish())
            with disk_errors():
                os.fsync(self._fd)
                self._directory.place(self._path, digest)

    def end(self) -> None:
        """Waits for a write that its caller gave up, since the disk hangs: what that goes on with is still this file,
        and not whichever one gets its descriptor.
        """
        with self._busy:
            os.close(self._fd)
        with suppress(OSError):
            self._path.unlink()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        with disk_errors():
            while view:
                view = view[os.write(self._fd, view) :]


class StoredFile:
    """A file of the mirror, open. Raises `FileWrong` for what is not as it was written, as far as that shows."""

    def __init__(self, fd: int, key: MirrorKey | None, size: int) -> None:
        self._fd = fd
        try:
            self._sealed = None if key is None else SealedFile(fd, key)
        except BrokenSeal as error:
            raise FileWrong("broken") from error
        self.size = self._sealed.size if self._sealed else os.fstat(fd).st_size
        if self.size != size:
            raise FileWrong("size")

    def read(self, offset: int, length: int) -> bytes:
        with disk_errors():
            if self._sealed is None:
                return os.pread(self._fd, length, offset)
            try:
                return self._sealed.read(offset, length)
            except BrokenSeal as error:
                raise FileWrong("broken") from error

    def check(self, digest: bytes) -> None:
        """Read all of it. Raises `FileWrong` where these are not the bytes of ``digest``."""
        found, offset = hashlib.sha256(), 0
        while data := self.read(offset, PIECE):
            found.update(data)
            offset += len(data)
        if found.digest() != digest:
            raise FileWrong("digest")

    def close(self) -> None:
        os.close(self._fd)
