"""The form reader against aiohttp's writer, for any content and any way in which the bytes arrive."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import IncompleteBody, MalformedBody
from web.multipart import MOST_HEADER_BYTES, Multipart, PartHead, boundary_of

BOUNDARY = b"frontier"
nasty = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"--", b"\r\n--", b"\r\n--front", b"--frontier", b"a", b"\x00\xff"]),
    max_size=30,
).map(b"".join)
contents = st.lists(nasty | st.binary(max_size=200), min_size=1, max_size=5)
cuts = st.lists(st.integers(1, 50), min_size=1, max_size=20)


def source(body: bytes, sizes: Iterable[int]) -> Callable[[], Awaitable[bytes]]:
    """Reads ``body`` in pieces of these sizes, over and over, then nothing more."""
    pieces: list[bytes] = []
    steps = list(sizes)
    start = 0
    while start < len(body):
        step = steps[len(pieces) % len(steps)]
        pieces.append(body[start : start + step])
        start += step

    async def read() -> bytes:
        return pieces.pop(0) if pieces else b""

    return read


async def parts_of(
    body: bytes, sizes: Iterable[int] = (65536,), *, most_parts: int = 64, boundary: bytes = BOUNDARY
) -> list[tuple[PartHead, bytes]]:
    form = Multipart(source(body, sizes), boundary, most_parts=most_parts)
    found = []
    while (head := await form.next_part()) is not None:
        found.append((head, b"".join([chunk async for chunk in form.chunks()])))
    return found


async def written(parts: Iterable[bytes]) -> bytes:
    writer = aiohttp.MultipartWriter("form-data", boundary=BOUNDARY.decode())
    for index, content in enumerate(parts):
        part = writer.append(content)
        part.set_content_disposition("form-data", name=f"part{index}", filename=f"n{index}.bin")
    held = bytearray()

    class Sink:
        async def write(self, data: bytes) -> None:
            held.extend(data)

    await writer.write(Sink())  # type: ignore[arg-type]  # the one method that a payload's writer is asked for
    return bytes(held)


@given(contents, cuts)
def test_what_aiohttp_writes_is_read_back(parts: list[bytes], sizes: list[int]) -> None:
    clean = [part for part in parts if b"\r\n--frontier" not in b"\r\n" + part]

    async def check() -> None:
        found = await parts_of(await written(clean), sizes)
        assert [content for _, content in found] == clean
        assert [head.name for head, _ in found] == [f"part{index}" for index in range(len(clean))]
        assert [head.filename for head, _ in found] == [f"n{index}.bin" for index in range(len(clean))]

    asyncio.run(check())


@given(contents, cuts, st.integers(1, 200))
def test_a_body_cut_short_is_never_taken_for_a_whole_one(parts: list[bytes], sizes: list[int], lost: int) -> None:
    clean = [part for part in parts if b"\r\n--frontier" not in b"\r\n" + part]

    async def check() -> None:
        body = await written(clean)
        closing = len(b"--\r\n")  # what the last boundary is closed with; a lost line end after it is no loss
        with pytest.raises((IncompleteBody, MalformedBody)):
            await parts_of(body[: -min(closing - 1 + lost, len(body))], sizes)

    asyncio.run(check())


@given(st.binary(max_size=400), cuts)
def test_garbage_is_refused_in_words(body: bytes, sizes: list[int]) -> None:
    async def check() -> None:
        for garbage in (body, b"--frontier\r\n" + body):
            with pytest.raises((IncompleteBody, MalformedBody)):
                await parts_of(garbage, sizes)

    asyncio.run(check())


def form(*parts: str, closing: bytes = b"--frontier--\r\n") -> bytes:
    return b"".join(b"--frontier\r\n" + part.encode() + b"\r\n" for part in parts) + closing


async def test_parts_that_are_not_read_are_skipped() -> None:
    body = form(
        'Content-Disposition: form-data; name="a"\r\n\r\n' + "x" * 100_000,
        'Content-Disposition: form-data; name="b"\r\n\r\nkept',
    )
    reader = Multipart(source(body, [777]), BOUNDARY, most_parts=2)
    assert (await reader.next_part()) is not None
    assert (await reader.next_part()) is not None
    assert await reader.text(10) == b"kept"
    assert await reader.next_part() is None


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('form-data; name="file"; filename="a.txt"', "file", "a.txt"),
        ("form-data; name=file; filename=a.txt", "file", "a.txt"),
        ('form-data; filename="a.txt"; name="file"', "file", "a.txt"),
        ('form-data; name="file"; filename="a; name=evil.txt"', "file", "a; name=evil.txt"),
        ('form-data; name="file"; filename="say \\"hi\\".txt"', "file", 'say "hi".txt'),
        ("form-data; name=\"file\"; filename*=UTF-8''na%C3%AFve.txt", "file", "naïve.txt"),
        ('form-data; name="file"; filename="x"; filename*=utf-8\'\'%D0%B0.txt', "file", "а.txt"),
        ('form-data; name="file"; filename="%D0%B0.txt"', "file", "а.txt"),
        ('form-data; name="file"; filename="отчёт.pdf"', "file", "отчёт.pdf"),
        ('form-data; name="file"', "file", None),
        ('Form-Data; NAME="file"', "file", None),
    ],
)
async def test_names_as_clients_write_them(disposition: str, name: str, filename: str | None) -> None:
    [(head, content)] = await parts_of(form(f"Content-Disposition: {disposition}\r\n\r\ndata"))
    assert (head.name, head.filename, content) == (name, filename, b"data")


async def test_a_file_name_in_an_old_charset_is_read() -> None:
    header = b'Content-Disposition: form-data; name="file"; filename="' + "отчёт за май.pdf".encode("cp1251")
    body = b"--frontier\r\n" + header + b'"\r\n\r\ndata\r\n--frontier--\r\n'
    [(head, _)] = await parts_of(body)
    assert head.filename == "отчёт за май.pdf"


async def test_preamble_epilogue_and_padding_mean_nothing() -> None:
    body = b"hello\r\n--frontier  \r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--frontier--\r\nbye"
    assert [content for _, content in await parts_of(body, [1])] == [b"x"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--other\r\n\r\n\r\n--other--\r\n",
        b"no boundary at all",
        b"x" * 100_000,
        b"--frontiersman\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--frontier--\r\n",
        form("\r\nwithout headers"),
        form("Content-Disposition: attachment; name=a\r\n\r\nx"),
        form("Content-Disposition: form-data\r\n\r\nx"),
        form("nonsense\r\n\r\nx"),
        form("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\neA=="),
        form("X: " + "x" * MOST_HEADER_BYTES + "\r\n\r\nx"),
        form(*["Content-Disposition: form-data; name=a\r\n\r\nx"] * 4),
        form("Content-Disposition: form-data; name=a\r\n\r\nx", closing=b"--frontier--\r\n" + b"x" * 100_000),
    ],
)
async def test_bodies_that_are_no_forms_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        await parts_of(body, [50], most_parts=3)


async def test_a_field_has_a_limit() -> None:
    reader = Multipart(source(form("Content-Disposition: form-data; name=a\r\n\r\nxyz"), [9]), BOUNDARY, most_parts=1)
    await reader.next_part()
    with pytest.raises(MalformedBody):
        await reader.text(2)


async def test_what_is_held_does_not_grow_with_the_file() -> None:
    """64 MB in which a boundary begins again and again, and no more than a piece and a tail is kept."""
    piece = (b"\r\n--frontie" + bytes(50_000))[:50_000]
    pieces = iter([b"--frontier\r\nContent-Disposition: form-data; name=file\r\n\r\n", *[piece] * 1280])

    async def read() -> bytes:
        return next(pieces, b"")

    reader = Multipart(read, BOUNDARY, most_parts=1)
    await reader.next_part()

    async def pour() -> None:
        async for chunk in reader.chunks():
            assert len(chunk) + reader.buffered <= 2 * len(piece)

    with pytest.raises(IncompleteBody):
        await pour()


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('multipart/form-data; boundary="a b:c"', b"a b:c"),
        ("multipart/form-data; charset=utf-8; BOUNDARY=----WebKitFormBoundaryX", b"----WebKitFormBoundaryX"),
    ],
)
def test_boundaries(header: str, boundary: bytes) -> None:
    assert boundary_of(header) == boundary


@pytest.mark.parametrize(
    "header",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="a\nb"',
        'multipart/form-data; boundary="ends with space "',
    ],
)
def test_unusable_boundaries(header: str) -> None:
    with pytest.raises(MalformedBody):
        boundary_of(header)
