"""The HTTP client behind ``mediagate put`` and ``mediagate get``: one file there, one file back, in constant memory."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from gateway.download import Download, Fetched, open_part
from gateway.http_client import CHUNK, Progress, Server, TransferError, open_session, read_json, watch

__all__ = ["Fetched", "Progress", "Server", "TransferError", "get", "put"]


async def put(
    server: Server,
    path: Path,
    *,
    request_number: str | None = None,
    category: str | None = None,
    description: str | None = None,
    tags: Sequence[str] = (),
    on_progress: Progress = lambda _done, _total: None,
) -> dict[str, Any]:
    """Send the file at ``path``; return the upload's answer (API.md, *Streaming upload*). Raises TransferError."""
    fields = {"request_number": request_number, "category": category, "description": description}
    query = {"filename": path.name, "tags": ",".join(tags)} | fields
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except OSError as exc:
        raise TransferError(f"{path} cannot be read: {exc.strerror}") from exc
    with file:
        size = os.fstat(file.fileno()).st_size
        async with open_session(server) as session, watch(server) as moved:

            def progress(done: int) -> None:
                moved()
                on_progress(done, size)

            async with session.post(
                "/api/v1/streaming/upload/stream",
                params={name: text for name, text in query.items() if text},
                data=_read(file, size, progress),
                headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
                expect100=True,  # what can be refused by the headers alone costs no upload
                allow_redirects=False,
            ) as response:
                return await read_json(response)


async def _read(file: BinaryIO, size: int, progress: Callable[[int], None]) -> AsyncIterator[bytes]:
    done = 0
    while done < size:
        chunk = await asyncio.to_thread(file.read, min(CHUNK, size - done))
        if not chunk:
            raise TransferError(f"{file.name} became shorter while it was sent")
        yield chunk
        done += len(chunk)
        progress(done)


async def get(
    server: Server,
    media_id: int,
    output: Path | None = None,
    *,
    overwrite: bool = False,
    on_progress: Progress = lambda _done, _total: None,
) -> Fetched:
    """Fetch a media's bytes to ``output`` (a file, or a directory; by default the media's name, here).

    They grow in ``<name>.part``, which stays when the connection is lost: the next call goes on from there, if the
    bytes are still the same (its ETag lies in ``<name>.part.etag``). The SHA-256 is checked before the file gets its
    name. Raises TransferError.
    """
    async with open_session(server) as session, watch(server) as moved:
        async with session.get(f"/api/v1/media/{media_id}", allow_redirects=False) as response:
            media = await read_json(response)
        if media.get("file_url") is None:
            raise TransferError(f"media {media_id} can be had in Telegram only", code="only_in_telegram")
        target = _target(output, str(media.get("filename") or f"media-{media_id}"))
        if target.exists() and not overwrite:
            raise TransferError(f"{target} exists already")

        def progress(done: int, total: int | None) -> None:
            moved()
            on_progress(done, total)

        with open_part(target) as file:
            download = Download(session, media, file, target, progress)
            return await download.run(f"/api/v1/media/{media_id}/file")


def _target(output: Path | None, filename: str) -> Path:
    """A server's filename decides the last segment only, never the directory."""
    name = Path(filename.replace("\0", "")).name
    if output is None or output.is_dir():
        return (output or Path()) / (name if name not in {"", ".", ".."} else "media")
    return output
