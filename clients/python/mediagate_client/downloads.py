"""Downloads: streamed, going on after a lost connection, and checked."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from mediagate_client.errors import NotReached, Spoilt, Unavailable
from mediagate_client.models import Media
from mediagate_client.sources import OnProgress
from mediagate_client.transport import TRIES, Transport

_CHUNK = 256 * 1024
_PARTIAL = 206


async def stream(transport: Transport, media_id: int, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
    """The bytes ``start`` to ``stop`` (exclusive; None: to the end), fetched on from where a connection was lost.

    Raises `Spoilt` where the media changes meanwhile, `NotReached` after several tries without a byte.
    """
    at, etag, failures = start, None, 0
    while stop is None or at < stop:
        headers = {"Accept-Encoding": "identity"}
        if at or stop is not None:
            headers["Range"] = f"bytes={at}-{'' if stop is None else stop - 1}"
        if etag is not None:
            headers["If-Range"] = etag
        try:
            async with transport.open("GET", f"/api/v1/media/{media_id}/file", headers=headers) as response:
                if "Range" in headers and response.status != _PARTIAL:
                    raise Spoilt(f"media {media_id} changed while it was read")
                etag = response.headers.get("ETag")
                async for chunk in response.content.iter_chunked(_CHUNK):
                    yield chunk
                    at, failures = at + len(chunk), 0
                return
        except (NotReached, Unavailable) as error:
            failures += 1
            if failures >= TRIES:
                raise
            wait = error.retry_after if isinstance(error, Unavailable) else None
            await asyncio.sleep(wait if wait is not None else 0.25 * 2**failures)


async def save(transport: Transport, media: Media, path: str | os.PathLike[str], told: OnProgress | None) -> Path:
    """Into a file, which is there only once it is whole. Raises what `stream` raises, and `OSError`."""
    target = Path(path)
    partial = target.with_name(f".{target.name}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with await asyncio.to_thread(partial.open, "wb") as file:
            async for chunk in stream(transport, media.id):
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
                size += len(chunk)
                if told is not None:
                    told(size, media.file_size)
        if media.sha256 is not None and digest.hexdigest() != media.sha256:
            raise Spoilt(f"media {media.id} arrived with another SHA-256")
        await asyncio.to_thread(partial.replace, target)
    finally:
        partial.unlink(missing_ok=True)
    return target
