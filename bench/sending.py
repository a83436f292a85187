"""The client of the upload benches: plain sockets, `sendfile` for large files, so that what is slow is the server."""

import asyncio
import http.client
import json
import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

KEY = {"X-API-Key": "test-key"}
TUS = {"Tus-Resumable": "1.0.0"}
NONE: Mapping[str, str] = {}
_BOUNDARY = "b0undary-of-the-bench"
_HEAD = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: %s\r\n\r\n'
_TAIL = f"\r\n--{_BOUNDARY}--\r\n".encode()
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}

Send = Callable[[int, Path], None]
"""Sends a file to a port and returns when it is acknowledged. Raises `Refused`."""


class Refused(Exception):
    """The server did not take it; the message is its status and the begin of its answer."""


@contextmanager
def _connected(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        yield connection
    finally:
        connection.close()


def _request(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str],
    file: BinaryIO | None = None,
    *,
    offset: int = 0,
    count: int = 0,
    around: tuple[bytes, bytes] = (b"", b""),
) -> http.client.HTTPResponse:
    connection.putrequest(method, path, skip_accept_encoding=True)
    length = count + len(around[0]) + len(around[1])
    for name, value in {**headers, "Content-Length": str(length)}.items():
        connection.putheader(name, value)
    connection.endheaders(around[0] or None)
    if file is not None:
        connection.sock.sendfile(file, offset, count)
        if around[1]:
            connection.sock.sendall(around[1])
    answer = connection.getresponse()
    body = answer.read()
    if answer.status >= 300:
        raise Refused(f"{method} {path}: {answer.status} {body[:300]!r}")
    return answer


def whole_body(method: str, path: str, headers: Mapping[str, str] = NONE) -> Send:
    """The file as the body."""

    def send(port: int, file: Path) -> None:
        with file.open("rb") as source, _connected(port) as connection:
            named = path.replace("NAME", f"{os.urandom(6).hex()}.txt")
            fields = {"Content-Type": "text/plain", **headers}
            _request(connection, method, named, fields, source, count=file.stat().st_size)

    return send


def form(path: str, headers: Mapping[str, str] = NONE) -> Send:
    """The file as the only field of a form."""

    def send(port: int, file: Path) -> None:
        around = ((_HEAD % (file.name, "text/plain")).encode(), _TAIL)
        with file.open("rb") as source, _connected(port) as connection:
            fields = {**MULTIPART, **headers}
            _request(connection, "POST", path, fields, source, count=file.stat().st_size, around=around)

    return send


def tus(path: str, headers: Mapping[str, str] = NONE, *, chunk: int | None = None) -> Send:
    """Created, then patched: at once, or in chunks of ``chunk`` bytes on the same connection."""

    def send(port: int, file: Path) -> None:
        size, more = file.stat().st_size, {**TUS, **headers}
        with file.open("rb") as source, _connected(port) as connection:
            metadata = f"filename {b64encode(file.name.encode()).decode()}"
            created = {"Upload-Length": str(size), "Upload-Metadata": metadata, **more}
            where = _request(connection, "POST", path, created).headers["Location"]
            where = "/" + where.partition("://")[2].partition("/")[2] if "://" in where else where
            for offset in range(0, size, chunk or size):
                fields = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset), **more}
                count = min(chunk or size, size - offset)
                _request(connection, "PATCH", where, fields, source, offset=offset, count=count)

    return send


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a number of clients got done: answers a second, and how long they waited, in milliseconds."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True, kw_only=True)
class SmallFiles:
    """How a server takes small files: ``form`` as a form, else as the body; NAME in ``path`` becomes a new name."""

    path: str
    form: bool = True
    method: str = "POST"

    def request(self, content: bytes, number: int) -> bytes:
        name = f"{number:012x}.txt"
        body = name.encode() + content[len(name) :]
        if self.form:
            body = (_HEAD % (name, "text/plain")).encode() + body + _TAIL
        kind = MULTIPART["Content-Type"] if self.form else "text/plain"
        head = f"{self.method} {self.path.replace('NAME', name)} HTTP/1.1\r\nHost: x\r\nX-API-Key: test-key\r\n"
        return f"{head}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def small_files(port: int, how: SmallFiles, *, size: int, clients: int, seconds: float) -> Load:
    """Have ``clients`` send one file or more, one after the other, each over its own connection. Raises `Refused`."""
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    numbers = iter(range(int.from_bytes(os.urandom(4)) << 12, 1 << 48))
    waits: list[float] = []
    began = time.monotonic()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                request, asked = how.request(content, next(numbers)), time.monotonic()
                writer.write(request)
                await _answer(reader)
                waits.append(time.monotonic() - asked)
                if time.monotonic() - began >= seconds:
                    break
        finally:
            writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    took = time.monotonic() - began
    waits.sort()
    middle, late = waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 99 // 100)]
    return Load(rate=len(waits) / took, p50=middle * 1000, p99=late * 1000)


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next((line[15:] for line in head.split("\r\n") if line.startswith("content-length:")), "0")
    body = await reader.readexactly(int(length))
    status = int(head.split(" ", 2)[1])
    if status >= 300:
        raise Refused(f"{status} {body[:300]!r}")


def stats(port: int) -> dict[str, float]:
    """What the sink has got."""
    with _connected(port) as connection:
        connection.request("GET", "/stats")
        found: dict[str, float] = json.loads(connection.getresponse().read())
        return found
