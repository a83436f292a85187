"""Who calls: by a key in ``X-API-Key``, or a token in ``Authorization: Bearer``. A key goes before a token.

What a token said is remembered for a while; which Telegram account its bearer has linked is looked up every time.
"""

from dataclasses import replace

from aiohttp import web

from storage.callers.keys import Identity
from storage.errors import AuthUnavailable, Unauthenticated
from web.auth.limiting import address_of, allow
from web.auth.port import Auth
from web.deps import DEPS


async def identity_of(request: web.Request) -> Identity:
    """Who calls, with the request counted for them.

    Raises `Unauthenticated`, `InvalidToken`, `AuthUnavailable`, `RateLimited` and `TooManyFailures`.
    """
    source, secret = _credentials(request)
    # What was valid a moment ago stays so, whatever else comes from the same address.
    identity = source.remembered(secret) or await _looked_up(request, source, secret)
    deps = request.app[DEPS]
    allow(request, "key", deps.limits.per_key.take(identity.counted_as, identity.rate_per_minute))
    caller = await deps.use_cases.accounts.current(identity.caller, deps.role_of)
    return identity if caller is identity.caller else replace(identity, caller=caller)


def _credentials(request: web.Request) -> tuple[Auth, str]:
    deps = request.app[DEPS]
    key = request.headers.get("X-API-Key")
    if key is not None:
        return deps.keys, key
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return deps.tokens, token.strip()


async def _looked_up(request: web.Request, source: Auth, secret: str) -> Identity:
    """Counted as a failure until it is none, so that many guesses at once are not all let through."""
    failures, address = request.app[DEPS].limits.failures, address_of(request)
    failures.take(address)
    try:
        identity = await source.identity(secret)
    except AuthUnavailable:
        failures.give_back(address)
        raise
    failures.give_back(address)
    return identity
