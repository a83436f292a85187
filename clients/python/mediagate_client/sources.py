"""Where bytes to upload come from: a path, bytes, an open file, or a stream that can be read once."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

Given = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | AsyncIterable[bytes]
OnProgress = Callable[[int, int | None], None]
"""Called with the bytes sent so far, and all of them where that is known."""

_CHUNK = 1024 * 1024


class Source(Protocol):
    """``size`` None: not known beforehand. ``again``: it can be read more than once, from any offset."""

    name: str | None
    size: int | None
    again: bool

    def opened(self, offset: int = 0) -> AbstractContextManager[AsyncIterator[bytes]]:
        """The bytes from ``offset`` on, for as long as the context lasts.

        Whoever sends them ends it: a request that breaks leaves its body where it was, and nothing would close a file
        that the body had opened itself.
        """
        ...


class FileSource:
    """A path, or an open binary file from its start; read in a thread, a MiB at a time."""

    again = True

    def __init__(self, file: str | os.PathLike[str] | BinaryIO) -> None:
        self._file = file
        if isinstance(file, str | os.PathLike):
            path = Path(file)
            self.name: str | None = path.name
            self.size: int | None = path.stat().st_size
        else:
            name = getattr(file, "name", None)
            self.name = Path(name).name if isinstance(name, str) else None
            self.size = file.seek(0, os.SEEK_END)

    @contextmanager
    def opened(self, offset: int = 0) -> Iterator[AsyncIterator[bytes]]:
        if isinstance(self._file, str | os.PathLike):
            with Path(self._file).open("rb") as file:
                yield _chunks(file, offset)
        else:
            yield _chunks(self._file, offset)


class BytesSource:
    again = True
    name: str | None = None

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data).cast("B")
        self.size: int | None = len(self._data)

    @contextmanager
    def opened(self, offset: int = 0) -> Iterator[AsyncIterator[bytes]]:
        yield self._read(offset)

    async def _read(self, offset: int) -> AsyncIterator[bytes]:
        for start in range(offset, len(self._data), _CHUNK):
            yield bytes(self._data[start : start + _CHUNK])


class StreamSource:
    """Read once, from its beginning."""

    again = False
    name: str | None = None
    size: int | None = None

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks = chunks

    @contextmanager
    def opened(self, offset: int = 0) -> Iterator[AsyncIterator[bytes]]:
        if offset:
            raise ValueError("a stream cannot be read from its middle: give a path, bytes or an open file")
        yield aiter(self._chunks)


async def _chunks(file: BinaryIO, offset: int) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, offset)
    while chunk := await asyncio.to_thread(file.read, _CHUNK):
        yield chunk


def source_of(given: Given) -> Source:
    """Raises `OSError` for a path that cannot be read."""
    if isinstance(given, bytes | bytearray | memoryview):
        return BytesSource(given)
    if isinstance(given, AsyncIterable):
        return StreamSource(given)
    return FileSource(given)


class Watched:
    """The bytes of a source on their way out: counted, told, and hashed where they are sent from the start."""

    def __init__(self, source: Source, offset: int, told: OnProgress | None) -> None:
        self._source = source
        self._offset = offset
        self._told = told
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @contextmanager
    def opened(self) -> Iterator[AsyncIterator[bytes]]:
        """To be sent as long as the context lasts, as `Source.opened`."""
        with self._source.opened(self._offset) as chunks:
            yield self._watched(chunks)

    async def _watched(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        sent = self._offset
        async for chunk in chunks:
            self._digest.update(chunk)
            yield chunk
            sent += len(chunk)
            if self._told is not None:
                self._told(sent, self._source.size)
