"""Cross-origin calls from browsers, for the origins of the setting ``CORS_ORIGINS`` (the Fetch standard, §3.2).

Credentials travel in headers that a page sets itself, never in cookies, so ``Access-Control-Allow-Credentials`` is
not said, and ``*`` may stand for everybody.
"""

from aiohttp import web

from web.deps import DEPS
from web.middleware import Handler

ANY = "*"
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_ACCEPTED = ", ".join((
    *("Authorization", "Content-Type", "X-API-Key", "X-Request-ID", "X-Requested-With"),
    *("Idempotency-Key", "Prefer", "X-Upload-ID", "Content-Digest", "Repr-Digest", "Content-Disposition"),
    *("Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Last-Event-ID"),
    *("Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata", "Upload-Defer-Length", "Upload-Concat"),
    *("Upload-Checksum", "X-HTTP-Method-Override", "X-Upload-Token"),
))  # fmt: skip
"""Named one by one: ``*`` would not cover Authorization."""

_EXPOSED = ", ".join((
    *("Location", "Retry-After", "WWW-Authenticate", "X-Request-ID", "Date", "Allow"),
    *("RateLimit", "RateLimit-Policy"),
    *("X-Upload-ID", "Preference-Applied", "Idempotency-Replayed", "Mediagate-Media-ID"),
    *("ETag", "Accept-Ranges", "Content-Range", "Content-Length", "Content-Disposition", "Content-Location"),
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
    *("Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Expires", "Upload-Defer-Length", "Upload-Concat"),
))  # fmt: skip
_REMEMBERED = "7200"
"""Seconds that a browser may keep the answer to a preflight; more than two hours none of them takes."""


@web.middleware
async def answer_preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A preflight carries no credentials, so it is answered before they are asked for.

    One from an origin that is not allowed goes its way, and lacks in the end what would let the browser go on. A
    plain OPTIONS, as tus has it, is no preflight.
    """
    if not _is_preflight(request) or _allowed(request) is None:
        return await handler(request)
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _ACCEPTED,
        "Access-Control-Max-Age": _REMEMBERED,
    }
    return web.Response(status=204, headers=headers)


async def allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    """Runs when a response begins, errors included: a page must be able to read what went wrong."""
    origins = request.app[DEPS].cors_origins
    if origins and ANY not in origins:
        response.headers.add("Vary", "Origin")  # said to everybody: a cache must not mix what it keeps
    allowed = _allowed(request)
    if allowed is not None:
        response.headers["Access-Control-Allow-Origin"] = allowed
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED


def _is_preflight(request: web.Request) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _allowed(request: web.Request) -> str | None:
    """What ``Access-Control-Allow-Origin`` is to say; None where no page asks, or one that may not."""
    origin, origins = request.headers.get("Origin"), request.app[DEPS].cors_origins
    if origin is None:
        return None
    if ANY in origins:
        return ANY
    return origin if origin in origins else None
