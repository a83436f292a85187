"""A TCP proxy that cuts connections, for clients that have to live with it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PIECE = 8192


class CuttingProxy:
    """Passes bytes on, and cuts the first ``cuts`` connections after 20 to 150 thousand bytes from the client.

    With ``answers`` these are bytes from the server.
    """

    def __init__(self, port: int, cuts: int, *, answers: bool = False) -> None:
        self.to_port = port
        self._answers = answers
        self._random = random.Random(7)
        self.cuts_left = cuts
        self.port = 0
        self._passing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["CuttingProxy"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._passing:
                task.cancel()
            await asyncio.gather(*self._passing, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        # Cancelled at the end of `serving`: a connection's task has nobody to tell.
        with suppress(OSError, asyncio.CancelledError):
            await self._join(reader, writer)
        writer.transport.abort()
        self._passing.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        ways = [(reader, far_writer), (far_reader, writer)]
        if self._answers:
            ways.reverse()
        other = asyncio.create_task(_pass(*ways[1]))
        try:
            await self._forward(*ways[0])
            await other
        finally:
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)
            far_writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Raises ConnectionResetError where the connection is cut."""
        left = self._random.randint(20_000, 150_000)
        while data := await reader.read(_PIECE):
            left -= len(data)
            if left < 0 and self.cuts_left > 0:
                self.cuts_left -= 1
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
