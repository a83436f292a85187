"""A download grows in ``<name>.part``, is gone on with after a cut, and gets its name once its SHA-256 is right."""

import asyncio
import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp

from gateway.http_client import CHUNK, Progress, TransferError, refuse_errors


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file that was fetched. ``verified``: the server knew a SHA-256, and it is the file's."""

    path: Path
    size: int
    resumed_from: int
    verified: bool


def open_part(target: Path) -> BinaryIO:
    part = _part(target)
    try:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as exc:
        raise TransferError(f"{part} cannot be written: {exc.strerror}") from exc
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise TransferError(f"{part} is being written by another process") from None
    return file


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


class Download:
    """One file on its way into its ``.part``, hashed as it grows."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        media: dict[str, Any],
        file: BinaryIO,
        target: Path,
        progress: Progress,
    ) -> None:
        self._session = session
        self._size: int | None = media.get("file_size")
        self._sha256: str | None = media.get("sha256")
        self._file = file
        self._target = target
        self._etag = target.with_name(f"{target.name}.part.etag")
        self._progress = progress
        self._digest = hashlib.sha256()
        self._done = 0

    async def run(self, url: str) -> Fetched:
        resumed = await self._take_up()
        if self._size is None or self._done < self._size:
            resumed = await self._receive(url)
        await self._check()
        await asyncio.to_thread(self._finish)
        return Fetched(path=self._target, size=self._done, resumed_from=resumed, verified=self._sha256 is not None)

    async def _take_up(self) -> int:
        """Hash what an earlier call left; what cannot be gone on with is dropped. Return its size in bytes."""
        left = os.fstat(self._file.fileno()).st_size
        if not self._etag.exists() or (self._size is not None and left > self._size):
            self._restart()
            return 0
        while chunk := await asyncio.to_thread(self._file.read, CHUNK):
            await self._add(chunk)
        return self._done

    async def _receive(self, url: str) -> int:
        """Append the rest, or everything where the bytes have changed. Return where it began."""
        headers = {}
        if self._done:
            headers = {"Range": f"bytes={self._done}-", "If-Range": self._etag.read_text()}
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status == 206:  # noqa: PLR2004  Partial Content
                if not response.headers.get("Content-Range", "").startswith(f"bytes {self._done}-"):
                    raise TransferError("the server sent another range than was asked for")
            else:
                await refuse_errors(response)
                self._restart()
            self._remember_etag(response)
            began = self._done
            try:
                async for chunk in response.content.iter_chunked(CHUNK):
                    await asyncio.to_thread(self._file.write, chunk)
                    await self._add(chunk)
            except (aiohttp.ClientPayloadError, ConnectionError) as exc:
                raise self._cut_off() from exc
        return began

    def _remember_etag(self, response: aiohttp.ClientResponse) -> None:
        """Only a strong ETag says that two answers have the same bytes: without one there is no going on later."""
        etag = response.headers.get("ETag", "")
        if etag.startswith('"'):
            self._etag.write_text(etag)
        else:
            self._etag.unlink(missing_ok=True)

    async def _add(self, chunk: bytes) -> None:
        await asyncio.to_thread(self._digest.update, chunk)
        self._done += len(chunk)
        self._progress(self._done, self._size)

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._digest = hashlib.sha256()
        self._done = 0

    async def _check(self) -> None:
        if self._size is not None and self._done < self._size:
            raise self._cut_off()
        too_long = self._size is not None and self._done > self._size
        if too_long or self._sha256 not in {None, self._digest.hexdigest()}:
            self._drop()
            raise TransferError(
                f"{self._target.name} came with other bytes than were kept; it was dropped", code="digest_mismatch"
            )

    def _cut_off(self) -> TransferError:
        return TransferError(
            f"the connection was lost after {self._done} of {self._size} bytes; the same command goes on from there"
        )

    def _finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        _part(self._target).replace(self._target)
        self._etag.unlink(missing_ok=True)

    def _drop(self) -> None:
        _part(self._target).unlink(missing_ok=True)
        self._etag.unlink(missing_ok=True)
