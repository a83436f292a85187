"""What every request passes: an id, the one place where errors become answers, and one line in the log."""

import re
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import structlog
from aiohttp import web

from storage.errors import MediagateError
from web.auth.addresses import client_address
from web.deps import CALLER, DEPS, REQUEST_ID, STARTED
from web.problems import http_problem, incident_problem, problem_response
from web.tracing import continue_trace

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LINK_PATHS = ("/d/", "/r/")
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)


async def finish_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Runs when a response begins: what every one of them carries."""
    request[STARTED] = True
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if _is_link(request):
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
    response.headers["Server"] = "mediagate"
    response.headers["X-Request-ID"] = request.get(REQUEST_ID, "-")
    if _is_unread(request):
        # What the client still sends is not wanted: aiohttp lets it read the answer, then ends the connection.
        response.force_close()
        response.headers["Connection"] = "close"  # aiohttp has written its own by now


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id, go on with its trace, bind both to the log, and write the one summary line."""
    given = request.headers.get("X-Request-ID", "")
    request[REQUEST_ID] = given if _SANE_ID.fullmatch(given) else str(uuid4())
    started = time.monotonic()
    trace = continue_trace(request.headers.get("traceparent"))
    bound = {"request_id": request[REQUEST_ID], "client": _client(request), "trace": trace}
    with structlog.contextvars.bound_contextvars(**bound):
        status = 0
        try:
            response = await handler(request)
            status = response.status
        finally:
            _summarise(request, status, time.monotonic() - started)
    return response


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The one catch-all of this door."""
    try:
        return await handler(request)
    except MediagateError as error:
        _end_if_started(request, error)
        return problem_response(error, request[REQUEST_ID])
    except web.HTTPException as error:
        _end_if_started(request, error)
        return http_problem(error, request[REQUEST_ID])
    except ConnectionError:
        # The client is gone; there is nobody to answer.
        raise
    except Exception as error:
        incident = uuid4()
        log.exception("request_failed", incident=str(incident))
        request.app[DEPS].use_cases.incidents.note(incident, error, door="http", route=route_of(request))
        _end_if_started(request, error, logged=True)
        return incident_problem(incident, request[REQUEST_ID])


def _end_if_started(request: web.Request, error: Exception, *, logged: bool = False) -> None:
    """End the connection where a response has begun: the client must see that it is not whole."""
    if not request.get(STARTED):
        return
    if not logged:
        log.warning("response_aborted", error=str(error))
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("the response was aborted") from error


def _is_link(request: web.Request) -> bool:
    """Whoever knows a link's token may use it: logs do not show it, and search engines do not find it."""
    return request.path.startswith(_LINK_PATHS)


def _is_unread(request: web.Request) -> bool:
    return request.body_exists and not request.content.is_eof()


def _summarise(request: web.Request, status: int, seconds: float) -> None:
    caller = request.get(CALLER)
    log.info(
        "request_served",
        method=request.method,
        route=route_of(request),
        path=request.path[:3] if _is_link(request) else request.path,
        status=status or "aborted",
        ms=round(seconds * 1000, 1),
        caller=None if caller is None else caller.owner,
        received=request.content.total_bytes,
    )


def route_of(request: web.Request) -> str | None:
    resource = request.match_info.route.resource
    return None if resource is None else resource.canonical


def _client(request: web.Request) -> str:
    deps = request.app[DEPS]
    return client_address(request, deps.trusted_proxies, deps.limits.forwarded_header)
