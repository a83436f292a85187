"""What a lane may send and when, as plain arithmetic on seconds; `storage.telegram.ledger` keeps it in PostgreSQL.

A lane lets ``per_minute`` messages through in any minute. It starts from the rate that is assumed (None: none), and
when Telegram says 429 all the same, it takes what went through in the last minute as the limit, and relaxes it slowly.
A bot has a budget of its own over all channels, and spaces uploads of exactly equal size (TELEGRAM.md, Limits).
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from storage.ports import Urgency

WINDOW = 60.0
MARGIN = 1.0
"""Seconds added to every wait: two clocks never agree, and a second 429 costs more."""

PER_SECOND = 30
_LEAST = 5
"""A 429 after fewer messages than this says little about the rate."""

_RELAX_SECONDS = 600.0
_RETRIES = (60.0, 300.0, 900.0, 3600.0)
"""When what is out of use is tried again."""

_SAME_SIZE_FROM = 100_000
_SAME_SIZE_SPACING, _SAME_SIZE_PER_BYTE = (0.2, 0.9), 1e-7
_SHARES = {Urgency.UPLOAD: 0.25, Urgency.BULK: 0.1}
"""The part of a minute's messages that is left to those who are less urgent, while they have work."""


@dataclass(kw_only=True, slots=True)
class Outage:
    """Out of use: refused for good by Telegram, and tried again at ``retry_at``."""

    since: float
    retry_at: float
    failures: int
    reason: str


@dataclass(kw_only=True, slots=True)
class _Usable:
    """What can be out of use."""

    outage: Outage | None = None

    def lost(self, now: float, reason: str) -> bool:
        """Telegram refused it; the next try is further away each time. True where it was in use."""
        before = self.outage
        failures = 1 if before is None else before.failures + 1
        wait = _RETRIES[min(failures, len(_RETRIES)) - 1]
        since = now if before is None else before.since
        self.outage = Outage(since=since, retry_at=now + wait, failures=failures, reason=reason)
        return before is None

    def back(self) -> bool:
        """It worked. True where it was out of use."""
        was_out, self.outage = self.outage is not None, None
        return was_out

    def outage_wait(self, now: float) -> float:
        return 0.0 if self.outage is None else max(0.0, self.outage.retry_at - now)

    def try_again(self, now: float) -> None:
        """Somebody tries it now: nobody else has to, until that is known to have failed or not."""
        if self.outage is not None:
            self.outage.retry_at = now + _RETRIES[0]


@dataclass(kw_only=True, slots=True)
class BotBudget(_Usable):
    """A bot over all channels. ``per_second`` None: no limit is assumed. ``sizes``: from when on each may begin."""

    per_second: int | None
    version: int = 0
    sent: list[float] = field(default_factory=list)
    sizes: dict[int, float] = field(default_factory=dict)

    def wait(self, now: float, size: int) -> float:
        """Seconds until a message with an upload of ``size`` bytes may go; 0: now."""
        return max(self.outage_wait(now), self._second(now), self.sizes.get(size, now) - now, 0.0)

    def take(self, now: float, size: int) -> None:
        self.try_again(now)
        self.sizes = {known: at for known, at in self.sizes.items() if at > now}
        if self.per_second is None:
            return
        self.sent = [at for at in self.sent if now - 1 < at <= now] + [now]
        if size > _SAME_SIZE_FROM:
            low, high = _SAME_SIZE_SPACING
            self.sizes[size] = now + min(high, max(low, size * _SAME_SIZE_PER_BYTE))

    def _second(self, now: float) -> float:
        recent = [at for at in self.sent if now - 1 < at <= now]
        if self.per_second is None or len(recent) < self.per_second:
            return 0.0
        return recent[len(recent) - self.per_second] + 1 - now


@dataclass(kw_only=True, slots=True)
class LaneBudget(_Usable):
    """A (bot, channel) pair. ``assumed`` is the rate it relaxes to; ``sent`` are time and urgency of each message.

    The time is that of the answer, since Telegram counts a message when it has all of it; while a message is
    ``in_flight`` it is that of its reservation, and the message takes its place however long it takes.
    """

    assumed: int | None
    per_minute: int | None
    blocked_until: float = 0.0
    learnt_at: float = 0.0
    sent: list[tuple[float, int]] = field(default_factory=list)
    in_flight: frozenset[float] = frozenset()

    def wait(self, now: float, urgency: Urgency, wanted: Collection[Urgency] = ()) -> float:
        """Seconds until a message may go; 0: now. ``wanted``: the other urgencies that have work waiting."""
        return max(self.outage_wait(now), self.blocked_until - now, self._minute(now, urgency, wanted), 0.0)

    def take(self, now: float, urgency: Urgency) -> None:
        self.try_again(now)
        self.sent = [*self._recent(now), (now, urgency)]
        ceiling = self.assumed
        if self.per_minute is None or self.per_minute == ceiling or now - self.learnt_at < _RELAX_SECONDS:
            return
        self.per_minute += 1
        self.learnt_at = now

    def flooded(self, now: float, retry_after: float) -> bool:
        """Telegram refused a message that had been let through. True where a new rate was learnt."""
        self.blocked_until = max(self.blocked_until, now + retry_after + MARGIN)
        self.sent = self._recent(now)[:-1]
        passed = len(self.sent)
        if passed < _LEAST or (self.per_minute is not None and passed >= self.per_minute):
            return False
        self.per_minute, self.learnt_at = passed, now
        return True

    def used(self, now: float) -> int:
        return len(self._recent(now))

    def _minute(self, now: float, urgency: Urgency, wanted: Collection[Urgency]) -> float:
        """The window of a minute: the more urgent go first, but leave the others their share."""
        if self.per_minute is None:
            return 0.0
        recent = self._recent(now)
        used = {one: sum(1 for _, sort in recent if sort == one) for one in Urgency}
        kept = sum(max(0, self._share(other) - used[other]) for other in wanted if other > urgency)
        lacking = 1 + kept - (self.per_minute - len(recent))
        behind = any(other < urgency for other in wanted) and used[urgency] >= self._share(urgency)
        if lacking <= 0 and not behind:
            return 0.0
        if not recent:
            return MARGIN
        return max(recent[min(max(lacking, 1), len(recent)) - 1][0] + WINDOW + MARGIN - now, MARGIN)

    def _share(self, urgency: Urgency) -> int:
        """Of a minute; at least one, however slow the lane."""
        return max(1, int((self.per_minute or 0) * _SHARES.get(urgency, 1.0)))

    def _recent(self, now: float) -> list[tuple[float, int]]:
        # What lies ahead is another node's, or from before the clock was set back: it counts, if it is not far off.
        earliest, latest = now - WINDOW - MARGIN, now + WINDOW
        return [(at, sort) for at, sort in self.sent if earliest < at <= latest or at in self.in_flight]
