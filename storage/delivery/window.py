"""The pieces of a range, one after the other; the next is begun before its turn.

How early says the pace of the reader: about a second before it gets there. So a slow reader has one connection and
little in memory, and one who is faster than the source has two, the next piece running ahead to the disk.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

from storage.delivery.pieces import Piece, PieceReader, Places
from storage.errors import ArchiveError

_LEAD = 1.0
_LEAST, _MOST = 256 * 1024, 8 * 1024 * 1024
_STARVED = 0.5
"""The share of the time that a reader has to wait for the source, from which on two are asked at a time."""

_FAST = 32 * 1024 * 1024
"""Bytes a second: a source that gives as much needs no help, and what goes through memory costs less."""


class _Pace:
    """How fast the reader takes what there is, and how much of the time it waits for us."""

    def __init__(self) -> None:
        self._taken = 0
        self._busy = self._waited = 0.0

    def note(self, size: int, *, waited: float, busy: float) -> None:
        self._taken += size
        self._waited += waited
        self._busy += busy

    @property
    def starved(self) -> bool:
        return self._waited > (self._waited + self._busy) * _STARVED and self._rate < _FAST

    @property
    def lead(self) -> int:
        """Bytes before the end of a piece at which the next one is begun."""
        return int(min(max(self._rate * _LEAD, _LEAST), _MOST))

    @property
    def _rate(self) -> float:
        total = self._waited + self._busy
        return self._taken / total if total > 0 else 0.0


async def read_in_order(
    places: Places, pieces: Sequence[Piece], first: PieceReader | None
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of ``pieces``. ``first`` reads the first of them, and has been entered."""
    pace, reader = _Pace(), first
    for position, piece in enumerate(pieces):
        following = pieces[position + 1] if position + 1 < len(pieces) else None
        current = reader or PieceReader(places, piece)
        reader = None
        coming: asyncio.Task[PieceReader] | None = None
        try:
            asked = time.monotonic()
            async for chunk in current.chunks():
                came = time.monotonic()
                yield chunk
                taken, asked = asked, time.monotonic()
                pace.note(len(chunk), waited=came - taken, busy=asked - came)
                if following is not None and coming is None and current.left <= pace.lead:
                    coming = asyncio.create_task(_begun(places, following, hurry=pace.starved))
            if coming is not None:
                reader, coming = await coming, None
        finally:
            await current.close()
            if coming is not None:
                await _not_wanted(coming)


async def _begun(places: Places, piece: Piece, *, hurry: bool) -> PieceReader:
    """The next reader, entered if that works now; else it is tried again when its turn comes."""
    reader = PieceReader(places, piece)
    try:
        await reader.enter(hurry=hurry)
    except ArchiveError:
        await reader.close()
    except BaseException:
        await reader.close()
        raise
    return reader


async def _not_wanted(coming: "asyncio.Task[PieceReader]") -> None:
    coming.cancel()
    await asyncio.wait({coming})
    if not coming.cancelled():
        await coming.result().close()
