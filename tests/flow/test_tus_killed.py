"""A resumable upload through the real process, which is killed in the middle of it, twice."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.flow.archives import eventually, some_bytes
from tests.flow.processes import GatewayProcess, gateway_process, sandbox_process
from tests.flow.tus import CHUNK, UPLOADS, metadata

MIB = 1024 * 1024
SIZE = 60 * MIB
KILLS = (17 * MIB, 39 * MIB)
"""After how many bytes that were sent, in all."""


@dataclass
class Sender:
    """A client that goes on from wherever `HEAD` says; ``told`` is the greatest offset that it was told."""

    gateway: GatewayProcess
    data: bytes
    url: str = ""
    told: int = 0
    sent: int = 0
    media_id: int | None = None
    kills: list[int] = field(default_factory=lambda: list(KILLS))
    _killed: bool = False

    async def run(self, session: aiohttp.ClientSession) -> None:
        said = metadata(filename="tour.txt", request_number="250926-001", category="request_document")
        async with session.post(UPLOADS, headers={"Upload-Length": str(SIZE), "Upload-Metadata": said}) as answer:
            assert answer.status == 201, await answer.text()
            self.url = "/" + answer.headers["Location"].split("/", 3)[-1]
        while self.media_id is None:
            with suppress(aiohttp.ClientError, ConnectionError):
                await self._go_on(session)
            if self._killed:
                await self.gateway.kill()
                await self.gateway.start()
                self._killed = False

    async def _go_on(self, session: aiohttp.ClientSession) -> None:
        async with session.head(self.url) as answer:
            assert answer.status == 200
            self._note(answer)
        headers = {"Content-Type": CHUNK, "Upload-Offset": str(self.told)}
        async with session.patch(self.url, data=self._from(self.told), headers=headers) as answer:
            assert answer.status == 204, await answer.text()
            self._note(answer)
            self.media_id = int(answer.headers["Mediagate-Media-ID"])

    def _note(self, answer: aiohttp.ClientResponse) -> None:
        offset = int(answer.headers["Upload-Offset"])
        assert offset >= self.told, "what was told is durable"
        self.told = offset

    async def _from(self, offset: int) -> AsyncIterator[bytes]:
        for start in range(offset, SIZE, 256 * 1024):
            if self.kills and self.sent >= self.kills[0]:
                self.kills.pop(0)
                self._killed = True
                assert self.gateway.process is not None
                self.gateway.process.kill()
            piece = self.data[start : start + 256 * 1024]
            self.sent += len(piece)
            yield piece


@pytest.mark.timeout(300)
async def test_what_was_told_survives_kills(open_path: Path) -> None:
    """Byte for byte, sent not much more than once, and with nothing left over."""
    data = some_bytes(SIZE)
    headers = {"X-API-Key": "test-key", "Tus-Resumable": "1.0.0"}
    async with (
        sandbox_process(open_path / "telegram") as api_url,
        gateway_process(open_path, api_url, PART_SIZE="4MiB") as gateway,
        aiohttp.ClientSession(gateway.url, headers=headers) as session,
    ):
        sender = Sender(gateway, data)
        async with asyncio.timeout(240):
            await sender.run(session)
        assert not sender.kills
        assert sender.sent < SIZE + len(KILLS) * 16 * MIB, "a part that was there is not sent again"
        path = f"/api/v1/media/{sender.media_id}"

        async def is_stored() -> bool:
            async with session.get(path) as answer:
                return bool((await answer.json())["stored"])

        await eventually(is_stored)
        async with session.get(f"{path}/file") as answer:
            assert hashlib.sha256(await answer.read()).digest() == hashlib.sha256(data).digest()
        spool = gateway.data_dir / "spool"

        async def is_empty() -> bool:
            return not await asyncio.to_thread(lambda: list(spool.iterdir()))

        await eventually(is_empty)
