"""One piece of a media, the bytes of one part that somebody wants, from wherever they are.

A part still in the spool is read from there. A stored one is read through `PartCache`, and where that has no use or no
room for it, straight from its source: then a connection that its reader leaves alone for a while is closed, and taken
up again at the byte where it stopped.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import structlog

from storage.database import Sessions
from storage.delivery.cache.fetch import NoRoom
from storage.delivery.cache.part_cache import PartCache
from storage.delivery.cache.part_file import PartFile
from storage.delivery.known_refs import FRESH
from storage.delivery.sources import PartSource
from storage.domain import PartState
from storage.errors import OutcomeUnknown, PartDamaged, PartLost, Unreachable
from storage.spool import Spool
from storage.tables import Part

log = structlog.get_logger(__name__)

_IDLE = 3.0
_TRIES = 4
_PAUSE = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """``length`` bytes of a part from ``offset`` within it on. ``part`` is its row as it was at ``read_at``."""

    part: Part
    read_at: float
    offset: int
    length: int


class Places:
    """Where pieces are read from: the spool, the cache, and what is behind it."""

    def __init__(self, *, sessions: Sessions, spool: Spool, sources: PartSource, cache: PartCache) -> None:
        self._sessions = sessions
        self._spool = spool
        self._sources = sources
        self.cache = cache

    async def row(self, piece: Piece, *, fresh: bool = False) -> Part:
        """The part's row. Raises `PartLost` for one whose bytes are nowhere."""
        part: Part | None = piece.part
        if fresh or time.monotonic() - piece.read_at > FRESH:
            async with self._sessions.begin() as session:
                part = await session.get(Part, piece.part.id)
        if part is None:
            raise OutcomeUnknown(method="getFile", reason="part_gone")
        if part.state is PartState.LOST:
            raise PartLost(media_id=part.media_id, part=part.index + 1)
        return part

    async def spooled(self, part: Part, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes] | None:
        """The bytes from the spool, None where they are not there (any more)."""
        if part.message_id is not None or part.origin != "spool":
            return None
        # Opened here and not with the first byte: meanwhile the part may be stored, and its file removed.
        with suppress(FileNotFoundError):
            path = self._spool.path(part.media_key, part.index)
            return await stack.enter_async_context(self._spool.reading(path, offset, length))
        return None

    async def fetched(self, piece: Piece, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """The bytes from the part's source. Raises `ArchiveError`s."""
        part = await self.row(piece)
        try:
            return await self._sources.open(part, offset, length, stack)
        except PartDamaged:
            again = await self.row(piece, fresh=True)
            if (again.chat_id, again.message_id) == (part.chat_id, part.message_id):
                raise
        return await self._sources.open(again, offset, length, stack)  # it was moved meanwhile


class PieceReader:
    """Reads a piece once, from its first byte to its last. Whoever makes one closes it."""

    def __init__(self, places: Places, piece: Piece) -> None:
        self._places = places
        self._piece = piece
        self._at = piece.offset
        self._stop = piece.offset + piece.length
        self._file: PartFile | None = None
        self._straight: _Straight | None = None
        self._passes_by = False

    @property
    def left(self) -> int:
        return self._stop - self._at

    async def enter(self, *, hurry: bool = False) -> None:
        """Reach the first byte. Raises `ArchiveError`s. ``hurry``: go on to the last one, nobody will be slow."""
        part = await self._places.row(self._piece)
        self._straight = _Straight(self._places, self._piece)
        if await self._straight.enter_spool(part, self._at, self.left):
            return
        if part.message_id is None and part.origin == "spool":  # it has been stored meanwhile, or lost
            part = await self._places.row(self._piece, fresh=True)
        self._file = await self._places.cache.acquire(part, self._at, self._stop)
        self._passes_by = self._file is None
        try:
            if self._file is not None:
                await self._file.reached(self._at, self._stop, self._open_source, hurry=hurry)
                return
        except NoRoom as error:
            await self._without_file(error)
        await self._straight.enter(self._at, self.left)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes. Raises `ArchiveError`s."""
        if self._file is None and self._straight is None:
            await self.enter()
        if self._file is not None:
            try:
                async for chunk in self._file.read(self._at, self._stop, self._open_source):
                    self._at += len(chunk)
                    yield chunk
            except NoRoom as error:
                await self._without_file(error)
        if self.left:
            assert self._straight is not None
            async for chunk in self._straight.chunks(self._at, self.left):
                self._at += len(chunk)
                yield chunk

    async def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            self._places.cache.release(file)
        if self._passes_by:
            part = self._piece.part
            self._places.cache.demand.fetched((part.media_key, part.index)).add(self._piece.offset, self._at)
        straight, self._straight = self._straight, None
        if straight is not None:
            await straight.close()

    async def _without_file(self, error: NoRoom) -> None:
        file, self._file = self._file, None
        assert file is not None
        self._places.cache.release(file)
        await self._places.cache.give_up(file, error.__cause__)

    async def _open_source(self, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        return await self._places.fetched(self._piece, offset, length, stack)


class _Straight:
    """A stream from the spool or the source, taken up again where it broke or was let go."""

    def __init__(self, places: Places, piece: Piece) -> None:
        self._places = places
        self._piece = piece
        self._stack: AsyncExitStack | None = None
        self._stream: AsyncIterator[bytes] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def enter_spool(self, part: Part, offset: int, length: int) -> bool:
        """Whether the bytes are in the spool. Then they are open."""
        stack = AsyncExitStack()
        stream = await self._places.spooled(part, offset, length, stack)
        if stream is not None:
            self._stack, self._stream = stack, stream
        return stream is not None

    async def enter(self, offset: int, length: int) -> None:
        part = await self._places.row(self._piece)
        if not await self.enter_spool(part, offset, length):
            self._stack = AsyncExitStack()
            self._stream = await self._places.fetched(self._piece, offset, length, self._stack)

    async def close(self) -> None:
        closing, self._closing = self._closing, None
        if closing is not None:
            await closing
        stack, self._stack, self._stream = self._stack, None, None
        if stack is not None:
            await stack.aclose()

    async def chunks(self, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield ``length`` bytes from ``offset`` on; what was entered has to be there."""
        loop = asyncio.get_running_loop()
        stop, failed = offset + length, 0
        while offset < stop:
            try:
                chunk = await self._next(offset, stop - offset)
            except (OutcomeUnknown, Unreachable) as error:
                failed += 1
                if failed > _TRIES:
                    raise
                log.info("delivery_resumed", part_id=self._piece.part.id, at=offset, error=str(error))
                await self.close()
                await asyncio.sleep(_PAUSE * 2 ** (failed - 1))
                continue
            failed, offset = 0, offset + len(chunk)
            timer = loop.call_later(_IDLE, self._let_go)
            try:
                yield chunk
            finally:
                timer.cancel()
            if self._closing is not None:
                await self.close()

    async def _next(self, offset: int, length: int) -> bytes:
        if self._stream is None:
            await self.enter(offset, length)
        assert self._stream is not None
        chunk = await anext(self._stream, None)
        if chunk is None:
            raise OutcomeUnknown(method="file", reason="short_read")
        return chunk

    def _let_go(self) -> None:
        stack, self._stack = self._stack, None
        if stack is not None:
            self._closing = asyncio.get_running_loop().create_task(stack.aclose())
