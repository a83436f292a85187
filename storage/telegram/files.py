"""Reading a file back: `getFile`, then its bytes.

A path is good for at least an hour; it is kept a little less. Range requests to the file server are used when they are
answered with 206; a 200 is read from its beginning and the bytes before the range are passed over.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiogram import Bot

from storage.delivery.part_reading import read_file
from storage.domain import FileType
from storage.errors import FloodWait, MessageMissing, OutcomeUnknown
from storage.ports import KnownFile
from storage.telegram.translation import translated

_PATH_SECONDS = 50 * 60
_PARTIAL, _OK, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 206, 200, 404, 429, 500
_FLOOD_SECONDS = 5.0
_KINDS = {
    "photos": FileType.PHOTO,
    "thumbnails": FileType.PHOTO,
    "videos": FileType.VIDEO,
    "voice": FileType.VOICE,
    "music": FileType.AUDIO,
    "animations": FileType.ANIMATION,
    "stickers": FileType.STICKER,
    "video_notes": FileType.VIDEO_NOTE,
}
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
_BUFFER = 256 * 1024
"""Bytes that may wait in a connection before it is told to pause, which costs two system calls each time; twice that
is the most."""


class FileReader:
    """Streams files of one bot. ``session`` is shared; ``local``: the server's paths are on this machine's disk."""

    def __init__(self, bot: Bot, session: aiohttp.ClientSession, *, local: bool) -> None:
        self._bot = bot
        self._session = session
        self._local = local
        self._paths: dict[str, tuple[str, float]] = {}

    @asynccontextmanager
    async def open(self, file_id: str, offset: int, length: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield a stream of ``length`` bytes from ``offset`` on.

        A path that has expired is renewed once. Raises `ArchiveError`s on entering; reading may raise
        `OutcomeUnknown` when the connection breaks.
        """
        path, cached = await self._path(file_id)
        if self._local and path.startswith("/"):
            yield self._from_disk(file_id, path, offset, length)
            return
        response = await self._get(path, offset, length)
        if response.status == _NOT_FOUND and cached:
            response.close()
            self._paths.pop(file_id, None)
            path, _ = await self._path(file_id)
            response = await self._get(path, offset, length)
        try:
            _require_bytes(response)
            skip = offset if response.status == _OK else 0
            yield _exactly(response, skip, length)
        finally:
            response.close()

    async def _from_disk(self, file_id: str, path: str, offset: int, length: int) -> AsyncIterator[bytes]:
        """The server cleans its files away after a while: asked for the path once more, it fetches the file again."""
        left = length
        try:
            async for data in read_file(path, offset, length):
                left -= len(data)
                yield data
        except OSError as error:
            self._paths.pop(file_id, None)
            raise OutcomeUnknown(method="file", reason=type(error).__name__) from error
        if left:
            raise OutcomeUnknown(method="file", reason="short_read")

    async def tell(self, file_id: str) -> KnownFile:
        """`FileTeller.tell`: the kind is the directory of the path."""
        with translated("getFile"):
            file = await self._bot.get_file(file_id)
        directory, _, name = (file.file_path or "").rpartition("/")
        kind = _KINDS.get(directory.rpartition("/")[2], FileType.DOCUMENT)
        return KnownFile(file_unique_id=file.file_unique_id, file_size=file.file_size, file_type=kind, name=name)

    async def _path(self, file_id: str) -> tuple[str, bool]:
        known = self._paths.get(file_id)
        if known is not None and known[1] > time.monotonic():
            return known[0], True
        with translated("getFile"):
            file = await self._bot.get_file(file_id)
        if not file.file_path:
            raise MessageMissing(method="getFile", description="no file path")
        if len(self._paths) > 10_000:  # noqa: PLR2004 -- a bound, not a meaning
            self._paths.clear()
        self._paths[file_id] = (file.file_path, time.monotonic() + _PATH_SECONDS)
        return file.file_path, False

    async def _get(self, path: str, offset: int, length: int) -> aiohttp.ClientResponse:
        url = self._bot.session.api.file_url(self._bot.token, path)
        headers = {"Range": f"bytes={offset}-{offset + length - 1}"}  # read to its end, the connection is used again
        with translated("file"):
            return await self._session.get(url, headers=headers, timeout=_TIMEOUT, read_bufsize=_BUFFER)


def _require_bytes(response: aiohttp.ClientResponse) -> None:
    if response.status in (_OK, _PARTIAL):
        return
    if response.status == _TOO_MANY:
        wait = response.headers.get("Retry-After", "")
        raise FloodWait(retry_after=float(wait) if wait.isdecimal() else _FLOOD_SECONDS, method="file")
    if response.status >= _SERVER_ERROR:  # it says nothing about the file
        raise OutcomeUnknown(method="file", reason=f"status {response.status}")
    raise MessageMissing(method="file", description=f"status {response.status}")


async def _exactly(response: aiohttp.ClientResponse, skip: int, length: int) -> AsyncIterator[bytes]:
    left = length
    with translated("file"):
        async for chunk, _ in response.content.iter_chunks():  # as they came: `iter_any` joins them, a copy of all
            data = chunk
            if skip:
                data, skip = data[skip:], max(0, skip - len(data))
            if len(data) > left:
                data = data[:left]
            if data:
                left -= len(data)
                yield data
            if not left:
                return
    if left:
        raise OutcomeUnknown(method="file", reason="short_read")
