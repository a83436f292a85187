"""Delivering: any range of a media's bytes, streamed from wherever each part is.

A part still in the spool is read from there, a stored one is fetched from Telegram. The connection for the next part is
opened shortly before the current one ends. A connection that breaks is taken up again at the byte where
it stopped. Memory does not depend on the range: at most two connections and one piece are held.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from storage.catalog.reading import Reading
from storage.database import Sessions
from storage.delivery.sources import PartSource
from storage.domain import Caller, MediaId, PartState
from storage.errors import (
    ArchiveError,
    OnlyInTelegram,
    OutcomeUnknown,
    PartDamaged,
    PartLost,
    Postponed,
    SourceUnavailable,
)
from storage.spool import Spool
from storage.tables import Part
from storage.views import MediaView

log = structlog.get_logger(__name__)

_PREFETCH_WITHIN = 1024 * 1024
_RESUMES = 3
_RETRY_AFTER = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverable:
    """A media that HTTP can serve: its view, its size in bytes, and a strong entity tag (without quotes)."""

    view: MediaView
    size: int
    etag: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """The bytes of one part that a range needs: ``length`` from ``offset`` within the part on."""

    part_id: int
    offset: int
    length: int


class Delivery:
    """The use case."""

    def __init__(self, *, sessions: Sessions, reading: Reading, spool: Spool, sources: PartSource) -> None:
        self._sessions = sessions
        self._reading = reading
        self._spool = spool
        self._sources = sources

    async def open(self, caller: Caller, media_id: int) -> Deliverable:
        """Find a media for delivery.

        Raises `MediaNotFound`, `MediaDeleted`, or `OnlyInTelegram` where no bot can fetch it.
        """
        view = await self._reading.media(caller, media_id)
        if not view.deliverable or view.file_size is None:
            raise OnlyInTelegram(media_id=media_id)
        etag = f"m{view.id}" if view.sha256 is None else view.sha256.hex()
        return Deliverable(view=view, size=view.file_size, etag=etag)

    @asynccontextmanager
    async def stream(self, deliverable: Deliverable, start: int, stop: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield the bytes [``start``, ``stop``) of a media.

        Entering reaches the first part, or raises `SourceUnavailable`, or `PartDamaged` where a part of the range is
        known to be gone: after that a response can begin. Errors in the middle are `ArchiveError`s, and the response is
        to be cut.
        """
        pieces = await self._pieces(deliverable.view.id, start, stop)
        async with AsyncExitStack() as stack:
            first = None
            if pieces:
                first = await self._enter_first(stack, pieces[0])
            yield self._run(pieces, first)

    async def _enter_first(self, stack: AsyncExitStack, piece: _Piece) -> "_Source":
        source = _Source(self, piece)
        stack.push_async_callback(source.close)
        try:
            await source.enter()
        except PartDamaged:
            raise
        except ArchiveError as error:
            log.warning("source_unavailable", part_id=piece.part_id, error=str(error))
            wait = error.retry_after if isinstance(error, Postponed) else _RETRY_AFTER
            raise SourceUnavailable(retry_after=wait) from error
        return source

    async def _run(self, pieces: Sequence[_Piece], first: "_Source | None") -> AsyncIterator[bytes]:
        source = first
        for position, piece in enumerate(pieces):
            following = pieces[position + 1] if position + 1 < len(pieces) else None
            current = source or _Source(self, piece)
            source = None
            prefetch: asyncio.Task[_Source] | None = None
            try:
                async for chunk in current.chunks():
                    yield chunk
                    if following is not None and prefetch is None and current.left <= _PREFETCH_WITHIN:
                        prefetch = asyncio.create_task(_prefetched(self, following))
                if prefetch is not None:
                    source, prefetch = await prefetch, None
            finally:
                await current.close()
                if prefetch is not None:
                    await (await prefetch).close()

    async def _pieces(self, media_id: MediaId, start: int, stop: int) -> list[_Piece]:
        async with self._sessions.begin() as session:
            rows = await session.execute(
                select(Part.id, Part.index, Part.state, Part.offset, Part.size)
                .where(Part.media_id == media_id, Part.offset < stop, Part.offset + Part.size > start)
                .order_by(Part.index)
            )
            found = rows.all()
        for _, index, state, _, _ in found:
            if state is PartState.LOST:
                raise PartLost(media_id=media_id, part=index + 1)
        return [_cut(part_id, offset, size or 0, start, stop) for part_id, _, _, offset, size in found]

    async def chunks_of(self, part_id: int, offset: int, length: int, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """Open one part at ``offset``. Raises `ArchiveError`s."""
        part = await self._locate(part_id)
        if part.message_id is None and part.origin == "spool":
            # Opened here and not with the first byte: meanwhile the part may be stored, and its file removed.
            with suppress(FileNotFoundError):
                path = self._spool.path(part.media_key, part.index)
                return await stack.enter_async_context(self._spool.reading(path, offset, length))
            part = await self._locate(part_id)  # it has been stored meanwhile, or lost
        return await self._sources.open(part, offset, length, stack)

    async def _locate(self, part_id: int) -> Part:
        """Raises `PartLost` for one whose bytes are nowhere."""
        async with self._sessions.begin() as session:
            part = await session.get(Part, part_id)
        if part is None:
            raise OutcomeUnknown(method="getFile", reason="part_gone")
        if part.state is PartState.LOST:
            raise PartLost(media_id=part.media_id, part=part.index + 1)
        return part


class _Source:
    """One piece being read, taken up again where a connection broke."""

    def __init__(self, delivery: Delivery, piece: _Piece) -> None:
        self._delivery = delivery
        self._piece = piece
        self._done = 0
        self._stack: AsyncExitStack | None = None
        self._stream: AsyncIterator[bytes] | None = None

    @property
    def left(self) -> int:
        return self._piece.length - self._done

    async def enter(self) -> None:
        await self.close()
        self._stack = AsyncExitStack()
        self._stream = await self._delivery.chunks_of(
            self._piece.part_id, self._piece.offset + self._done, self.left, self._stack
        )

    async def close(self) -> None:
        stack, self._stack, self._stream = self._stack, None, None
        if stack is not None:
            await stack.aclose()

    async def chunks(self) -> AsyncIterator[bytes]:
        for attempt in range(_RESUMES + 1):
            try:
                if self._stream is None:
                    await self.enter()
                assert self._stream is not None
                async for chunk in self._stream:
                    self._done += len(chunk)
                    yield chunk
            except OutcomeUnknown:
                if attempt == _RESUMES:
                    raise
                log.info("delivery_resumed", part_id=self._piece.part_id, at=self._done)
                await self.close()
                continue
            if self.left:
                raise OutcomeUnknown(method="file", reason="short_read")
            return


async def _prefetched(delivery: Delivery, piece: _Piece) -> _Source:
    """The next source, entered if that works now; else it is tried again when its turn comes."""
    source = _Source(delivery, piece)
    try:
        await source.enter()
    except ArchiveError:
        await source.close()
    return source


def _cut(part_id: int, offset: int, size: int, start: int, stop: int) -> _Piece:
    first, last = max(start, offset), min(stop, offset + size)
    return _Piece(part_id=part_id, offset=first - offset, length=last - first)
