"""Reading a request's body under a watch: slow clients do not hold a place for ever."""

import asyncio
import time

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from storage.errors import FileTooLarge, IncompleteBody, TooSlow
from web.deps import BodyTimes


class Interrupted(Exception):
    """Somebody of ours wants the reading to end."""


class TimedBody:
    """The bytes of one body. The first read lets a client go on that waits for ``100 Continue``."""

    def __init__(self, request: web.Request, times: BodyTimes, *, most: int, keeps_all: bool = False) -> None:
        """``keeps_all``: what arrived before the client went away is given too, before that is told."""
        self._request = request
        self._times = times
        self._most = most
        self._waited = 0.0
        self._keeps_all = keeps_all
        self._begun = False
        self._interrupted = False
        self._reading: asyncio.Timeout | None = None
        self.received = 0

    async def read(self) -> bytes:
        """The next bytes, empty at the end.

        Raises `TooSlow`, `FileTooLarge` over the bytes that the call takes in all, `IncompleteBody` where
        the client went away, and `Interrupted`.
        """
        await self.begin()
        before = time.monotonic()
        try:
            data = await self._read()
        except TimeoutError as error:
            if self._interrupted:
                raise Interrupted from error
            raise TooSlow(received=self.received) from error
        except (ConnectionError, RequestPayloadError, HttpProcessingError) as error:
            data = self._arrived() if self._keeps_all else b""
            if not data:
                raise IncompleteBody(received=self.received) from error
        self._waited += time.monotonic() - before
        self.received += len(data)
        if self.received > self._most:
            raise FileTooLarge(limit=self._most)
        if self._waited > self._times.idle and self.received < self._waited * self._times.slowest_rate:
            raise TooSlow(received=self.received)
        return data

    def interrupt(self) -> None:
        """End the reading: what has arrived is still given, what would have to be waited for is not."""
        self._interrupted = True
        if self._reading is not None:
            self._reading.reschedule(asyncio.get_running_loop().time())

    async def _read(self) -> bytes:
        if self._interrupted:
            data = self._request.content.read_nowait()
            if not data and not self._request.content.at_eof():
                raise TimeoutError
            return data
        async with asyncio.timeout(self._times.idle) as reading:
            self._reading = reading
            try:
                return await self._request.content.readany()
            finally:
                self._reading = None

    def _arrived(self) -> bytes:
        """What waits in the buffer of a body that has failed."""
        # aiohttp's own reads raise the failure first, and never give what came before it.
        return self._request.content._read_nowait(-1)  # noqa: SLF001 -- there is no public way to it

    async def begin(self) -> None:
        """Let the client send. Only to be called for itself where an answer begins before the body is read."""
        if self._begun:
            return
        self._begun = True
        if self._request.headers.get("Expect", "").lower() == "100-continue":
            writer = self._request.writer
            await writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            writer.output_size = 0  # the answer itself has not begun
