"""Telegram behind a proxy: whatever goes to it goes through that, and nothing past it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.client import SandboxClient
from tests.flow.archives import read_back, running_archive, some_bytes, take_in

_NOWHERE = "telegram.invalid"
"""A name that only the proxy knows."""


class Proxy:
    """An HTTP proxy by CONNECT that leads every name to one server, and notes what it was asked for."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self.asked: list[str] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Yields its address."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split()[1].decode())
        onward, back = await asyncio.open_connection(*self._to)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pass(reader, back), _pass(onward, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def test_what_goes_to_telegram_and_what_comes_back_passes_by_the_proxy(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Calls, files that are sent, and files that are read again: nobody else here knows that name."""
    behind = urlsplit(sandbox.base_url)
    assert behind.hostname is not None
    assert behind.port is not None
    proxy, data = Proxy(behind.hostname, behind.port), some_bytes(200_000)
    async with (
        proxy.serving() as address,
        running_archive(
            database_url, sandbox, tmp_path, telegram_api_url=f"http://{_NOWHERE}:81", telegram_proxy=address
        ) as running,
    ):
        accepted = await take_in(running, data)
        assert await read_back(running, accepted.media.id) == data
    assert set(proxy.asked) == {f"{_NOWHERE}:81"}
