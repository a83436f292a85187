"""The mirror as a node uses it: disk work in threads of its own, and every trouble said once and loudly.

Nothing here keeps an upload from going on. A mirror that is missing, full or read-only is noted (`mirror_nodes`, an
engine event, the log) and left alone for a while; what it missed is brought later by `storage.mirror.filling`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from storage.clock import Clock
from storage.database import Sessions
from storage.engine.events import EventKind, note_event
from storage.mirror.directory import MirrorDirectory
from storage.mirror.rows import known_mirror, note_kept, note_problem
from storage.mirror.troubles import HELP, FileWrong, MirrorTrouble, Trouble
from storage.tables import Mirror as MirrorRow
from storage.tables import MirrorFile, MirrorNode, Part

log = structlog.get_logger(__name__)
T = TypeVar("T")

_THREADS = 4
_PATIENCE, _SLOWEST = 30.0, 4 * 1024 * 1024
"""Seconds for any step, and bytes a second below which a disk does not keep up: a network disk may hang for ever."""

_PATIENCE_OF_UPLOADS = 5.0
"""Somebody waits for the part to be stored: what takes longer is left to the background."""

_REST = 60.0
_LEAST_ROOM = 64 * 1024 * 1024


class SpoolKeeper(Protocol):
    """Takes what is about to leave the spool."""

    async def keep_spooled(self, part: Part, path: Path) -> None:
        """Keep the bytes of a stored part, which are in ``path``. Never raises; what it could not do comes later."""
        ...


class NothingKept:
    """No mirror."""

    async def keep_spooled(self, part: Part, path: Path) -> None:
        _ = part, path


class Mirror:
    """One mirror, as ``node`` sees it."""

    def __init__(self, *, directory: MirrorDirectory, sessions: Sessions, clock: Clock, node: str) -> None:
        self.directory = directory
        self._sessions = sessions
        self._clock = clock
        self._node = node
        self._id: UUID | None = None
        self._trouble: Trouble | None = None
        self._rest_until = 0.0
        self._room = _LEAST_ROOM
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mirror")

    @property
    def trouble(self) -> Trouble | None:
        return self._trouble

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Mirror"]:
        """Look at the directory, and make a new mirror of an empty one where none is known. Trouble is not raised."""
        await self.probe()
        try:
            yield self
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)  # a disk that hangs must not hold the process

    async def probe(self) -> bool:
        """The minute's look: whether files can be written. Says so where it has changed."""
        try:
            await self._begin()
            await self.run(self.directory.probe, self._room)
            await self.run(self.directory.tidy)
        except MirrorTrouble as error:
            await self._note(error.trouble)
            return False
        self._rest_until, self._room = 0.0, _LEAST_ROOM
        await self._note(None)
        return True

    @property
    def resting(self) -> bool:
        """It was in trouble a moment ago, so nothing is written for a while."""
        return time.monotonic() < self._rest_until

    async def keep_spooled(self, part: Part, path: Path) -> None:
        """`SpoolKeeper.keep_spooled`."""
        if part.sha256 is None or part.size is None or self.resting:
            return
        try:
            if not await self.known(part.sha256):
                take = (self.directory.take, path, part.sha256, part.size)
                await self.write(*take, size=part.size, patience=_PATIENCE_OF_UPLOADS)
                await self.note_kept(part.sha256, part.size)
        except MirrorTrouble:
            return  # noted
        except (FileWrong, OSError, SQLAlchemyError) as error:
            log.warning("mirror_part_skipped", part_id=part.id, error=str(error))

    async def known(self, sha256: bytes) -> bool:
        """Whether the index has a file for this digest that is right, or on its way out."""
        query = select(MirrorFile.sha256).where(MirrorFile.sha256 == sha256, MirrorFile.problem.is_(None))
        async with self._sessions.begin() as session:
            return await session.scalar(query) is not None

    async def note_kept(self, sha256: bytes, size: int) -> None:
        async with self._sessions.begin() as session:
            await note_kept(session, sha256, size, self._clock.now())

    async def note_wrong(self, sha256: bytes, problem: str) -> None:
        """A file is missing, cut or changed: it is written again from Telegram, where that has the bytes."""
        async with self._sessions.begin() as session:
            fresh = await note_problem(session, sha256, problem)
        if fresh:
            log.error("mirror_file_wrong", sha256=sha256.hex(), problem=problem, node=self._node)

    async def write(self, function: Callable[..., T], *args: Any, size: int = 0, patience: float = _PATIENCE) -> T:
        """`run` for what writes ``size`` bytes: a full disk is tried again when there is room for them."""
        try:
            return await self.run(function, *args, seconds=patience + size / _SLOWEST)
        except MirrorTrouble as error:
            if error.trouble is Trouble.FULL:
                self._room = max(_LEAST_ROOM, 2 * size)
            raise

    async def run(self, function: Callable[..., T], *args: Any, seconds: float = _PATIENCE) -> T:
        """Run disk work, once the marker says that it is the right disk. Raises `MirrorTrouble`, which it notes."""
        try:
            return await self._in_thread(self._guarded, function, *args, seconds=seconds)
        except MirrorTrouble as error:
            self._rest_until = time.monotonic() + _REST
            await self._note(error.trouble)
            raise

    async def step(self, function: Callable[..., T], *args: Any) -> T:
        """The same for one of many steps on a file that is open."""
        return await self._in_thread(function, *args, seconds=_PATIENCE)

    def _guarded(self, function: Callable[..., T], *args: Any) -> T:
        if self._id is None:
            raise MirrorTrouble(self._trouble or Trouble.MISSING)
        self.directory.require(self._id)
        return function(*args)

    async def _in_thread(self, function: Callable[..., T], *args: Any, seconds: float) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
        except TimeoutError as error:
            raise MirrorTrouble(Trouble.SLOW) from error

    async def _begin(self) -> None:
        """Which mirror it is to be is in the index: another process may have begun a new one."""
        async with self._sessions.begin() as session:
            known = await known_mirror(session)
        self._id = await self._in_thread(self.directory.begin, known, seconds=_PATIENCE)
        if known is None:
            async with self._sessions.begin() as session:
                await session.execute(insert(MirrorRow).values(id=self._id).on_conflict_do_nothing())
            log.info("mirror_begun", directory=str(self.directory.root), mirror=str(self._id))

    async def _note(self, trouble: Trouble | None) -> None:
        """Write down how the mirror is, and tell where it has changed."""
        before, self._trouble = self._trouble, trouble
        now = self._clock.now()
        values = {"trouble": trouble, "since": now, "seen_at": now}
        async with self._sessions.begin() as session:
            was = await session.get(MirrorNode, self._node, with_for_update=True)
            if was is not None and was.trouble == trouble:
                was.seen_at = now
                return
            row = insert(MirrorNode).values(node=self._node, **values)
            await session.execute(row.on_conflict_do_update(index_elements=[MirrorNode.node], set_=values))
            if trouble is not None:
                note_event(session, EventKind.MIRROR_LOST, node=self._node, reason=trouble.value)
            elif was is not None:
                note_event(session, EventKind.MIRROR_BACK, node=self._node)
        if trouble is not None and before != trouble:
            log.error("mirror_unusable", directory=str(self.directory.root), trouble=trouble, help=HELP[trouble])
