"""One part on this node's disk: what of it is there, what fetches the rest, and its readers.

All readers of a part read from one file, and what is fetched for several, or again, is fetched once for all of them.
Who is at the end of what came waits for the fetch; who asks for bytes far from it begins another one there.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from storage.delivery.cache.fetch import Fetch, NoRoom, Open
from storage.delivery.cache.spans import Spans

_NEAR = 256 * 1024
"""Bytes that are sooner waited for than fetched by a connection of their own."""

SHORT = 1024 * 1024
"""Bytes: a part that is no longer is kept when it is first read, since pictures are looked at again."""

_FIRST_PIECE, _MOST_PIECE = 64 * 1024, 512 * 1024
_QUICK = 0.05
"""Seconds that a piece may take to be worth a larger one next: what a reader has not taken yet is held for it."""

Key = tuple[UUID, int]
Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class PartFile:
    """``path`` is where the bytes are, once there are some; it is open while somebody reads it.

    ``fetched`` are the bytes that were fetched before: who asks for nothing else has it kept. ``admit`` says
    whether so many more bytes may lie on disk, ``grown`` is told how many do.
    """

    def __init__(
        self,
        *,
        key: Key,
        path: Path,
        size: int,
        sha256: bytes,
        fetched: Spans,
        threads: Executor,
        spawn: Spawn,
        admit: Callable[[int], bool],
        grown: Callable[["PartFile", int], None],
    ) -> None:
        self.key, self.path, self.size, self.sha256 = key, path, size, sha256
        self.spans = Spans()
        self.users = 0
        self.openings = 0
        self.trusted = False
        self.kept = False
        """Whether it is where a restart finds it."""

        self.gone = False
        """Not to be opened any more: erased, evicted, or wrong."""

        self.shared = False
        """Whether several want it now: what is fetched is kept."""

        self.lock = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._made = False
        self._fd = -1
        self._fetched = fetched
        self._threads, self._spawn, self._admit, self._grown = threads, spawn, admit, grown
        self._fetches: dict[Fetch, asyncio.Task[None]] = {}

    @property
    def complete(self) -> bool:
        return self.spans.total == self.size

    async def open(self, start: int, stop: int) -> None:
        """For who will read ``[start, stop)``: what is fetched of that for others is kept. Raises OSError."""
        if self.spans.total:
            await self._open()
        for fetch in self._fetches:
            if fetch.kept_from < stop and start < fetch.stop:
                fetch.keep()

    async def settled(self) -> None:
        """Wait for what has come to its end and is still being written: it is not fetched again for that."""
        ending = [task for fetch, task in self._fetches.items() if fetch.ending]
        if ending:
            await asyncio.wait(ending)

    async def close(self) -> None:
        """End what is still fetched, and close the file, unless somebody reads it again meanwhile."""
        if self.users:
            return
        if self._fetches:
            tasks = [*self._fetches.values()]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        self._close_idle()

    def _close_idle(self) -> None:
        if not self.users and self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    async def _open(self) -> None:
        async with self._opening:
            if self._fd < 0:
                if self.gone:  # it would be made anew, and nobody would remove it
                    raise FileNotFoundError(self.path)
                self._made = True
                self._fd = await self._in_thread(_opened, self.path, self.spans.total > 0)

    def is_fetching(self, at: int) -> bool:
        """Whether the byte ``at`` is on its way, for somebody who wanted it before."""
        return any(not fetch.done and fetch.kept_from <= at < fetch.stop for fetch in self._fetches)

    async def read(self, start: int, stop: int, open_source: Open) -> AsyncIterator[bytes]:
        """Yield ``[start, stop)``, fetching what is not there. Raises `ArchiveError`s, and `NoRoom`."""
        at, piece = start, _FIRST_PIECE
        while at < stop:
            data = self._held(at)
            if data is None:
                reach = min(self.spans.reach(at), stop)
                if reach == at:
                    await self.reached(at, stop, open_source)
                    continue
                data = await self._in_thread(os.pread, self._fd, min(piece, reach - at), at)
                if not data:
                    raise NoRoom  # somebody cut the file: it is not to be read
            if len(data) > stop - at:
                data = data[: stop - at]
            at += len(data)
            self._note_read(at)
            given = time.monotonic()
            yield data
            quick = time.monotonic() - given < _QUICK
            piece = min(piece * 2, _MOST_PIECE) if quick else _FIRST_PIECE

    async def reached(self, at: int, stop: int, open_source: Open, *, hurry: bool = False) -> None:
        """Wait until the byte ``at`` can be read, which begins a fetch of what is not there of ``[at, stop)``."""
        while at < stop and self._held(at) is None and self.spans.reach(at) == at:
            fetch = self._fetch_near(at) or self._begin(at, self._gap_end(at, stop), open_source, hurry=hurry)
            await fetch.past(at)

    def _gap_end(self, at: int, stop: int) -> int:
        """Where what is there, or on its way for others, begins after ``at``; at most ``stop``."""
        coming = [fetch.kept_from for fetch in self._fetches if not fetch.done and fetch.kept_from > at]
        return self.spans.gap_end(at, min(stop, *coming) if coming else stop)

    def _held(self, at: int) -> bytes | None:
        for fetch in self._fetches:
            data = fetch.held(at)
            if data is not None:
                return data
        return None

    def _note_read(self, at: int) -> None:
        for fetch in self._fetches:
            if fetch.start < at <= fetch.at:
                fetch.read_to(at)

    def _fetch_near(self, at: int) -> Fetch | None:
        for fetch in self._fetches:
            if not fetch.done and fetch.at <= at < fetch.stop and at - fetch.at <= _NEAR:
                return fetch
        return None

    def _begin(self, start: int, stop: int, open_source: Open, *, hurry: bool) -> Fetch:
        keep = self.shared or self.size <= SHORT or self._fetched.reach(start) >= stop
        fetch = Fetch(open_source=open_source, write=self._write, start=start, stop=stop, keep=keep, hurry=hurry)
        task = self._fetches[fetch] = self._spawn(fetch.run())
        task.add_done_callback(lambda ended: self._ended(fetch, ended))
        return fetch

    def _ended(self, fetch: Fetch, task: "asyncio.Task[None]") -> None:
        del self._fetches[fetch]
        self._fetched.add(fetch.start, fetch.at)
        fetch.ended(None if task.cancelled() else task.exception())

    async def _write(self, at: int, chunks: Sequence[bytes]) -> None:
        size = sum(map(len, chunks))
        if not self._admit(size) or (self.gone and not self.users):
            raise NoRoom
        try:
            await self._open()
            await self._in_thread(_write_all, self._fd, chunks, at)
        except OSError as error:
            raise NoRoom from (None if self.gone else error)
        self._grown(self, self.spans.add(at, at + size))

    async def remove(self) -> None:
        if not (self._made or self.spans.total):
            return  # `_open` does not make what is gone
        async with self._opening:
            with suppress(OSError):
                await self._in_thread(os.unlink, self.path)

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._threads, function, *args)


def _opened(path: Path, there: bool) -> int:
    """``there``: it has bytes, so it is not made anew."""
    if there:
        return os.open(path, os.O_RDWR)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _write_all(fd: int, chunks: Sequence[bytes], at: int) -> None:
    views = [memoryview(chunk) for chunk in chunks]
    while views:
        written = os.pwritev(fd, views[:512], at)
        at += written
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if written:
            views[0] = views[0][written:]
