"""One writer at a time; a newcomer asks the one before to stop, and goes on from where that came to.

A client whose connection broke without a word comes back while its old request still waits for bytes: it must not
wait until that is given up.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from storage.errors import UploadTakenOver

_PATIENCE = 5.0
"""Seconds in which a holder, once asked, has stopped: it only has what it received to write down."""


class Slot:
    """The place of an upload's writer."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._stop: Callable[[], None] | None = None
        self._newest = 0

    @property
    def taken(self) -> bool:
        return self._lock.locked()

    def stop(self) -> None:
        """Ask the holder to stop."""
        if self._stop is not None:
            self._stop()

    @asynccontextmanager
    async def held(self, stop: Callable[[], None]) -> AsyncIterator[None]:
        """The slot. ``stop`` is called, perhaps more than once, when somebody newer wants it.

        Raises `UploadTakenOver` where that is the case already, or the holder does not stop.
        """
        self._newest += 1
        mine = self._newest
        self.stop()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._lock.acquire()
        except TimeoutError as error:
            raise UploadTakenOver(retry_after=1) from error
        try:
            if mine != self._newest:
                raise UploadTakenOver(retry_after=1)
            self._stop = stop
            yield
        finally:
            self._stop = None
            self._lock.release()
