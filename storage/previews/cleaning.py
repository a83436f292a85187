"""Images without the place they were taken at: a copy without metadata, made once and kept in the cache."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select

from storage.content import row_of
from storage.database import Sessions
from storage.delivery.delivering import Deliverable
from storage.errors import NoPreview, NotCleanable, SourceUnavailable
from storage.previews.flights import Flights
from storage.previews.stripping import STRIPPABLE
from storage.previews.studio import Studio
from storage.previews.values import UnusableImage
from storage.previews.worker import strip_metadata
from storage.tables import Media

_LABEL = "clean"
_PIECE = 512 * 1024
_RETRY_AFTER = 30.0

log = structlog.get_logger(__name__)


def cleanable(mime: str) -> bool:
    """Whether metadata can be taken out of files of this type without touching their pixels."""
    return row_of(mime).mime in STRIPPABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanCopy:
    """A file in the cache, its size in bytes, and a strong entity tag (without quotes)."""

    path: Path
    size: int
    etag: str

    @asynccontextmanager
    async def stream(self, start: int, stop: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield the bytes [``start``, ``stop``). Once entered, it reads on even if the cache lets go of the file.

        Raises `SourceUnavailable` where the file has just gone.
        """
        try:
            fd = await asyncio.to_thread(os.open, self.path, os.O_RDONLY)
        except FileNotFoundError as error:
            raise SourceUnavailable(retry_after=1.0) from error
        try:
            yield _pieces(fd, start, stop)
        finally:
            os.close(fd)


class Cleaning:
    """The use case."""

    def __init__(self, *, sessions: Sessions, studio: Studio, flights: Flights[None]) -> None:
        self._sessions = sessions
        self._studio = studio
        self._cache = studio.cache
        self._flights = flights

    async def copy_of(self, deliverable: Deliverable) -> CleanCopy:
        """The clean copy of an image.

        Raises `NotCleanable` where its metadata cannot be told from its pixels, `SourceUnavailable` and `Busy` where
        the image cannot be read now.
        """
        media_id = deliverable.view.id
        async with self._sessions.begin() as session:
            key = await session.scalar(select(Media.key).where(Media.id == media_id))
        assert key is not None
        path = self._cache.path(key, _LABEL)
        if path is None:
            await self._flights.once((key, _LABEL), lambda: self._make(deliverable, key))
            path = self._cache.path(key, _LABEL)
        if path is None:  # evicted at once: the disk is very busy
            raise SourceUnavailable(retry_after=_RETRY_AFTER)
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError as error:
            await self._cache.remove(key)
            raise SourceUnavailable(retry_after=1.0) from error
        return CleanCopy(path=path, size=size, etag=f"{deliverable.etag}-c1")

    async def _make(self, deliverable: Deliverable, key: UUID) -> None:
        mime, media_id = deliverable.view.content_type, deliverable.view.id
        if not cleanable(mime):
            raise NotCleanable(media_id=media_id)
        target = self._cache.temporary()
        try:
            self._studio.refuse_failed(key, _LABEL, media_id)
            await self._studio.look(deliverable, strip_metadata, str(target))
            kept = await self._cache.move_in(key, _LABEL, target)
        except UnusableImage as error:
            log.warning("metadata_not_removed", media_id=media_id, reason=str(error))
            self._studio.failed(key, _LABEL)
            raise NotCleanable(media_id=media_id) from error
        except NoPreview as error:
            raise NotCleanable(media_id=media_id) from error
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)
        if kept is None:
            raise NotCleanable(media_id=media_id)


async def _pieces(fd: int, start: int, stop: int) -> AsyncIterator[bytes]:
    while start < stop and (data := await asyncio.to_thread(os.pread, fd, min(_PIECE, stop - start), start)):
        start += len(data)
        yield data
