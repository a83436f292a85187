"""What was made of media, on disk under a ceiling: the least recently used goes first.

An entry is a file named by media key and a label. It is written beside and moved into place, so that whoever
reads it reads all of it. What is in the directory is known from memory; nothing else may write there.
"""

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

_TOUCHED_EVERY = 60.0
"""Seconds: how exact the order of use is after a restart."""

_MOST_FORGOTTEN = 10_000
_TEMPORARY = "tmp"


@dataclass(slots=True)
class _Entry:
    size: int
    touched: float


class PreviewCache:
    """The directory. ``max_bytes`` 0 keeps nothing."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._entries: OrderedDict[tuple[UUID, str], _Entry] = OrderedDict()
        self._labels: dict[UUID, set[str]] = {}
        self._forgotten: OrderedDict[UUID, None] = OrderedDict()
        self._used = 0

    @property
    def used_bytes(self) -> int:
        return self._used

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["PreviewCache"]:
        """Make the directory (0700), drop what a killed process was writing, and count what is there."""
        for key, label, size in await asyncio.to_thread(_found, self._root):
            self._enter(key, label, size)
        await self._evict()
        yield self

    def temporary(self) -> Path:
        """A name for a file that is being written, in the same file system. Whoever asks removes it."""
        return self._root / _TEMPORARY / uuid4().hex

    def path(self, key: UUID, label: str) -> Path | None:
        """Where the entry is, which counts as using it; None where there is none."""
        entry = self._entries.get((key, label))
        if entry is None:
            return None
        self._entries.move_to_end((key, label))
        path = self._place(key, label)
        if entry.touched < time.monotonic() - _TOUCHED_EVERY:
            entry.touched = time.monotonic()
            with suppress(OSError):
                os.utime(path)
        return path

    async def read(self, key: UUID, label: str) -> bytes | None:
        """The entry's bytes, None where there is none (any more)."""
        path = self.path(key, label)
        if path is None:
            return None
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            self._drop(key, label)
            return None

    async def put(self, key: UUID, label: str, data: bytes) -> None:
        """Keep ``data``; a full disk is no error, the entry is just not kept."""
        with suppress(OSError):
            async with self.written(data) as temporary:
                await self.move_in(key, label, temporary)

    async def move_in(self, key: UUID, label: str, temporary: Path) -> Path | None:
        """Keep a file that `temporary` named; None where it was not kept: too large, or the media is erased."""
        size = (await asyncio.to_thread(temporary.stat)).st_size
        if key in self._forgotten or size > self._max_bytes:
            return None
        place = self._place(key, label)
        await asyncio.to_thread(_move, temporary, place)
        self._enter(key, label, size)
        if key in self._forgotten:  # erased while it was moved
            await self.forget(key)
            return None
        await self._evict()
        return place

    @asynccontextmanager
    async def written(self, data: bytes) -> AsyncIterator[Path]:
        """``data`` as a temporary file, gone with the context."""
        temporary = self.temporary()
        try:
            await asyncio.to_thread(temporary.write_bytes, data)
            yield temporary
        finally:
            await asyncio.to_thread(temporary.unlink, missing_ok=True)

    async def remove(self, key: UUID) -> None:
        """Remove everything of a media."""
        labels = sorted(self._labels.get(key, ()))
        for label in labels:
            self._drop(key, label)
        await asyncio.to_thread(_unlink, [self._place(key, label) for label in labels])

    def keys(self) -> set[UUID]:
        """The media of which there is something."""
        return {key for key, _ in self._entries}

    async def forget(self, key: UUID) -> None:
        """Remove everything of a media that is erased, and take nothing of it any more."""
        self._forgotten[key] = None
        if len(self._forgotten) > _MOST_FORGOTTEN:
            self._forgotten.popitem(last=False)
        await self.remove(key)

    def _place(self, key: UUID, label: str) -> Path:
        return self._root / key.hex[:2] / f"{key.hex}-{label}"

    def _enter(self, key: UUID, label: str, size: int) -> None:
        self._drop(key, label)
        self._entries[key, label] = _Entry(size, time.monotonic())
        self._labels.setdefault(key, set()).add(label)
        self._used += size

    def _drop(self, key: UUID, label: str) -> None:
        entry = self._entries.pop((key, label), None)
        if entry is not None:
            self._used -= entry.size
            self._labels[key].discard(label)
            if not self._labels[key]:
                del self._labels[key]

    async def _evict(self) -> None:
        gone = []
        while self._used > self._max_bytes:
            key, label = next(iter(self._entries))
            self._drop(key, label)
            gone.append(self._place(key, label))
        if gone:
            await asyncio.to_thread(_unlink, gone)


def _found(root: Path) -> list[tuple[UUID, str, int]]:
    """Entries in the order of their last use, oldest first; empty files are what a power cut left."""
    temporary = root / _TEMPORARY
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    _unlink(temporary.iterdir())
    entries = []
    for path in root.glob("??/*"):
        key, _, label = path.name.partition("-")
        stat = path.stat()
        with suppress(ValueError):
            entries.append((stat.st_mtime, UUID(hex=key), label, stat.st_size))
    return [(key, label, size) for _, key, label, size in sorted(entries, key=lambda entry: entry[0]) if size]


def _move(temporary: Path, place: Path) -> None:
    place.parent.mkdir(mode=0o700, exist_ok=True)
    temporary.replace(place)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
