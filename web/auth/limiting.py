"""Every request is counted: by its address before anything else, by its key as soon as that is known."""

from aiohttp import web

from storage.callers.rate_limits import WINDOW, Allowance
from web.auth.addresses import client_address, counted_as
from web.deps import DEPS
from web.middleware import Handler

ALLOWANCE = web.RequestKey("allowance", tuple[str, Allowance])
"""The policy that was counted last, and what it leaves: that of the key where there is one."""

_FREE = ("/health", "/health/live", "/health/ready")
"""An orchestrator that gets 429 restarts us."""


@web.middleware
async def limit_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises `RateLimited`."""
    if request.path not in _FREE:
        limiter = request.app[DEPS].limits.per_address
        allow(request, "address", limiter.take(counted_as(address_of(request))))
    return await handler(request)


def address_of(request: web.Request) -> str:
    """The client's address; see `web.auth.addresses`."""
    deps = request.app[DEPS]
    return client_address(request, deps.trusted_proxies, deps.limits.forwarded_header)


def allow(request: web.Request, policy: str, allowance: Allowance | None) -> None:
    """Remember what is left, for the headers."""
    if allowance is not None:
        request[ALLOWANCE] = (policy, allowance)


async def show_allowance(request: web.Request, response: web.StreamResponse) -> None:
    """``RateLimit`` and ``RateLimit-Policy``, as draft-ietf-httpapi-ratelimit-headers writes them."""
    if ALLOWANCE in request:
        policy, left = request[ALLOWANCE]
        response.headers["RateLimit-Policy"] = f'"{policy}";q={left.limit};w={WINDOW:.0f}'
        response.headers["RateLimit"] = f'"{policy}";r={left.remaining};t={left.reset}'
