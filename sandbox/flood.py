"""Flood control (TELEGRAM.md, Limits), by the sandbox clock.

What the real numbers are is not published: 30 a second per bot, 20 a minute per group or channel, 1 a second in a
private chat with bursts, as the documentation says. Messages and edits count, a call with n messages counts n.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from sandbox.clock import SandboxClock
from sandbox.config import Options
from sandbox.errors import ApiError, too_many

_MINUTE: Final = 60.0
_SAME_SIZE_FROM: Final = 100_000
_SAME_SIZE_SPACING: Final = (0.2, 0.9)
_SAME_SIZE_PER_BYTE: Final = 1e-7
_SAME_SIZE_BACKLOG: Final = 5.0
_SAME_SIZES_KEPT: Final = 4096


class _Bucket:
    """Tokens that fill at `rate` a second up to `burst`."""

    def __init__(self, burst: float, now: float) -> None:
        self._tokens, self._at = burst, now

    def missing(self, rate: float, burst: float, now: float) -> float:
        """Seconds until there is a token; 0 when there is one."""
        self._tokens = min(burst, self._tokens + (now - self._at) * rate)
        self._at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / rate

    def take(self) -> None:
        self._tokens -= 1


class Flood:
    """`options` is asked each time, so that a change applies at once."""

    def __init__(self, clock: SandboxClock, options: Callable[[], Options]) -> None:
        self._clock = clock
        self._options = options
        self._windows: dict[tuple[int, int], deque[float]] = {}
        self._private: dict[tuple[int, int], _Bucket] = {}
        self._bots: dict[int, _Bucket] = {}
        self._next_same_size: dict[tuple[int, int], float] = {}
        self._starts: deque[float] = deque()
        self.refused = 0

    def take(self, bot_id: int, chat_id: int, *, is_group: bool) -> None:
        """Count one message of a bot into a chat. Raises the 429."""
        options = self._options().flood
        if not options.enabled:
            return
        now = self._clock.now()
        bucket = self._bots.setdefault(bot_id, _Bucket(options.per_bot_per_second, now))
        wait = bucket.missing(options.per_bot_per_second, options.per_bot_per_second, now)
        key = (bot_id, chat_id)
        if is_group:
            wait = max(wait, self._window_wait(key, options.per_chat_per_minute, now))
        else:
            private = self._private.setdefault(key, _Bucket(options.private_burst, now))
            wait = max(wait, private.missing(options.per_private_second, options.private_burst, now))
        if wait > 0:
            raise self._refusal(wait)
        bucket.take()
        if is_group:
            self._windows[key].append(now)
        else:
            self._private[key].take()

    def _window_wait(self, key: tuple[int, int], most: int, now: float) -> float:
        window = self._windows.setdefault(key, deque())
        while window and window[0] <= now - _MINUTE:
            window.popleft()
        return 0.0 if len(window) < most else window[len(window) - most] + _MINUTE - now

    def same_size_delay(self, bot_id: int, size: int) -> float:
        """Seconds an upload of exactly this total size has to wait; not on a local server. Raises the 429."""
        options = self._options()
        if not options.flood.enabled or not options.flood.same_size or options.local or size <= _SAME_SIZE_FROM:
            return 0.0
        low, high = _SAME_SIZE_SPACING
        now, key = self._clock.now(), (bot_id, size)
        start = max(now, self._next_same_size.get(key, now))
        if start - now > _SAME_SIZE_BACKLOG:
            self.refused += 1
            raise too_many(60)
        if len(self._next_same_size) > _SAME_SIZES_KEPT:
            self._next_same_size = {size_: at for size_, at in self._next_same_size.items() if at > now}
        self._next_same_size[key] = start + min(high, max(low, size * _SAME_SIZE_PER_BYTE))
        return start - now

    def start_bot(self) -> None:
        """Count the first call of a bot since the server started. Raises the 429."""
        if not self._options().flood.enabled:
            return
        now = self._clock.now()
        while self._starts and self._starts[0] <= now - _MINUTE:
            self._starts.popleft()
        if len(self._starts) >= self._options().flood.new_bots_per_minute:
            raise self._refusal(self._starts[0] + _MINUTE - now)
        self._starts.append(now)

    def _refusal(self, wait: float) -> ApiError:
        self.refused += 1
        return too_many(max(1, math.ceil(wait)))

    def forget(self) -> None:
        """Start all windows anew, as when the limits are changed."""
        for windows in (self._windows, self._private, self._bots, self._next_same_size):
            windows.clear()

    def as_json(self) -> dict[str, int]:
        """How full the windows of groups and channels are: `bot:chat` to messages in the last minute."""
        edge = self._clock.now() - _MINUTE
        return {f"{b}:{c}": sum(at > edge for at in window) for (b, c), window in self._windows.items()}
