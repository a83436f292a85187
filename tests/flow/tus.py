"""A small tus client that can do everything wrong, on a served application."""

import asyncio
import base64
import hashlib
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy

from tests.flow.archives import eventually, some_bytes
from tests.flow.http_door import KEY, Door

UPLOADS = "/api/v1/uploads"
CHUNK = "application/offset+octet-stream"


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    crc = zlib.crc32(data).to_bytes(4, "big")
    digest = crc if algorithm == "crc32" else hashlib.new(algorithm, data).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    json: Any

    @property
    def offset(self) -> int:
        return int(self.headers["Upload-Offset"])

    @property
    def media_id(self) -> int | None:
        value = self.headers.get("Mediagate-Media-ID")
        return None if value is None else int(value)

    @property
    def code(self) -> str:
        return str(self.json["code"])


class Tus:
    """Headers given by keyword stand for themselves; None leaves one out."""

    def __init__(self, door: Door, **common: str | None) -> None:
        self.door = door
        self.common = common

    async def call(self, method: str, url: str, body: Any = None, /, **headers: str | int | None) -> Answer:
        if isinstance(body, bytes):
            body = BytesIO(body)
        given: dict[str, str | int | None] = {"Tus-Resumable": "1.0.0"}
        given |= {name.replace("_", "-"): value for name, value in {**self.common, **headers}.items()}
        sent = {name: str(value) for name, value in given.items() if value is not None}
        skipped = [name for name, value in given.items() if value is None]
        async with aiohttp.ClientSession(self.door.url) as session:
            sent = {"X-API-Key": KEY} | sent if "X-API-Key" not in skipped else sent
            async with session.request(method, url, data=body, headers=sent, skip_auto_headers=["Content-Type"]) as got:
                return Answer(got.status, got.headers, await got.json(content_type=None) if got.status >= 400 else None)

    async def create(self, length: int | None, body: bytes | None = None, /, **headers: str | int | None) -> Answer:
        size: dict[str, str | int | None]
        size = {"Upload-Defer-Length": 1} if length is None else {"Upload-Length": length}
        named = {"Upload-Metadata": metadata(filename="notes.txt", category="other")}
        kind = {} if body is None else {"Content-Type": CHUNK}
        return await self.call("POST", UPLOADS, body, **{**size, **named, **kind, **headers})

    async def begin(self, length: int | None, **headers: str | int | None) -> str:
        """Create, and give the URL."""
        answer = await self.create(length, **headers)
        assert answer.status == 201, answer.json
        return answer.headers["Location"]

    async def patch(self, url: str, offset: int, body: Any, /, **headers: str | int | None) -> Answer:
        return await self.call("PATCH", url, body, **{"Upload-Offset": offset, "Content-Type": CHUNK, **headers})

    async def head(self, url: str, **headers: str | int | None) -> Answer:
        return await self.call("HEAD", url, **headers)

    async def delete(self, url: str, **headers: str | int | None) -> Answer:
        return await self.call("DELETE", url, **headers)

    async def get(self, url: str) -> bytes:
        async with (
            aiohttp.ClientSession(self.door.url) as session,
            session.get(url, headers={"X-API-Key": KEY}) as got,
        ):
            assert got.status == 200
            return await got.read()

    async def options(self, url: str = UPLOADS) -> Answer:
        return await self.call("OPTIONS", url, Tus_Resumable=None, X_API_Key=None)

    async def whole(self, data: bytes, **headers: str | int | None) -> Answer:
        return await self.patch(await self.begin(len(data), **headers), 0, data)

    async def open_patch(self, url: str, offset: int, size: int, **headers: str) -> "OpenPatch":
        """A PATCH that has sent its headers and announces ``size`` bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.door.port)
        given = {"Host": "x", "X-API-Key": KEY, "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)}
        given |= {"Content-Type": CHUNK, "Content-Length": str(size)}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"PATCH {url} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()
        return OpenPatch(reader, writer)

    async def cut(self, url: str, offset: int, data: bytes, size: int, **headers: str) -> None:
        """Send ``data`` of ``size`` announced bytes, hang up, and wait until the server has noticed."""
        patch = await self.open_patch(url, offset, size, **headers)
        await patch.send(data)
        await eventually(self.is_writing)
        patch.hang_up()
        await eventually(self.is_at_rest)

    async def is_writing(self) -> bool:
        return self.door.running.archive.use_cases.resumable.live.any_written()

    async def is_at_rest(self) -> bool:
        return not await self.is_writing()

    async def bytes_of(self, media_id: int) -> bytes:
        status, body, _ = await self.door.fetch(f"/api/v1/media/{media_id}/file")
        assert status == 200
        return body


@dataclass
class OpenPatch:
    """A request under way."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, within: float = 5.0) -> str:
        """The head of the answer; the connection is closed with it."""
        try:
            async with asyncio.timeout(within):
                return (await self.reader.readuntil(b"\r\n\r\n")).decode()
        finally:
            self.writer.close()

    def hang_up(self) -> None:
        self.writer.close()


def text(size: int, seed: int = 1) -> bytes:
    return some_bytes(size, seed)
