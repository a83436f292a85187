"""A reader of multipart/form-data that keeps a piece in memory, never a file.

It looks for the boundary in whatever has arrived and hands on what lies before it, mostly without a copy. aiohttp's
own reader was turned down: under uvloop it is half as fast, and it counts neither parts nor their headers' bytes.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from storage.errors import IncompleteBody, MalformedBody
from storage.filenames import parse_content_disposition_filename

Read = Callable[[], Awaitable[bytes]]
"""The next bytes of the body, in pieces of any size; empty at its end."""

MOST_HEADER_BYTES = 16 * 1024
MOST_PREAMBLE_BYTES = 64 * 1024
_LONGEST_BOUNDARY = 70  # RFC 2046 §5.1.1
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})


def boundary_of(content_type: str) -> bytes:
    """The boundary in a ``Content-Type`` header. Raises `MalformedBody` where there is none that can be used."""
    found = _parameters(content_type).get("boundary", "")
    if not 0 < len(found) <= _LONGEST_BOUNDARY or not _BOUNDARY.fullmatch(found):
        raise MalformedBody(reason="the Content-Type has no usable boundary")
    return found.encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class PartHead:
    """What a part says of itself. ``headers`` have lower-case names; ``filename`` is not cleaned."""

    name: str
    filename: str | None
    content_type: str | None
    headers: dict[str, str]


class Multipart:
    """The parts of one body, in order. Read a part's bytes before asking for the next; what is left is skipped."""

    def __init__(self, read: Read, boundary: bytes, *, most_parts: int) -> None:
        self._read = read
        self._mark = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # so that the first boundary looks like all others
        self._most_parts = most_parts
        self._parts = 0
        self._inside = False

    @property
    def buffered(self) -> int:
        """Bytes that were read from the body and not handed on yet."""
        return len(self._buffer)

    async def next_part(self) -> PartHead | None:
        """The head of the next part, None after the last.

        Raises `MalformedBody`, and `IncompleteBody` where the body ends before its closing boundary.
        """
        await self._skip()
        line = await self._until(b"\r\n", MOST_HEADER_BYTES, closing=True)
        if line is None:
            await self._end()
            return None
        if line.strip(b" \t"):
            raise MalformedBody(reason="a boundary is followed by something else")
        self._parts += 1
        if self._parts > self._most_parts:
            raise MalformedBody(reason=f"there are more than {self._most_parts} parts")
        head = _head(await self._header_block())
        self._inside = True
        return head

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the current part, in pieces of the size in which they arrive."""
        while self._inside:
            if data := await self._piece():
                yield data

    async def text(self, most: int) -> bytes:
        """All bytes of the current part. Raises `MalformedBody` over ``most`` bytes."""
        held = bytearray()
        async for data in self.chunks():
            held += data
            if len(held) > most:
                raise MalformedBody(reason=f"a field is longer than {most} bytes")
        return bytes(held)

    async def _skip(self) -> None:
        if self._parts:
            async for _ in self.chunks():
                pass
            return
        skipped = 0
        self._inside = True
        async for data in self.chunks():
            skipped += len(data)
            if skipped > MOST_PREAMBLE_BYTES:
                raise MalformedBody(reason="the body does not begin with its boundary")

    async def _end(self) -> None:
        """What follows the closing boundary means nothing, but has to be taken for the connection to live on."""
        skipped = len(self._buffer)
        while data := await self._read():
            skipped += len(data)
            if skipped > MOST_PREAMBLE_BYTES:
                raise MalformedBody(reason="something follows the closing boundary")

    async def _piece(self) -> bytes:
        """Some bytes before the next boundary; once it has come, the last ones (perhaps none) and it is taken."""
        buffer = self._buffer
        at = buffer.find(self._mark)
        if at >= 0:
            self._buffer = buffer[at + len(self._mark) :]
            self._inside = False
            return buffer[:at]
        # Only a tail in which a boundary may begin is held back, so most pieces pass without being copied.
        tail = buffer.find(b"\r", max(0, len(buffer) - len(self._mark) + 1))
        if tail != 0 and buffer:
            self._buffer = b"" if tail < 0 else buffer[tail:]
            return buffer if tail < 0 else buffer[:tail]
        more = await self._more()
        self._buffer = buffer + more if buffer else more
        return b""

    async def _more(self) -> bytes:
        data = await self._read()
        if data:
            return data
        if not self._parts:
            raise MalformedBody(reason="the body does not have the boundary of its Content-Type")
        raise IncompleteBody(reason="the body ends before its closing boundary")

    async def _header_block(self) -> bytes:
        # A part without headers has just the empty line; one with headers ends with it.
        while len(self._buffer) < len(b"\r\n"):
            self._buffer += await self._more()
        if self._buffer.startswith(b"\r\n"):
            self._buffer = self._buffer[2:]
            return b""
        block = await self._until(b"\r\n\r\n", MOST_HEADER_BYTES)
        assert block is not None
        return block

    async def _until(self, mark: bytes, most: int, *, closing: bool = False) -> bytes | None:
        """What comes before ``mark``, which is taken too; None where ``closing`` dashes come first."""
        while True:
            if closing and self._buffer.startswith(b"--"):
                return None
            at = self._buffer.find(mark)
            if at > most or (at < 0 and len(self._buffer) > most + len(mark)):
                raise MalformedBody(reason=f"the headers of a part are longer than {MOST_HEADER_BYTES} bytes")
            if at >= 0:
                found, self._buffer = self._buffer[:at], self._buffer[at + len(mark) :]
                return found
            self._buffer += await self._more()


def _head(block: bytes) -> PartHead:
    headers: dict[str, str] = {}
    for line in block.split(b"\r\n") if block else ():
        name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
        if not colon or not name.strip() or name != name.strip():
            raise MalformedBody(reason="a part has a malformed header")
        headers[name.lower()] = value.strip()
    disposition = headers.get("content-disposition", "")
    named = _parameters(disposition).get("name")
    if not disposition.lower().startswith("form-data") or named is None:
        raise MalformedBody(reason="a part has no Content-Disposition: form-data with a name")
    if headers.get("content-transfer-encoding", "").lower() not in _PLAIN_ENCODINGS:
        raise MalformedBody(reason="a part has a Content-Transfer-Encoding, which RFC 7578 does away with")
    return PartHead(
        name=named.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        filename=parse_content_disposition_filename(disposition),
        content_type=headers.get("content-type"),
        headers=headers,
    )


def _parameters(header: str) -> dict[str, str]:
    """``; key=value`` pairs by lower-case key. Browsers write a quote in a name as ``%22``, older ones escape it."""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(header):
        quoted = match[2]
        value = match[3].strip() if quoted is None else re.sub(r'\\(["\\])', r"\1", quoted)
        found.setdefault(match[1].lower(), value)
    return found
