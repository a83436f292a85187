"""A multipart reader that streams files to disk with constant memory.

aiohttp's own reader searches and copies in small pieces; this one looks for the boundary in whatever has arrived and
hands about 1 MiB at a time to a thread, one piece in flight while the next is collected.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import unquote

from aiohttp import StreamReader

from sandbox.errors import EntityTooLarge
from sandbox.files import PIECE, FileStore, Upload

Write = Callable[[bytes], Awaitable[None]]
FIELDS_MAX: Final = 4 * 1024 * 1024
MOST_FILES: Final = 50  # TELEGRAM.md, Wire
_HEADERS_MAX: Final = 64 * 1024
_PARAMETER: Final = re.compile(r';\s*(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))', re.IGNORECASE)
_TYPE: Final = re.compile(r"^content-type:\s*([^;\r\n]+)", re.IGNORECASE | re.MULTILINE)


class MalformedBodyError(Exception):
    """The body is no multipart form, or ends too early."""


class FileSink:
    """Writes pieces to an upload's file in a thread. Small files are written at the end, without a hop."""

    def __init__(self, upload: Upload, pool: ThreadPoolExecutor) -> None:
        self._upload = upload
        self._pool = pool
        self._pieces: list[bytes] = []
        self._held = 0
        self._fd = os.open(upload.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._writing: asyncio.Future[None] | None = None

    async def write(self, data: bytes) -> None:
        self._pieces.append(data)
        self._held += len(data)
        self._upload.size += len(data)
        if self._held >= PIECE:
            await self._settle()
            self._writing = asyncio.get_running_loop().run_in_executor(self._pool, _write_all, self._fd, self._pieces)
            self._pieces, self._held = [], 0

    async def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing

    async def close(self) -> None:
        """Everything is written when this returns; also ends a sink whose upload broke off."""
        try:
            await self._settle()
            _write_all(self._fd, self._pieces)
        finally:
            os.close(self._fd)


def _write_all(fd: int, pieces: list[bytes]) -> None:
    for piece in pieces:
        view = memoryview(piece)
        while view:
            view = view[os.write(fd, view) :]


class _Scanner:
    """Takes marks out of a stream."""

    def __init__(self, content: StreamReader, limit: int) -> None:
        self._content = content
        self._left = limit
        self.buffer = b""

    async def _more(self) -> bytes:
        data = await self._content.readany()
        if not data:
            raise MalformedBodyError
        self._left -= len(data)
        if self._left < 0:
            raise EntityTooLarge
        return data

    async def until(self, mark: bytes, longest: int) -> bytes:
        """What comes before `mark`, at most `longest` bytes; `mark` is taken too."""
        while (at := self.buffer.find(mark)) < 0:
            if len(self.buffer) > longest:
                raise EntityTooLarge
            self.buffer += await self._more()
        found, self.buffer = self.buffer[:at], self.buffer[at + len(mark) :]
        return found

    async def pour(self, mark: bytes, write: Write) -> None:
        """Write what comes before `mark`, as it comes."""
        while (at := self.buffer.find(mark)) < 0:
            keep = len(mark) - 1
            if len(self.buffer) > keep:
                await write(self.buffer[:-keep])
                self.buffer = self.buffer[-keep:]
            self.buffer += await self._more()
        if at:
            await write(self.buffer[:at])
        self.buffer = self.buffer[at + len(mark) :]

    async def take(self, length: int) -> bytes:
        while len(self.buffer) < length:
            self.buffer += await self._more()
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken


async def read_form(
    content: StreamReader, boundary: str, store: FileStore, limit: int
) -> tuple[dict[str, str], list[tuple[str, Upload]]]:
    """Fields and files (with their part names, in order) of a multipart body of at most `limit` bytes.

    Raises MalformedBodyError and EntityTooLarge; the uploads of a broken body are dropped.
    """
    fields: dict[str, str] = {}
    uploads: list[tuple[str, Upload]] = []
    scanner = _Scanner(content, limit)
    mark = b"\r\n--" + boundary.encode("latin-1")
    scanner.buffer = b"\r\n"  # so that the first boundary looks like the others
    try:
        await scanner.until(mark, _HEADERS_MAX)
        while await scanner.take(2) != b"--":
            head = (await scanner.until(b"\r\n\r\n", _HEADERS_MAX)).decode("utf-8", "replace")
            name, upload = _describe(head, store)
            if upload is None:
                fields[name] = (await scanner.until(mark, FIELDS_MAX)).decode("utf-8", "replace")
            else:
                uploads.append((name, upload))
                await _receive(scanner, mark, upload, store)
    except BaseException:
        for _, upload in uploads:
            upload.drop()
        raise
    for _, surplus in uploads[MOST_FILES:]:
        surplus.drop()
    return fields, uploads[:MOST_FILES]


async def _receive(scanner: _Scanner, mark: bytes, upload: Upload, store: FileStore) -> None:
    sink = FileSink(upload, store.pool)
    try:
        await scanner.pour(mark, sink.write)
    finally:
        await sink.close()


def _describe(head: str, store: FileStore) -> tuple[str, Upload | None]:
    """A part's name, and a place for its bytes if it is a file."""
    found = {key.lower(): quoted or bare for key, quoted, bare in _PARAMETER.findall(head)}
    if "filename" not in found:
        return found.get("name", ""), None
    # TELEGRAM.md, Wire: multipart filenames are percent-decoded.
    file_name = unquote(found["filename"]).replace("\\", "/").rpartition("/")[2]
    declared = _TYPE.search(head)
    return found.get("name", ""), store.upload(file_name, declared[1].strip() if declared else "")
