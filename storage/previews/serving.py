"""Previews for HTTP: a JPEG of a media, at most so many pixels wide and high, made once and kept on disk.

From a source that is fetched come the size that was asked for and a larger one, of 640 or of 1280 pixels; every other
size up to that is later drawn from it. (Always the largest was turned down: for what galleries ask it takes 2.5 times
as long.) What cannot be fetched or drawn is shown by Telegram's own thumbnail, if there is one.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select

from storage.access import visible_media
from storage.database import Sessions
from storage.domain import GONE, Caller, Inspection
from storage.errors import ArchiveError, MediaDeleted, MediaNotFound, NoPreview, Postponed, SourceUnavailable
from storage.ports import PartStore
from storage.previews.flights import Flights
from storage.previews.kinds import drawable
from storage.previews.studio import SYSTEM, Studio
from storage.previews.values import Source, UnusableImage
from storage.previews.worker import draw_previews
from storage.tables import Media

LEAST_SIDE, MOST_SIDE, USUAL_SIDE = 64, 1280, 320
_BASES = (640, MOST_SIDE)
_VERSION = 1
"""Part of the entity tag: to be raised when previews change."""

_MOST_THUMBNAIL = 1024 * 1024
_RETRY_AFTER = 15.0
_MAX_ID = 2**63 - 1

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Previewed:
    """A media that may have a preview. ``thumbnail`` is Telegram's: its file id and size in bytes."""

    media_id: int
    key: UUID
    digest: str
    has_source: bool
    thumbnail: tuple[str, int] | None
    uploaded_at: datetime

    def etag(self, side: int) -> str:
        """Strong, without quotes; it is known before the preview is made."""
        return f"{self.digest}-p{_VERSION}-{side}"


class Previews:
    """The use case."""

    def __init__(self, *, sessions: Sessions, studio: Studio, store: PartStore, flights: Flights[list[bytes]]) -> None:
        self._sessions = sessions
        self._studio = studio
        self._cache = studio.cache
        self._store = store
        self._flights = flights

    async def find(self, caller: Caller, media_id: int) -> Previewed:
        """Raises `MediaNotFound`, `MediaDeleted`, or `NoPreview` where there never is one."""
        media = None
        if 0 < media_id <= _MAX_ID:
            async with self._sessions.begin() as session:
                media = await session.scalar(select(Media).where(Media.id == media_id, visible_media(caller)))
        if media is None:
            raise MediaNotFound(media_id=media_id)
        if media.status in GONE:
            raise MediaDeleted(media_id=media_id)
        found = _previewed(media)
        if not found.has_source and found.thumbnail is None:
            raise NoPreview(media_id=media_id)
        return found

    async def jpeg(self, media: Previewed, side: int) -> bytes:
        """The preview, its longest side at most ``side`` pixels (`LEAST_SIDE` to `MOST_SIDE`).

        Raises `NoPreview` where none can be made, `SourceUnavailable` and `Busy` where none can be made now.
        """
        if (kept := await self._cache.read(media.key, _label(side))) is not None:
            return kept
        bases = [base for base in _BASES if base >= side]
        larger = await self._kept(media, bases)
        if larger is None:
            sides = (side,) if side == bases[0] else (bases[0], side)
            larger = (await self._flights.once((media.key, bases[0]), lambda: self._draw(media, sides)))[0]
            if side == bases[0]:
                return larger
        # The flight may have been another's, for another size.
        if (kept := await self._cache.read(media.key, _label(side))) is not None:
            return kept
        return (await self._flights.once((media.key, side), lambda: self._smaller(media, larger, side)))[0]

    async def _kept(self, media: Previewed, sides: list[int]) -> bytes | None:
        for side in sides:
            if (kept := await self._cache.read(media.key, _label(side))) is not None:
                return kept
        return None

    async def _draw(self, media: Previewed, sides: tuple[int, ...]) -> list[bytes]:
        try:
            drawn = await self._from_source(media, sides)
        except NoPreview:
            if media.thumbnail is None:
                raise
            drawn = await self._from_telegram(media, *media.thumbnail, sides)
        for side, jpeg in zip(sides, drawn, strict=True):
            await self._cache.put(media.key, _label(side), jpeg)
        return drawn

    async def _from_source(self, media: Previewed, sides: tuple[int, ...]) -> list[bytes]:
        if not media.has_source:
            raise NoPreview(media_id=media.media_id)
        self._studio.refuse_failed(media.key, "draw", media.media_id)
        deliverable = await self._studio.delivery.open(SYSTEM, media.media_id)
        try:
            return await self._studio.look(deliverable, draw_previews, sides)
        except UnusableImage as error:
            log.warning("preview_failed", media_id=media.media_id, reason=str(error))
            self._studio.failed(media.key, "draw")
            raise NoPreview(media_id=media.media_id) from error

    async def _from_telegram(self, media: Previewed, file_id: str, size: int, sides: tuple[int, ...]) -> list[bytes]:
        self._studio.refuse_failed(media.key, "thumbnail", media.media_id)
        try:
            async with self._store.fetch(file_id, 0, size) as chunks:
                data = b"".join([chunk async for chunk in chunks])
        except ArchiveError as error:
            wait = error.retry_after if isinstance(error, Postponed) else _RETRY_AFTER
            raise SourceUnavailable(retry_after=wait) from error
        try:
            return await self._redrawn(data, sides)
        except UnusableImage as error:
            self._studio.failed(media.key, "thumbnail")
            raise NoPreview(media_id=media.media_id) from error

    async def _smaller(self, media: Previewed, larger: bytes, side: int) -> list[bytes]:
        try:
            jpegs = await self._redrawn(larger, (side,))
        except UnusableImage as error:  # what is in the cache is broken: everything anew the next time
            await self._cache.remove(media.key)
            raise SourceUnavailable(retry_after=1.0) from error
        await self._cache.put(media.key, _label(side), jpegs[0])
        return jpegs

    async def _redrawn(self, jpeg: bytes, sides: tuple[int, ...]) -> list[bytes]:
        try:
            async with self._cache.written(jpeg) as path:
                return await self._studio.run(Source(path=str(path), mime="image/jpeg"), draw_previews, sides)
        except OSError as error:  # the disk is full, most likely
            raise SourceUnavailable(retry_after=_RETRY_AFTER) from error


def _previewed(media: Media) -> Previewed:
    fetchable = media.inspection is not Inspection.IMPOSSIBLE
    thumbnail = None
    if media.thumbnail_file_id is not None and 0 < (media.thumbnail_size or 0) <= _MOST_THUMBNAIL:
        thumbnail = media.thumbnail_file_id, media.thumbnail_size or 0
    return Previewed(
        media_id=media.id,
        key=media.key,
        digest=f"m{media.id}" if media.sha256 is None else media.sha256.hex(),
        has_source=fetchable and drawable(media.content_type, media.file_size),
        thumbnail=thumbnail,
        uploaded_at=media.uploaded_at,
    )


def _label(side: int) -> str:
    return f"{side}.jpg"
