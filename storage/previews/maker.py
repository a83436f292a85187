"""Thumbnails for channel messages: small JPEGs of images, or none."""

from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from storage.previews.kinds import Kind, kind_of
from storage.previews.pool import PoolClosed, WorkerPool
from storage.previews.values import Thumbnail, UnusableImage
from storage.previews.worker import make_thumbnail

MAX_SIDE = 320
MAX_BYTES = 200_000
"""What Telegram takes as a thumbnail: JPEG below 200 kB, at most 320 pixels wide and high."""

MEMORY = 1536 * 1024 * 1024
"""Address space of one worker in bytes: the libraries take a third of it before they work."""

_log = structlog.get_logger(__name__)


class ThumbnailMaker:
    """Makes thumbnails in worker processes of its own, so that no gallery holds up what is shipped.

    An async context manager, as `WorkerPool` is; calls still waiting at its end get None.
    """

    def __init__(self, *, workers: int = 1, timeout: float = 20.0, memory: int = MEMORY) -> None:
        """``timeout`` is seconds for one image, ``memory`` the address space of one worker in bytes."""
        self._pool = WorkerPool(workers=workers, timeout=timeout, memory=memory)

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, error, trace)

    async def jpeg_thumbnail(
        self, path: Path, mime: str, *, max_side: int = MAX_SIDE, max_bytes: int = MAX_BYTES
    ) -> Thumbnail | None:
        """A JPEG of the image with its longest side at most ``max_side``, upright, on white, below ``max_bytes``.

        None for what is no image, and for an image that cannot be used (``thumbnail_failed`` says why). Never raises.
        """
        if kind_of(mime) is not Kind.IMAGE:
            return None
        try:
            return await self._pool.run(make_thumbnail, str(path), max_side, max_bytes)
        except PoolClosed:
            return None
        except (UnusableImage, TimeoutError, OSError, RuntimeError) as error:
            reason = str(error) or type(error).__name__
            _log.warning("thumbnail_failed", file=path.name, mime=mime, reason=reason)
            return None
