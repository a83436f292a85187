"""An archive to lose: files by both doors, split ones among them, some edited, some deleted, some archived."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import exists, func, select

from gateway.app import Gateway, running
from gateway.sandbox_process import CHANNELS, TOKEN
from gateway.settings import Settings, load_settings
from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running as running_sandbox
from storage.domain import InboxState, MediaStatus, PartState
from storage.tables import InboxUpdate, Media, Part, StrayMessage
from storage.tables.base import Table

PART_SIZE = 20_000
_AZIZA = 1001
_AT_ONCE = 16
_KEY = "a-key-for-the-bench"
_SPLIT_EVERY, _CHAT_EVERY, _EDIT_EVERY, _DELETE_EVERY, _ARCHIVE_EVERY = 40, 25, 10, 12, 30


@dataclass
class World:
    """The local Telegram, which survives, and where the gateway's machine is."""

    sandbox: SandboxClient
    directory: Path
    made: int = 0

    def settings(self, machine: str) -> Settings:
        """Of a gateway whose DATA_DIR is ``machine``."""
        channels = ",".join(f"{purpose.value}={ids[0]}" for purpose, ids in CHANNELS.items())
        given = {
            "BOT_TOKENS": TOKEN,
            "TELEGRAM_API_URL": self.sandbox.base_url,
            "CHANNELS": channels,
            "DATA_DIR": str(self.directory / machine),
            "API_KEYS": f"bench:{_KEY}:admin+media:read+media:write+media:delete+requests:write",
            "HTTP_PORT": "0",
            "ACCESS": "open",
            "LANE_RATE": "0",
            "RATE_LIMIT": "0",
            "RATE_LIMIT_ADDRESS": "0",
            "PART_SIZE": str(PART_SIZE),
            "DELETE_GRACE": "0s",
            "LOG_LEVEL": "error",
            "LOG_FORMAT": "json",
        }
        return load_settings({f"MEDIAGATE_{name}": text for name, text in given.items()}, Path("/nonexistent"))

    async def live(self, gateway: Gateway, count: int) -> None:
        """Send ``count`` files, then change, delete and archive some of them, and wait until all is settled."""
        numbers = range(self.made, self.made + count)
        self.made += count
        async with aiohttp.ClientSession(gateway.url, headers={"X-API-Key": _KEY}) as http:
            ids = dict(zip(numbers, await _all(numbers, lambda number: self._send(http, number)), strict=True))
            await self._settled(gateway)
            known = {number: media_id for number, media_id in ids.items() if media_id is not None}
            await _all(_every(known, _EDIT_EVERY, 1), lambda number: _edit(http, known[number], number))
            await _all(_every(known, _ARCHIVE_EVERY, 2), lambda number: _archive(http, known[number]))
            await self._settled(gateway)
            await _all(_every(known, _DELETE_EVERY, 3), lambda number: _delete(http, known[number]))
            await self._settled(gateway)

    async def change_old(self, gateway: Gateway) -> None:
        """Two days later delete one in fifty of what is there, and change one in sixty."""
        await self.sandbox.advance(49 * 3600)
        live = select(Media.id).where(Media.status == MediaStatus.ACTIVE).order_by(Media.id)
        async with gateway.archive.sessions.begin() as session:
            ids = (await session.scalars(live)).all()
        async with aiohttp.ClientSession(gateway.url, headers={"X-API-Key": _KEY}) as http:
            await _all(ids[::50], lambda media_id: _delete(http, media_id))
            await _all(ids[1::60], lambda media_id: _edit(http, media_id, media_id))
            await self._settled(gateway)

    async def _send(self, http: aiohttp.ClientSession, number: int) -> int | None:
        """The id of the media; None for what a person sent, which gets its id later."""
        request = f"2509{number % 28 + 1:02d}-{number % 40 + 1:03d}"
        if number % _CHAT_EVERY == _CHAT_EVERY - 1:
            await self.sandbox.send_virtual(_AZIZA, 3000 + number, kind="photo", caption=f"#{request} seen #{number}")
            return None
        size = 50_000 if number % _SPLIT_EVERY == 0 else 300
        query = {"filename": f"note {number}.txt", "request_number": request, "tags": f"bench,n{number % 7}"}
        headers = {"Content-Type": "text/plain"}  # the answer comes when it is in Telegram: no backlog is made
        body = f"{number} ".encode().ljust(size, b"x")
        async with http.post("/api/v1/streaming/upload/stream", params=query, data=body, headers=headers) as answer:
            answer.raise_for_status()
            return int((await answer.json())["media"]["id"])

    async def _settled(self, gateway: Gateway) -> None:
        """Until nothing waits: no part, no update, no caption, no delete, no stray."""
        under_way = (
            (Part, Part.state.in_((PartState.SPOOLED, PartState.SHIPPING))),
            (InboxUpdate, InboxUpdate.state.in_((InboxState.PENDING, InboxState.HANDLING))),
            (Media, Media.captions_due | Media.status.in_((MediaStatus.DELETING, MediaStatus.ARCHIVING))),
            (StrayMessage, StrayMessage.message_id.is_not(None)),
        )
        while True:
            async with gateway.archive.sessions.begin() as session:
                waits = [await session.scalar(select(exists().where(which))) for _, which in under_way]
            if not any(waits):
                return
            await asyncio.sleep(0.2)


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[World]:
    """A Telegram without flood limits; what they would cost is computed from the calls."""
    async with AsyncExitStack() as stack:
        config = SandboxConfig(data_dir=directory / "telegram", flood=False)
        server = await stack.enter_async_context(running_sandbox(config))
        yield World(await stack.enter_async_context(SandboxClient(server.url)), directory)


@asynccontextmanager
async def gateway_of(settings: Settings) -> AsyncIterator[Gateway]:
    async with running(settings) as gateway:
        yield gateway


async def count_of(gateway: Gateway, table: type[Table]) -> int:
    async with gateway.archive.sessions.begin() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def _all(numbers: Iterable[int], work: Callable[[int], Awaitable[Any]]) -> list[Any]:
    """In the order of the numbers, some at a time."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Any:
        async with places:
            return await work(number)

    return await asyncio.gather(*(one(number) for number in numbers))


def _every(known: dict[int, int], nth: int, first: int) -> list[int]:
    return [number for number in known if number % nth == first]


async def _edit(http: aiohttp.ClientSession, media_id: int, number: int) -> None:
    change = {"description": f"Looked at again, {number}", "tags": ["bench", "edited"]}
    async with http.patch(f"/api/v1/media/{media_id}", json=change) as answer:
        answer.raise_for_status()


async def _archive(http: aiohttp.ClientSession, media_id: int) -> None:
    async with http.post(f"/api/v1/media/{media_id}/archive", json={}) as answer:
        answer.raise_for_status()


async def _delete(http: aiohttp.ClientSession, media_id: int) -> None:
    async with http.delete(f"/api/v1/media/{media_id}") as answer:
        answer.raise_for_status()
