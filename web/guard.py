"""Routes with the scope they need: credentials are looked at before a byte of the body is."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web

from storage.domain import Caller, Scope
from storage.errors import MissingScope
from web.auth.credentials import identity_of
from web.auth.reads import note_read
from web.deps import CALLER, STARTED
from web.middleware import Handler
from web.openapi.doc import Doc


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route. ``scope`` None: open to anybody.

    ``invited``: an invitation's token opens it too, and its handler looks at who calls itself (`web.tus.uploader`).
    """

    method: str
    path: str
    handler: Handler
    scope: Scope | None
    doc: Doc
    invited: bool = False


def add_endpoints(app: web.Application, endpoints: Iterable[Endpoint]) -> None:
    """Register the routes. None of them sends ``100 Continue`` by itself: `web.upload.body` does when it reads."""
    for endpoint in endpoints:
        by_itself = endpoint.scope is None or endpoint.invited
        handler = endpoint.handler if by_itself else partial(_guarded, endpoint)
        app.router.add_route(endpoint.method, endpoint.path, _as_coroutine(handler), expect_handler=_decide_later)


async def caller_of(request: web.Request) -> Caller:
    """Who calls, by their credentials; the request is counted for them. Raises what `identity_of` raises."""
    caller = (await identity_of(request)).caller
    request[CALLER] = caller
    structlog.contextvars.bind_contextvars(caller=caller.owner)
    return caller


def require_scope(caller: Caller, scope: Scope) -> None:
    if scope not in caller.scopes:
        raise MissingScope(scope=scope.value)


async def _guarded(endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
    assert endpoint.scope is not None
    caller = await caller_of(request)
    require_scope(caller, endpoint.scope)
    shown = False
    try:
        response = await endpoint.handler(request)
        shown = response.status < HTTPStatus.BAD_REQUEST
    finally:
        # What was broken off in the middle was seen as far as it went.
        if endpoint.scope is Scope.MEDIA_READ and (shown or STARTED in request):
            note_read(request, endpoint.path, caller)
    return response


def _as_coroutine(handler: Handler) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Expect", "100-continue").lower() != "100-continue":
            raise web.HTTPExpectationFailed
        return await handler(request)

    return handle


async def _decide_later(_request: web.Request) -> None:
    """In place of aiohttp's, which would say ``100 Continue`` before anything is checked."""
