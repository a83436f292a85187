"""One stream of a part's bytes on its way into a file, driven by how fast its readers read.

What comes is handed to readers at its end from memory. Memory holds a little: more as long as a reader empties it. It
is written beside only where that is of use: to others, or to a reader who is slower than the source. For that one a
bounded run goes ahead to the disk and the connection is given back: whoever needs the next byte then begins another
fetch.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import structlog

from storage.errors import OutcomeUnknown, Unreachable

log = structlog.get_logger(__name__)

AHEAD = 2 * 1024 * 1024
"""Bytes that may lie on disk before the fastest reader."""

_LEAST_HELD, _MOST_HELD = 128 * 1024, 512 * 1024
_BEHIND = 256 * 1024
"""Bytes that stay in memory after they were read, where none are written: who begins just now misses none of them."""

_WRITE = 1024 * 1024
_PATIENCE = 1.0
"""Seconds that a connection waits for readers in all, before it goes ahead and is given back."""

_SOON = 0.2
"""Seconds of waiting in all, from which on readers are served from the disk and memory holds nothing for them."""

_FAIR = 8 * 1024 * 1024
"""Bytes a second: a reader who takes as many is waited for. On a busy machine all are slower than the source."""

_TRIES = 4
_PAUSE = 0.1

Open = Callable[[int, int, AsyncExitStack], Awaitable[AsyncIterator[bytes]]]
Write = Callable[[int, list[bytes]], Awaitable[None]]


class NoRoom(Exception):
    """The file cannot be written, or read: whoever reads goes on without it."""


class Fetch:
    """Bytes ``[start, stop)`` of a part. ``write`` puts a run of them where they belong, and raises `NoRoom`.

    ``keep``: write what comes, from the beginning. ``hurry``: there is no reader yet, and it will be faster than the
    source; go ahead to the end, on the disk.
    """

    def __init__(
        self, *, open_source: Open, write: Write, start: int, stop: int, keep: bool, hurry: bool = False
    ) -> None:
        self.start, self.stop, self.at = start, stop, start
        self.kept_from = start
        """All that came from here on is in memory or on the disk."""

        self.done = False
        self.error: BaseException | None = None
        self._whole = False
        self._open, self._write = open_source, write
        self._keep = keep or hurry
        self._hurry = hurry
        self._read_to = start
        self._held: deque[tuple[int, bytes]] = deque()
        self._most = _LEAST_HELD
        self._handed = start
        self._writing: asyncio.Task[None] | None = None
        self._written = start
        self._waited = 0.0
        self._news = asyncio.Event()
        self._taken = asyncio.Event()

    def held(self, at: int) -> bytes | None:
        """What is in memory from the byte ``at`` on, None where that byte is not."""
        for begins, data in self._held:
            if begins <= at < begins + len(data):
                return data if begins == at else data[at - begins :]
        return None

    @property
    def ending(self) -> bool:
        """Whether all has come and is still being written."""
        return self._keep and self.at >= self.stop

    def keep(self) -> None:
        """Somebody else wants the bytes: write what is in memory, and what comes."""
        self._keep = True
        self._taken.set()

    def read_to(self, at: int) -> None:
        """A reader has all bytes before ``at``."""
        if self._read_to < at <= self.stop:
            self._waited = max(0.0, self._waited - (at - self._read_to) / _FAIR)
            self._read_to = at
            if at == self.at and self._most < _MOST_HELD:
                self._most *= 2  # a reader who waits for the source may be given more at once
            self._drop()
            self._taken.set()

    async def past(self, at: int) -> None:
        """Wait until the byte ``at`` is there, or will not come. Raises what ended the fetch."""
        self.read_to(at)  # whoever waits for it would have read what is before
        while self.at <= at and not self.done:
            self._news.clear()  # who waits already is not held up by that
            await self._news.wait()
        if self.at <= at and self.error is not None:
            raise self.error
        if self.at == self.start and self._whole:
            raise OutcomeUnknown(method="file", reason="nothing_came")

    async def run(self) -> None:
        """Fetch. What is kept is written also when it is cancelled. `ended` has to be told what it raises."""
        try:
            await self._fetched()
            await self._passed_on()
            await self._flush()
            self._whole = True
        finally:
            with suppress(NoRoom):  # said above, or of no account when the fetch is cancelled
                await self._flush()

    def ended(self, error: BaseException | None) -> None:
        """No more will come. To be called also of a fetch that was cancelled before it began."""
        self.done = True
        self.error = error
        self._held.clear()
        self._news.set()

    async def _fetched(self) -> None:
        failed = 0
        while self.at < self.stop:
            before = self.at
            try:
                async with AsyncExitStack() as stack:
                    async for chunk in await self._open(self.at, self.stop - self.at, stack):
                        self._take(chunk)
                        if self._keep and self.at - self._handed >= _WRITE:
                            await self._hand_over()
                        if self._ahead() and await self._enough():
                            return
                self._require_all()
            except (OutcomeUnknown, Unreachable) as error:
                failed = 1 if self.at > before else failed + 1
                if failed > _TRIES or (self.at == self.start and isinstance(error, Unreachable)):
                    raise
                log.info("delivery_resumed", at=self.at, error=str(error))
                await asyncio.sleep(_PAUSE * 2 ** (failed - 1))

    def _require_all(self) -> None:
        if self.at < self.stop:
            raise OutcomeUnknown(method="file", reason="short_read")

    def _take(self, chunk: bytes) -> None:
        self._held.append((self.at, chunk))
        self.at += len(chunk)
        self._news.set()

    def _ahead(self) -> bool:
        return self.at - self._read_to >= self._most and self.at < self.stop

    async def _enough(self) -> bool:
        """Wait for readers, a while in all; then go ahead on the disk. True once that is far enough."""
        while self._ahead() and not self._hurry and self._waited < _PATIENCE:
            began = time.monotonic()
            await self._taken_within((_SOON if self._waited < _SOON else _PATIENCE) - self._waited)
            self._waited += time.monotonic() - began
            if self._waited >= _SOON:
                await self._to_disk()
        if not self._ahead():
            return False
        await self._to_disk()
        if not self._hurry and self.at - self._read_to >= AHEAD:
            self.stop = self.at
            return True
        return False

    async def _passed_on(self) -> None:
        """What is not written is in memory until it was read; not for long."""
        while self._read_to < self.at and not self._keep:
            before = self._read_to
            await self._taken_within(_SOON)
            if self._read_to == before:
                self._keep = True

    async def _taken_within(self, seconds: float) -> None:
        """Until a reader has taken something; not for longer. `asyncio.timeout` would cost more than it waits for."""
        self._taken.clear()
        late = asyncio.get_running_loop().call_later(seconds, self._taken.set)
        try:
            await self._taken.wait()
        finally:
            late.cancel()

    async def _to_disk(self) -> None:
        self._keep = True
        await self._flush()
        self._drop()

    async def _hand_over(self) -> None:
        """Have what came written, while more comes."""
        await self._settle()
        if self._handed < self.at:
            at, self._handed = self._handed, self.at
            self._writing = asyncio.ensure_future(self._put(at, [data for begins, data in self._held if begins >= at]))

    async def _put(self, at: int, chunks: list[bytes]) -> None:
        await self._write(at, chunks)
        self._written = at + sum(map(len, chunks))

    async def _flush(self) -> None:
        if self._keep:
            await self._hand_over()
            await self._settle()

    async def _settle(self) -> None:
        if self._writing is not None:
            await asyncio.shield(self._writing)  # a thread has the descriptor: it is not left alone with it
            self._writing = None
            self._drop()

    def _drop(self) -> None:
        """Let go of what was read, or is not read for a while, and is on the disk or not to get there."""
        if self._keep:
            patient = self._waited < _SOON and not self._hurry
            let_go = min(self._written, self._read_to if patient else self.at)
        else:
            let_go = self._read_to - _BEHIND
        while self._held and self._held[0][0] + len(self._held[0][1]) <= let_go:
            self._held.popleft()
        if not self._keep:
            self.kept_from = self._handed = self._written = self._held[0][0] if self._held else self.at
