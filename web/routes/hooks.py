"""``POST /hooks/{service}``: signed events of the company's other services."""

from aiohttp import web

from storage.errors import InvalidSignature
from web.auth.limiting import address_of
from web.deps import DEPS
from web.docs import hooks as docs
from web.guard import Endpoint
from web.openapi.reading import read_bytes
from web.rendering import API

_MOST_BYTES = 256 * 1024


async def take_event(request: web.Request) -> web.Response:
    """Answers 200 once what follows from the event is committed; also where it was before, or nothing follows.

    A wrong signature counts as a failure of its address until it is none, as wrong credentials do.
    """
    deps, address = request.app[DEPS], address_of(request)
    body = await read_bytes(request, _MOST_BYTES)
    headers = {name.lower(): value for name, value in request.headers.items()}
    deps.limits.failures.take(address)
    try:
        outcome = await deps.use_cases.hooks.take(request.match_info["service"], headers, body)
    except InvalidSignature:
        raise
    except BaseException:
        deps.limits.failures.give_back(address)
        raise
    deps.limits.failures.give_back(address)
    return web.json_response({"outcome": outcome.value})


ENDPOINTS = (Endpoint("POST", f"{API}/hooks/{{service}}", take_event, None, docs.HOOK),)
