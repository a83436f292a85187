"""One ZIP of many media, made while it is read: memory holds one piece of one file, whatever the sizes.

The structures are those of `zipfile`, which writes to what cannot seek: sizes and checksums follow each file in a data
descriptor, ZIP64 where a file or the whole needs it. Libraries for streamed ZIPs read from blocking iterators, or hold
a stored file in memory until its checksum is known.
"""

import zipfile
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import PurePosixPath

import structlog

from storage.errors import MediagateError

log = structlog.get_logger(__name__)

MISSING_NAME = "MISSING.txt"
_FIRST_YEAR = 1980
_UNIX, _FILE_MODE = 3, 0o100644

Source = Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file of the ZIP: ``path`` with ``/`` between folders, ``size`` in bytes, ``modified`` as local time."""

    path: str
    size: int
    modified: datetime
    open: Source
    """Entering it reaches the bytes, or raises a `MediagateError`: then the file is missing."""


class _Sink:
    """What `zipfile` writes into, and what is taken out of it. It has no ``tell``: so it is taken for a stream."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing below."""

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


async def zipped(
    entries: Iterable[Entry], missing_text: Callable[[list[str]], str | None]
) -> AsyncGenerator[bytes, None]:
    """The bytes of the ZIP.

    A file that cannot be reached when its turn comes is left out; at the end ``missing_text`` is asked with the paths
    of those what `MISSING_NAME` is to say, None for no such file. Errors in the middle of a file go up: the ZIP has no
    end then, and whoever reads it sees that.
    """
    sink, unreached = _Sink(), list[str]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # a stream of our own
        for entry in entries:
            async with AsyncExitStack() as stack:
                try:
                    chunks = await stack.enter_async_context(entry.open())
                except MediagateError as error:
                    log.warning("zip_entry_missing", code=error.code, **error.fields)
                    unreached.append(entry.path)
                    continue
                with archive.open(_info(entry), "w") as out:
                    async for chunk in chunks:
                        out.write(chunk)
                        yield sink.take()
            yield sink.take()
        if (text := missing_text(unreached)) is not None:
            archive.writestr(MISSING_NAME, text)
    yield sink.take()


def unique_paths(paths: Iterable[str]) -> list[str]:
    """The paths in their order, each different from those before it also where case does not count: ``a (2).jpg``."""
    taken: set[str] = set()
    times: Counter[str] = Counter()
    found = []
    for wanted in paths:
        path = wanted
        while path.casefold() in taken:
            times[wanted.casefold()] += 1
            place = PurePosixPath(wanted)
            path = str(place.with_name(f"{place.stem} ({times[wanted.casefold()] + 1}){place.suffix}"))
        taken.add(path.casefold())
        found.append(path)
    return found


def local_time(when: datetime, timezone: tzinfo) -> datetime:
    """As a ZIP keeps it: without a zone, from 1980 on."""
    local = when.astimezone(timezone).replace(tzinfo=None)
    return max(local, datetime(_FIRST_YEAR, 1, 1))  # noqa: DTZ001 - ZIP knows no zones


def _info(entry: Entry) -> zipfile.ZipInfo:
    when = entry.modified
    info = zipfile.ZipInfo(entry.path, (when.year, when.month, when.day, when.hour, when.minute, when.second))
    info.file_size = entry.size  # decides whether this file needs ZIP64
    info.create_system = _UNIX
    info.external_attr = _FILE_MODE << 16
    return info
