"""How our contact with Telegram is: noted by whoever talks to it, read by the watch."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from storage.clock import Clock

_LISTEN_FIRST = 120.0
"""Seconds: after a restart a rival shows itself, or it is not there any more."""


class Contact:
    """In the memory of this process. ``changed`` is set where somebody should look soon."""

    def __init__(self, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._began = monotonic()
        self._conflict: bool | None = None
        self._fine_at: float | None = None
        self._failing: tuple[float, datetime] | None = None
        self.changed = asyncio.Event()

    def heard(self, fine: bool) -> None:
        """Whether Telegram answered."""
        before = self._fine_at is not None and self._failing is None
        if fine:
            self._fine_at, self._failing = self._monotonic(), None
        elif self._failing is None:
            self._failing = (self._monotonic(), self._clock.now())
        if before is not fine:
            self.changed.set()

    async def rival(self, description: str | None) -> None:
        """Somebody else polls with our token; None: not any more."""
        self._conflict = description is not None
        self.changed.set()

    @property
    def conflict(self) -> bool | None:
        """Whether somebody else takes our updates; None: too early to say."""
        listened = self._monotonic() - self._began > _LISTEN_FIRST
        return False if self._conflict is None and listened else self._conflict

    def fine_within(self, seconds: float) -> bool:
        """Whether Telegram answered so lately, and has not failed since."""
        recently = self._fine_at is not None and self._monotonic() - self._fine_at <= seconds
        return recently and self._failing is None

    def away_since(self, longer_than: float) -> datetime | None:
        """Since when Telegram has been away, where that is longer than so many seconds."""
        if self._failing is None or self._monotonic() - self._failing[0] < longer_than:
            return None
        return self._failing[1]
