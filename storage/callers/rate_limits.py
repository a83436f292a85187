"""How many requests a name may make: the generic cell rate algorithm, one number per name.

A name may spend its whole minute at once, and gets it back evenly. Each process counts for itself: what stands here
protects a process, and a fair share over all nodes would cost every request a statement.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from storage.errors import RateLimited, TooManyFailures

WINDOW = 60.0
"""Seconds."""

_MOST_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left after a request: ``remaining`` of ``limit`` per `WINDOW`, whole again in ``reset`` seconds."""

    limit: int
    remaining: int
    reset: int


class RateLimiter:
    """``per_minute`` 0: no limit. What was not seen for long is forgotten; so is the oldest of too many names."""

    def __init__(
        self,
        per_minute: int,
        *,
        error: type[RateLimited] = RateLimited,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.per_minute = per_minute
        self._error = error
        self._monotonic = monotonic
        self._whole_at: dict[str, float] = {}

    def take(self, name: str, per_minute: int | None = None) -> Allowance | None:
        """Count one request of ``name``, by its own limit where it has one; None where there is no limit.

        Raises `RateLimited` with ``limit``, ``window`` and ``retry_after``; a refused request is not counted.
        """
        limit = self.per_minute if per_minute is None else per_minute
        if limit <= 0:
            return None
        now = self._monotonic()
        whole_at = max(self._whole_at.pop(name, now), now) + WINDOW / limit
        over = whole_at - now - WINDOW
        if over > 1e-6:  # noqa: PLR2004  what adding up a minute's worth of fractions leaves
            self._whole_at[name] = whole_at - WINDOW / limit
            raise self._error(limit=limit, window=round(WINDOW), retry_after=math.ceil(over))
        self._remember(name, whole_at)
        left = whole_at - now
        return Allowance(limit, max(0, round((WINDOW - left) * limit / WINDOW)), math.ceil(left))

    def give_back(self, name: str) -> None:
        """Take back one `take` by the common limit."""
        if name in self._whole_at and self.per_minute > 0:
            self._whole_at[name] -= WINDOW / self.per_minute

    def _remember(self, name: str, whole_at: float) -> None:
        self._whole_at[name] = whole_at
        if len(self._whole_at) > _MOST_NAMES:
            del self._whole_at[next(iter(self._whole_at))]  # the one that was quiet for the longest time


def failure_limiter(per_minute: int) -> RateLimiter:
    """For wrong credentials, by address."""
    return RateLimiter(per_minute, error=TooManyFailures)
