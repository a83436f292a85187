"""ZIPs that are made while they are read: right for every reader, in bounded memory, and without an end if cut."""

import io
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.delivery.zipping import MISSING_NAME, Entry, local_time, unique_paths, zipped
from storage.errors import OutcomeUnknown, SourceUnavailable

WHEN = datetime(2025, 9, 26, 8, 15, 30)  # noqa: DTZ001 - ZIP knows no zones


def entry(path: str, *chunks: bytes, opened: list[str] | None = None, size: int | None = None) -> Entry:
    @asynccontextmanager
    async def source() -> AsyncIterator[AsyncIterator[bytes]]:
        async def pieces() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        if opened is not None:
            opened.append(path)
        try:
            yield pieces()
        finally:
            if opened is not None:
                opened.remove(path)

    return Entry(path=path, size=sum(map(len, chunks)) if size is None else size, modified=WHEN, open=source)


def broken(path: str, *, at_once: bool) -> Entry:
    @asynccontextmanager
    async def source() -> AsyncIterator[AsyncIterator[bytes]]:
        if at_once:
            raise SourceUnavailable(retry_after=1.0)

        async def pieces() -> AsyncIterator[bytes]:
            yield b"some"
            raise OutcomeUnknown(method="file", reason="short_read")

        yield pieces()

    return Entry(path=path, size=10, modified=WHEN, open=source)


async def read(
    entries: list[Entry], missing: Callable[[list[str]], str | None] = lambda gone: "\n".join(gone) or None
) -> zipfile.ZipFile:
    async with aclosing(zipped(entries, missing)) as pieces:
        return zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in pieces])))


async def test_every_byte_name_and_time_is_there() -> None:
    names = ["before/Протечка.jpg", "before/Oʻzbekcha 🙂.jpg", "after/empty.txt"]
    found = await read([entry(names[0], b"one", b"two"), entry(names[1], b"\x00" * 5000), entry(names[2])])
    assert found.testzip() is None
    assert found.namelist() == names
    assert [found.read(name) for name in names] == [b"onetwo", b"\x00" * 5000, b""]
    first = found.getinfo(names[0])
    assert first.date_time == (2025, 9, 26, 8, 15, 30)
    assert first.compress_type == zipfile.ZIP_STORED
    assert first.flag_bits & 0x808 == 0x808  # a data descriptor, a name in UTF-8


async def test_what_cannot_be_reached_is_named_and_the_rest_is_whole() -> None:
    found = await read([entry("a.txt", b"a"), broken("b.txt", at_once=True), entry("c.txt", b"c")])
    assert found.namelist() == ["a.txt", "c.txt", MISSING_NAME]
    assert found.read(MISSING_NAME) == b"b.txt"
    assert found.testzip() is None


async def test_a_zip_of_nothing_is_a_zip() -> None:
    assert (await read([])).namelist() == []


async def test_what_breaks_off_leaves_no_whole_zip() -> None:
    made = bytearray()

    async def make() -> None:
        async for piece in zipped([entry("a.txt", b"a"), broken("b.txt", at_once=False)], lambda _: None):
            made.extend(piece)

    with pytest.raises(OutcomeUnknown):
        await make()
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(bytes(made)))


async def test_whoever_leaves_in_the_middle_ends_the_source() -> None:
    opened: list[str] = []
    pieces = zipped([entry("a.txt", *[b"x" * 1000] * 9, opened=opened), entry("b.txt", b"b")], lambda _: None)
    async for piece in pieces:
        assert len(piece) < 2000  # one piece of the source at a time, never more
        assert opened == ["a.txt"]
        break
    await pieces.aclose()
    assert opened == []


async def test_a_file_over_four_gigabytes_is_written_as_zip64() -> None:
    """Only its announced size decides; the readers that know no ZIP64 are served where it is not needed."""
    made = b"".join([piece async for piece in zipped([entry("big", b"x", size=5 << 30)], lambda _: None)])
    small = b"".join([piece async for piece in zipped([entry("big", b"x")], lambda _: None)])
    assert made[4:6] == b"\x2d\x00"
    assert small[4:6] == b"\x14\x00"
    assert zipfile.ZipFile(io.BytesIO(made)).testzip() is None


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        (["a/x.jpg", "a/X.JPG", "a/x.jpg"], ["a/x.jpg", "a/X (2).JPG", "a/x (3).jpg"]),
        (["a/x.jpg", "b/x.jpg"], ["a/x.jpg", "b/x.jpg"]),
        (["a/x (2).jpg", "a/x.jpg", "a/x.jpg"], ["a/x (2).jpg", "a/x.jpg", "a/x (3).jpg"]),
        (["a/noext", "a/noext"], ["a/noext", "a/noext (2)"]),
        (["a/лифт.jpg", "a/ЛИФТ.jpg"], ["a/лифт.jpg", "a/ЛИФТ (2).jpg"]),
    ],
)
def test_paths_are_unique(wanted: list[str], paths: list[str]) -> None:
    assert unique_paths(wanted) == paths


def test_times_are_those_of_the_place() -> None:
    tashkent = timezone(timedelta(hours=5))
    assert local_time(datetime(2025, 9, 26, 20, 0, tzinfo=UTC), tashkent).isoformat() == "2025-09-27T01:00:00"
    assert local_time(datetime(1970, 1, 1, tzinfo=UTC), tashkent).year == 1980
