"""The bytes a worker needs of a media, as a temporary file.

An image or a PDF is needed whole, so it may have at most `MOST_WHOLE` bytes. Of a video or a sound only the beginning
(the header, the first key frame) and the end (indexes, the last time stamps) are fetched, into a sparse file of the
full size. An MP4 or QuickTime file whose index stands behind the frames, wherever that is, gets that box instead of
the end: the boxes at its beginning say where. So no video costs more than `_HEAD` and `_MOST_INDEX` bytes of disk and
network, and memory holds one piece at a time.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from storage.delivery.delivering import Deliverable, Delivery
from storage.errors import ArchiveError, NoPreview, Postponed, SourceUnavailable
from storage.previews.kinds import Kind, demuxer_of, kind_of, within_reach
from storage.previews.values import Source, Spans

log = structlog.get_logger(__name__)

_HEAD = 8 * 1024 * 1024
_TAIL = 2 * 1024 * 1024
_MOST_INDEX = 32 * 1024 * 1024
_RETRY_AFTER = 15.0
_MOST_BOXES = 64
_LARGE_BOX = 1


@asynccontextmanager
async def fetched(delivery: Delivery, deliverable: Deliverable, path: Path) -> AsyncIterator[Source]:
    """Write what is needed to ``path``, which is gone with the context.

    Raises `NoPreview` where the media is too large or of a kind without one, `SourceUnavailable` where it cannot
    be read.
    """
    mime, size = deliverable.view.content_type, deliverable.size
    if not within_reach(mime, size):
        raise NoPreview(media_id=deliverable.view.id)
    try:
        try:
            spans = await _written(delivery, deliverable, path)
        except OSError as error:  # the disk is full, most likely
            log.warning("preview_source_not_written", reason=str(error))
            raise SourceUnavailable(retry_after=_RETRY_AFTER) from error
        yield Source(path=str(path), mime=mime, spans=spans)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _written(delivery: Delivery, deliverable: Deliverable, path: Path) -> Spans:
    fd = await asyncio.to_thread(os.open, path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        return await _fill(delivery, deliverable, fd)
    finally:
        os.close(fd)


async def _fill(delivery: Delivery, deliverable: Deliverable, fd: int) -> Spans:
    """The spans that were fetched; empty where that is all there is."""
    mime, size = deliverable.view.content_type, deliverable.size
    partial = kind_of(mime) in (Kind.VIDEO, Kind.AUDIO) and size > _HEAD + _TAIL
    if not partial:
        await _copy(delivery, deliverable, fd, 0, size)
        return ()
    await asyncio.to_thread(os.ftruncate, fd, size)
    await _copy(delivery, deliverable, fd, 0, _HEAD)
    spans = [(0, _HEAD), (size - _TAIL, size)]
    if demuxer_of(mime) == "mov":
        start, stop = await asyncio.to_thread(_index_of, fd, size)
        spans[1] = (max(start, _HEAD), stop)  # the end of such a file holds nothing but that index
    if spans[1][0] < spans[1][1]:
        await _copy(delivery, deliverable, fd, *spans[1])
    return tuple(spans)


async def _copy(delivery: Delivery, deliverable: Deliverable, fd: int, start: int, stop: int) -> None:
    at = start
    try:
        async with delivery.stream(deliverable, start, stop) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(os.pwrite, fd, chunk, at)
                at += len(chunk)
    except ArchiveError as error:
        wait = error.retry_after if isinstance(error, Postponed) else _RETRY_AFTER
        raise SourceUnavailable(retry_after=wait) from error


def _index_of(fd: int, size: int) -> tuple[int, int]:
    """Where the box ``moov`` is, as the boxes within the head tell; (0, 0) where it is in the head, or nowhere."""
    at = 0
    for _ in range(_MOST_BOXES):
        head = os.pread(fd, 16, at) if at + 16 <= _HEAD else b""
        if len(head) < 16:  # noqa: PLR2004 - a box's size, name and large size
            # The box before this one, the frames, ends here: the index follows, or something small before it.
            return at, min(size, at + _MOST_INDEX)
        length = int.from_bytes(head[:4], "big")
        if length == _LARGE_BOX:
            length = int.from_bytes(head[8:], "big")
        if length < 8 or (head[4:8] == b"moov" and at + length <= _HEAD):  # noqa: PLR2004 - a box's size and name
            return 0, 0
        if head[4:8] == b"moov":
            return at, min(size, at + length, at + _MOST_INDEX)
        at += length
    return 0, 0
