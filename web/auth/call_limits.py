"""How many requests a key and an address may make, and how often they may guess."""

from dataclasses import dataclass, field
from functools import partial

from storage.callers.rate_limits import RateLimiter, failure_limiter

PER_KEY = 60_000
PER_ADDRESS = 60_000
FAILURES = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class CallLimits:
    """All of them a minute; what a limiter's 0 means stands there. Every process has its own."""

    per_key: RateLimiter = field(default_factory=partial(RateLimiter, PER_KEY))
    per_address: RateLimiter = field(default_factory=partial(RateLimiter, PER_ADDRESS))
    failures: RateLimiter = field(default_factory=partial(failure_limiter, FAILURES))
    forwarded_header: str = "X-Forwarded-For"
    """The header that the trusted proxies write."""


def call_limits(*, per_key: int, per_address: int, failures: int, forwarded_header: str) -> CallLimits:
    return CallLimits(
        per_key=RateLimiter(per_key),
        per_address=RateLimiter(per_address),
        failures=failure_limiter(failures),
        forwarded_header=forwarded_header,
    )
