"""Delivering: any range of a media's bytes, streamed from wherever each part is.

While one part is read, the next is begun: as early as its reader's pace asks for. Memory does not depend on the range:
a reader holds one piece, and of what is on its way a few more where they are read at once (`storage.delivery.cache`).
"""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from storage.catalog.reading import FileView, Reading
from storage.database import Sessions
from storage.delivery.pieces import Piece, PieceReader, Places
from storage.delivery.window import read_in_order
from storage.domain import Caller, MediaId, PartState
from storage.errors import ArchiveError, OnlyInTelegram, PartDamaged, PartLost, Postponed, SourceUnavailable
from storage.tables import Part

log = structlog.get_logger(__name__)

_RETRY_AFTER = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverable:
    """A media that HTTP can serve: its view, its size in bytes, and a strong entity tag (without quotes)."""

    view: FileView
    size: int
    etag: str


class Delivery:
    """The use case."""

    def __init__(self, *, sessions: Sessions, reading: Reading, places: Places) -> None:
        self._sessions = sessions
        self._reading = reading
        self._places = places

    async def open(self, caller: Caller, media_id: int) -> Deliverable:
        """Find a media for delivery.

        Raises `MediaNotFound`, `MediaDeleted`, or `OnlyInTelegram` where no bot can fetch it.
        """
        view = await self._reading.file(caller, media_id)
        if view.size is None:
            raise OnlyInTelegram(media_id=media_id)
        etag = f"m{view.id}" if view.sha256 is None else view.sha256.hex()
        return Deliverable(view=view, size=view.size, etag=etag)

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
            chunks = read_in_order(self._places, pieces, first)
            stack.push_async_callback(chunks.aclose)
            yield chunks

    async def _enter_first(self, stack: AsyncExitStack, piece: Piece) -> PieceReader:
        reader = PieceReader(self._places, piece)
        stack.push_async_callback(reader.close)
        try:
            await reader.enter()
        except PartDamaged:
            raise
        except ArchiveError as error:
            log.warning("source_unavailable", part_id=piece.part.id, error=str(error))
            wait = error.retry_after if isinstance(error, Postponed) else _RETRY_AFTER
            raise SourceUnavailable(retry_after=wait) from error
        return reader

    async def _pieces(self, media_id: MediaId, start: int, stop: int) -> list[Piece]:
        async with self._sessions.begin() as session:
            rows = await session.scalars(
                select(Part)
                .where(Part.media_id == media_id, Part.offset < stop, Part.offset + Part.size > start)
                .order_by(Part.index)
            )
            parts = rows.all()
        for part in parts:
            if part.state is PartState.LOST:
                raise PartLost(media_id=media_id, part=part.index + 1)
        now = time.monotonic()
        return [_cut(part, now, start, stop) for part in parts]


def _cut(part: Part, read_at: float, start: int, stop: int) -> Piece:
    first, last = max(start, part.offset), min(stop, part.offset + (part.size or 0))
    return Piece(part=part, read_at=read_at, offset=first - part.offset, length=last - first)
