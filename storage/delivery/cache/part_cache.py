"""Parts that are read, on disk under a ceiling, and those read often kept over restarts.

What one reader reads once passes by the disk: most of it is never asked for again. What several read at a time, what
was fetched before in full, and what lies before a reader who is slower than Telegram, is written into the part's file:
so any number of readers costs one fetch, or two, and a slow one holds no connection. A file that is opened again is
*hot*: checked by its SHA-256 before it is trusted, and moved into place. The least recently used goes first, and what
was opened once before what is hot, so that one reader of a large file does not push out what everybody reads.

Nothing is synced: what a power cut tears is found by its digest. Where nothing can be written, reading goes on without.
"""

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import structlog

from storage.delivery.cache.demand import Demand
from storage.delivery.cache.files_on_disk import COLD, digest_of, found, move_in, touch
from storage.delivery.cache.part_file import SHORT, Key, PartFile
from storage.tables import Part

log = structlog.get_logger(__name__)

_THREADS = 4
_MOST_FORGOTTEN = 10_000
_TOO_LARGE = 8
"""A part larger than this fraction of the ceiling would push out too much."""

_COLD_SHARE = 8
"""This fraction of the ceiling is left to parts that were opened once."""

_BRIEF = 2 * 1024 * 1024
"""Bytes: a range that is no longer is over before it is of use that others can join it."""

_OFF_SECONDS = 30.0
_TOUCHED_EVERY = 60.0
T = TypeVar("T")


@dataclass(slots=True)
class CacheFigures:
    """Since the start, but for ``held``, the bytes on disk now, of ``held_max``.

    A part that was opened was a hit where all that was asked for was there, and joined where a fetch that was under
    way for somebody else was to bring what was missing first. ``wrong`` files were found to be other bytes;
    ``evicted`` ones had to make room.
    """

    opened: int = 0
    hits: int = 0
    joined: int = 0
    wrong: int = 0
    evicted: int = 0
    held: int = 0
    held_max: int = 0

    @property
    def misses(self) -> int:
        return self.opened - self.hits


class PartCache:
    """The directory. ``max_bytes`` 0 keeps nothing, and writes nothing."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self.demand = Demand()
        self._root, self._cold_root = root, root / COLD
        self._names = itertools.count()
        self._max_bytes = max_bytes
        self._cold: OrderedDict[Key, PartFile] = OrderedDict()
        self._hot: OrderedDict[Key, PartFile] = OrderedDict()
        self._forgotten: OrderedDict[UUID, None] = OrderedDict()
        self._used = self._used_hot = 0
        self._off_until = 0.0
        self._touched: dict[Key, float] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="parts")
        self._tasks: set[asyncio.Task[None]] = set()
        self._figures = CacheFigures()

    @property
    def used_bytes(self) -> int:
        return self._used

    @property
    def figures(self) -> CacheFigures:
        return replace(self._figures, held=self._used, held_max=self._max_bytes)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["PartCache"]:
        """Take up what an earlier process kept. A directory that cannot be used switches the cache off."""
        try:
            await self._take_up()
            yield self
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._threads.shutdown(wait=True)

    async def _take_up(self) -> None:
        try:
            entries = await asyncio.to_thread(found, self._root)
        except OSError as error:
            log.warning("part_cache_off", reason=str(error))
            self._max_bytes = 0
            return
        for entry in entries:
            file = self._file(entry.key, entry.path, entry.size, b"")
            file.kept = True
            file.openings = 1
            self._hot[entry.key] = file
            self.grown(file, file.spans.add(0, entry.size))
        await self._evict()

    async def acquire(self, part: Part, start: int, stop: int) -> PartFile | None:
        """The part's file, to be given back by `release`; None where it has none, and is to be read without.

        ``[start, stop)`` is what will be read of it.
        """
        if self._passes_by(part, start, stop):
            self._figures.opened += 1
            return None
        while True:
            file = self._entry(part)
            if file is None:
                return None
            file.users += 1
            file.shared |= self.demand.is_shared(part.media_key, part.offset + start, part.offset + stop)
            try:
                async with file.lock:
                    usable = await self._usable(file, start, stop)
            except FileNotFoundError:
                usable = False  # somebody emptied the directory
            except OSError as error:
                self.release(file)
                await self.give_up(file, error)
                return None
            except BaseException:
                self.release(file)
                raise
            if usable:
                self._count(file, start, stop)
                return file
            self.release(file)
            await self.drop(file)

    def release(self, file: PartFile) -> None:
        file.users -= 1
        if not file.users:
            self._spawn(self._closed(file))

    def keys(self) -> set[UUID]:
        """The media of which there is something."""
        return {key for files in (self._cold, self._hot) for key, _ in files}

    async def forget(self, key: UUID) -> None:
        """Remove everything of a media that is erased, and take nothing of it any more."""
        self._forgotten[key] = None
        if len(self._forgotten) > _MOST_FORGOTTEN:
            self._forgotten.popitem(last=False)
        for file in [file for files in (self._cold, self._hot) for file in files.values() if file.key[0] == key]:
            await self.drop(file)

    async def drop(self, file: PartFile) -> None:
        """Have no such entry any more. Who reads it reads on; its place on disk is free at the end of that."""
        if not file.gone:
            file.gone = True
            files = self._hot if self._hot.get(file.key) is file else self._cold
            files.pop(file.key, None)
            self._touched.pop(file.key, None)
            self._used -= file.spans.total
            if files is self._hot:
                self._used_hot -= file.spans.total
            await file.remove()

    async def give_up(self, file: PartFile, error: BaseException | None) -> None:
        """The file cannot be written or read. Where that is the disk's fault (``error``), write nothing for a while."""
        await self.drop(file)
        if isinstance(error, OSError):
            if self._off_until < time.monotonic():
                log.warning("part_cache_paused", reason=str(error), seconds=_OFF_SECONDS)
            self._off_until = time.monotonic() + _OFF_SECONDS

    def admit(self, size: int) -> bool:
        """Whether so many bytes fit, or would once what nobody reads is gone."""
        if self._used + size <= self._max_bytes:
            return True
        return any(not file.users for files in (self._cold, self._hot) for file in files.values())

    def grown(self, file: PartFile, size: int) -> None:
        if file.gone:
            return
        self._used += size
        if self._hot.get(file.key) is file:
            self._used_hot += size
        if self._used > self._max_bytes:
            self._spawn(self._evict())

    def _passes_by(self, part: Part, start: int, stop: int) -> bool:
        """Whether a range is brief and of use to nobody else, as most seeks are: it is read without a file.

        Who wants the same meanwhile begins a fetch that is kept, so that two is the most that many readers cost.
        """
        key = (part.media_key, part.index)
        return (
            stop - start <= _BRIEF
            and (part.size or 0) > SHORT
            and not (key in self._cold or key in self._hot)
            and self.demand.fetched(key).reach(start) < stop
            and not self.demand.is_shared(part.media_key, part.offset + start, part.offset + stop)
        )

    def _entry(self, part: Part) -> PartFile | None:
        key = (part.media_key, part.index)
        off = self._off_until > time.monotonic()
        if not part.size or part.sha256 is None or part.media_key in self._forgotten:
            return None
        file = self._hot.get(key) or self._cold.get(key)
        if file is None:
            if off or part.size * _TOO_LARGE > self._max_bytes or not self.admit(1):
                return None
            file = self._file(key, self._cold_root / str(next(self._names)), part.size, part.sha256)
            self._cold[key] = file
        elif file.size != part.size:
            file.sha256 = b"another"  # found wrong when it is opened
        elif not file.sha256:
            file.sha256 = part.sha256
        return file

    async def _usable(self, file: PartFile, start: int, stop: int) -> bool:
        """Open the file; one that is opened again is checked once it is complete, and kept."""
        if file.gone:
            return False
        await file.open(start, stop)
        file.openings += 1
        if file.openings > 1:
            await file.settled()
            self._heat(file)
            if file.complete and not file.trusted:
                digest = await self._in_thread(digest_of, file.path)
                if digest != file.sha256:
                    self._figures.wrong += 1
                    log.warning("cached_part_wrong", media_key=str(file.key[0]), part=file.key[1])
                    return False
                file.trusted = True
            if file.trusted and not file.kept:
                file.path = await self._in_thread(move_in, file.path, self._root, file.key)
                file.kept = True
        return not file.gone

    def _heat(self, file: PartFile) -> None:
        if self._cold.pop(file.key, None) is file:
            self._hot[file.key] = file
            self._used_hot += file.spans.total
        if file.key in self._hot:
            self._hot.move_to_end(file.key)
        if file.kept and self._touched.get(file.key, 0.0) < time.monotonic() - _TOUCHED_EVERY:
            self._touched[file.key] = time.monotonic()
            self._threads.submit(touch, file.path)

    def _count(self, file: PartFile, start: int, stop: int) -> None:
        reach = file.spans.reach(start)
        self._figures.opened += 1
        self._figures.hits += reach >= stop
        self._figures.joined += reach < stop and file.is_fetching(reach)

    async def _closed(self, file: PartFile) -> None:
        await file.close()
        if not (file.users or file.gone or file.spans.total):
            await self.drop(file)
        if self._used > self._max_bytes:
            await self._evict()

    async def _evict(self) -> None:
        while self._used > self._max_bytes:
            cold_first = self._used_hot <= self._max_bytes - self._max_bytes // _COLD_SHARE
            order = (self._cold, self._hot) if cold_first else (self._hot, self._cold)
            idle = next((file for files in order for file in files.values() if not file.users), None)
            if idle is None:
                return
            self._figures.evicted += 1
            await self.drop(idle)

    def _in_thread(self, function: Callable[..., T], *args: object) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def _file(self, key: Key, path: Path, size: int, sha256: bytes) -> PartFile:
        return PartFile(
            key=key,
            path=path,
            size=size,
            sha256=sha256,
            fetched=self.demand.fetched(key),
            threads=self._threads,
            spawn=self._spawn,
            admit=self.admit,
            grown=self.grown,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
