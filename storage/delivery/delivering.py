"""Delivering: any range of a media's bytes, streamed from wherever each part is.

While one part is read, the next is begun: as early as its reader's pace asks for. Memory does not depend on the range:
a reader holds one piece, and of what is on its way a few more where they are read at once (`storage.delivery.cache`).
"""

import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from storage.catalog.reading import FileView, Reading
from storage.database import Sessions
from storage.delivery.cache.part_cache import CacheFigures
from storage.delivery.known_refs import FRESH
from storage.delivery.pieces import Piece, PieceReader, Places
from storage.delivery.window import read_in_order
from storage.domain import Caller, MediaId, PartState
from storage.errors import ArchiveError, OnlyInTelegram, PartDamaged, PartLost, Postponed, SourceUnavailable
from storage.tables import Part

log = structlog.get_logger(__name__)

_RETRY_AFTER = 15.0
_MOST_KNOWN, _FEW_PARTS = 200, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverable:
    """A media that HTTP can serve: its view, its size in bytes, and a strong entity tag (without quotes)."""

    view: FileView
    size: int
    etag: str


class _Parts:
    """The rows of a media's parts, in their order, as they were at ``read_at``."""

    def __init__(self, rows: Sequence[Part]) -> None:
        self.read_at = time.monotonic()
        self.rows = rows
        self._ends = [part.offset + (part.size or 0) for part in rows]

    def touched(self, start: int, stop: int) -> list[Part]:
        """Those that have bytes of ``[start, stop)``; a film has hundreds, and a seek reads one."""
        touched = []
        for part in self.rows[bisect_right(self._ends, start) :]:
            if part.offset >= stop:
                break
            touched.append(part)
        return touched


class Delivery:
    """The use case."""

    def __init__(self, *, sessions: Sessions, reading: Reading, places: Places) -> None:
        self._sessions = sessions
        self._reading = reading
        self._places = places
        self._known: dict[MediaId, _Parts] = {}

    @property
    def cached(self) -> CacheFigures:
        """How the parts on this node's disk serve, for those who watch."""
        return self._places.cache.figures

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
        if not pieces:
            yield read_in_order(self._places, (), None)
            return
        first = PieceReader(self._places, pieces[0])
        with self._places.cache.demand.noted(pieces[0].part.media_key, start, stop):
            try:
                await _reach(first, pieces[0].part)
                # Most seeks are one piece: nothing comes after it.
                chunks = first.chunks() if len(pieces) == 1 else read_in_order(self._places, pieces, first)
                async with aclosing(chunks):
                    yield chunks
            finally:
                await first.close()

    async def _pieces(self, media_id: MediaId, start: int, stop: int) -> list[Piece]:
        parts = await self._parts(media_id)
        touched = parts.touched(start, stop)
        for part in touched:
            if part.state is PartState.LOST:
                raise PartLost(media_id=media_id, part=part.index + 1)
        return [_cut(part, parts.read_at, start, stop) for part in touched]

    async def _parts(self, media_id: MediaId) -> _Parts:
        """The parts of a media. A player asks for many ranges of it: its rows are kept for a moment."""
        known = self._known.get(media_id)
        if known is None or known.read_at < time.monotonic() - FRESH:
            async with self._sessions.begin() as session:
                rows = await session.scalars(select(Part).where(Part.media_id == media_id).order_by(Part.index))
                known = _Parts(rows.all())
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            if len(known.rows) <= _FEW_PARTS and all(part.state is PartState.STORED for part in known.rows):
                self._known[media_id] = known
        return known


async def _reach(first: PieceReader, part: Part) -> None:
    """`PieceReader.enter`, with errors that can be said."""
    try:
        await first.enter()
    except PartDamaged:
        raise
    except ArchiveError as error:
        log.warning("source_unavailable", part_id=part.id, error=str(error))
        wait = error.retry_after if isinstance(error, Postponed) else _RETRY_AFTER
        raise SourceUnavailable(retry_after=wait) from error


def _cut(part: Part, read_at: float, start: int, stop: int) -> Piece:
    first, last = max(start, part.offset), min(stop, part.offset + (part.size or 0))
    return Piece(part=part, read_at=read_at, offset=first - part.offset, length=last - first)
