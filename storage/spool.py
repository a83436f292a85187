"""The spool: a local directory of bytes that are arriving, or acknowledged and not in Telegram yet.

One file per part, named by media key and index. Disk work runs in threads of its own, in pieces, with one piece of
each transfer in flight, so that neither the event loop nor the memory feels the size of a file.

Nothing counts as there that was not synced: before anybody is told of bytes, `sync` has had each of their files and
then the directory on the disk. Files only grow and are never renamed, so a file that is synced and named is right.
A file that comes back after a power cut, because its removal was not synced, belongs to no part and is removed.
"""

import asyncio
import errno
import hashlib
import itertools
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from storage.errors import SpoolFull
from storage.in_order import InOrder
from storage.spool_writing import fsync

PIECE = 512 * 1024
"""Bytes handed to a thread at once. Larger gains nothing measurable; a transfer may hold three, see `Spool.piece`."""

_RETRY_AFTER = 30
_THREADS = 3
"""More only compete with the event loop: two cores hash faster than they can receive."""
_NO_WAIT: int | None = getattr(os, "RWF_NOWAIT", None)
_MANY_PIECES = 16
"""Pieces: of eight transfers that are all faster than the disk."""

T = TypeVar("T")


class Spool:
    """The directory, its ceiling, and the threads that work on it."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._used = 0
        self._miscounted = False
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="spool", initializer=_step_back)
        self._single = [ThreadPoolExecutor(1, thread_name_prefix="write", initializer=_step_back) for _ in range(2)]
        self._turns = itertools.cycle(self._single)
        self._handed = 0

    @property
    def used_bytes(self) -> int:
        return self._used

    @property
    def max_bytes(self) -> int:
        return self._max_bytes

    def path(self, media_key: UUID, index: int) -> Path:
        return self._root / f"{media_key.hex}.{index:06d}"

    def run(self, function: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """Run blocking work in the spool's threads. A disk that is full raises `SpoolFull`, whatever was tried."""
        return asyncio.get_running_loop().run_in_executor(self._threads, self._working, function, *args)

    def in_order(self) -> InOrder:
        """`run` for who does several things without waiting for each."""
        return InOrder(next(self._turns), self._working)

    @property
    def piece(self) -> int:
        """Bytes to hand to a thread at once: few while many transfers wait for theirs, each with as much in memory."""
        return PIECE if self._handed <= _MANY_PIECES else PIECE // 4

    def handed(self, writing: asyncio.Future[Any]) -> None:
        """A thread has a piece, until this is done."""
        self._handed += 1
        writing.add_done_callback(self._was_written)

    def _was_written(self, _writing: asyncio.Future[Any]) -> None:
        self._handed -= 1

    def _working(self, function: Callable[..., T], *args: object) -> T:
        try:
            return function(*args)
        except OSError as error:
            if not is_full(error):
                raise
            self._miscounted = True  # what was counted by `take` is not all there
            raise SpoolFull(retry_after=_RETRY_AFTER) from error

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Spool"]:
        """Make the directory (0700), count what is in it; the threads end with the context."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root.chmod(0o700)
        await self.run(fsync, self._root.parent, os.O_RDONLY | os.O_DIRECTORY)  # what is in it needs the directory too
        self._used = _size_of(self._root)
        try:
            yield self
        finally:
            for threads in (self._threads, *self._single):
                threads.shutdown(wait=True)

    def require_room(self, size: int) -> None:
        """Raise `SpoolFull` unless ``size`` more bytes fit."""
        if self._used + size > self._max_bytes:
            raise SpoolFull(retry_after=_RETRY_AFTER)

    def take(self, size: int) -> None:
        """Count ``size`` bytes that are about to be written. Raises `SpoolFull`."""
        self.require_room(size)
        self._used += size

    async def remove(self, media_key: UUID, indexes: Sequence[int]) -> None:
        """Unlink these parts; those that are not there are passed over."""
        freed = await self.run(_unlink, [self.path(media_key, index) for index in indexes])
        self._used = max(0, self._used - freed)
        if self._miscounted:
            self._miscounted = False
            self._used = await self.run(_size_of, self._root)

    async def cut(self, media_key: UUID, index: int, size: int) -> int:
        """Keep ``size`` bytes of a media's part and nothing after them; the bytes that are there, at most ``size``.

        A part that is left empty has no file.
        """
        kept, freed = await self.run(_cut, self.path, media_key, index, size)
        self._used = max(0, self._used - freed)
        return kept

    async def sync(self, media_key: UUID, indexes: Sequence[int]) -> None:
        """Make these parts durable: each file, then the directory. A part already shipped has no file."""
        await self.run(_sync, self._root, [self.path(media_key, index) for index in indexes])

    async def wrong_with(self, media_key: UUID, index: int, size: int | None, sha256: bytes | None) -> str | None:
        """``missing``, ``unreadable``, or another ``size`` or ``digest`` (None: not asked); None where it is right."""
        return await self.run(_wrong_with, self.path(media_key, index), size, sha256)

    def keys(self) -> Iterator[tuple[UUID, int]]:
        """What lies in the directory, as (media key, index); anything else in it is left alone."""
        for path in self._root.iterdir():
            with suppress(ValueError):
                yield UUID(hex=path.stem), int(path.suffix[1:])

    async def stream(self, path: Path, size: int) -> AsyncIterator[bytes | bytearray]:
        """Yield a file of ``size`` bytes in pieces, where it is likely still in memory. Raises FileNotFoundError."""
        if size <= PIECE:
            yield _read_at_once(path, size) or await self.run(_read, path, size)
            return
        fd, offset = await self.run(os.open, path, os.O_RDONLY), 0
        try:
            while offset < size:
                piece = min(PIECE, size - offset)
                data = _cached(fd, piece, offset) or await self.run(os.pread, fd, piece, offset)
                await asyncio.sleep(0)  # what is in memory, to a fast receiver, would be one long turn of the loop
                if not data:
                    return
                offset += len(data)
                yield data
        finally:
            os.close(fd)

    async def read(self, path: Path, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes of a file from ``offset`` on, in pieces. Raises FileNotFoundError."""
        async with self.reading(path, offset, length) as pieces:
            async for data in pieces:
                yield data

    @asynccontextmanager
    async def reading(self, path: Path, offset: int, length: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """The same, but the file is open as soon as the context is: from then on it may be removed."""
        fd = await self.run(os.open, path, os.O_RDONLY)
        try:
            yield self._pieces(fd, offset, length)
        finally:
            os.close(fd)

    async def _pieces(self, fd: int, offset: int, length: int) -> AsyncIterator[bytes]:
        while length > 0:
            data = await self.run(os.pread, fd, min(PIECE, length), offset)
            if not data:
                return
            offset += len(data)
            length -= len(data)
            yield data


def _read(path: Path, size: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        return file.read(size)


def _read_at_once(path: Path, size: int) -> bytes | bytearray:
    """A file that was written a moment ago, name and bytes: empty where any of it is not in memory."""
    fd = os.open(path, os.O_RDONLY)
    try:
        data = _cached(fd, size, 0)
    finally:
        os.close(fd)
    return data if len(data) == size else b""


def _cached(fd: int, size: int, offset: int) -> bytes | bytearray:
    """Up to ``size`` bytes that the system has in memory, read at once; empty where a thread has to wait for the disk.

    To ask a thread takes longer than to copy half a mebibyte.
    """
    if _NO_WAIT is None:
        return b""
    data = bytearray(size)
    try:
        count = os.preadv(fd, [data], offset, _NO_WAIT)
    except OSError:  # what is wrong, if anything is, the thread finds too
        return b""
    del data[count:]
    return data


def is_full(error: OSError) -> bool:
    """Whether the disk has no room, or our share of it has none."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _step_back() -> None:
    """In each thread: let the event loop go first where processors are scarce. Little: beside other programs that do
    not step back, a thread with the priority 10 makes uploads five times as slow.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 2)


def _size_of(root: Path) -> int:
    size = 0
    for path in root.iterdir():
        with suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


def _wrong_with(path: Path, size: int | None, sha256: bytes | None) -> str | None:
    try:
        with path.open("rb") as file:
            if size is not None and os.fstat(file.fileno()).st_size != size:
                return "size"
            if sha256 is not None and hashlib.file_digest(file, "sha256").digest() != sha256:
                return "digest"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        if error.errno != errno.EIO:
            raise  # it says something about us, such as too many open files, and nothing about the bytes
        return "unreadable"
    return None


def _unlink(paths: Sequence[Path]) -> int:
    freed = 0
    for path in paths:
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            freed += size
    return freed


def _cut(path_of: Callable[[UUID, int], Path], media_key: UUID, index: int, size: int) -> tuple[int, int]:
    kept = freed = 0
    if index >= 0 and size > 0:
        path = path_of(media_key, index)
        with suppress(FileNotFoundError):
            there = path.stat().st_size
            kept = min(there, size)
            if there > size:
                os.truncate(path, size)
                freed += there - size
        index += 1
    index = max(index, 0)
    while (path := path_of(media_key, index)).exists():
        freed += _unlink([path])
        index += 1
    return kept, freed


def _sync(root: Path, paths: Sequence[Path]) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            fsync(path, os.O_RDONLY)
    fsync(root, os.O_RDONLY | os.O_DIRECTORY)
