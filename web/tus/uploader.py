"""Who uploads: by credentials, or by an invitation's token in ``X-Upload-Token``.

Not in the query: a token in a URL ends up in logs and histories. The link of an invitation has it behind a ``#``.
"""

import structlog
from aiohttp import web

from storage.callers.invitations import Invited
from storage.domain import Caller, Role, Scope
from storage.errors import InvitationEnded, Unauthenticated
from storage.resumable.model import Uploader
from web.auth.limiting import address_of
from web.deps import CALLER, DEPS
from web.guard import caller_of, require_scope

TOKEN = "X-Upload-Token"  # noqa: S105 -- a header's name


async def uploader_of(request: web.Request) -> Uploader:
    """Raises what `caller_of` raises, `MissingScope`, and `InvitationEnded` for a revoked one."""
    if TOKEN not in request.headers:
        caller = await caller_of(request)
        require_scope(caller, Scope.MEDIA_WRITE)
        return Uploader(caller=caller)
    invited = await invited_by(request)
    # A role of its own: by an invitation nobody sees more than its uploads, whatever its owner may.
    scopes = frozenset({Scope.MEDIA_WRITE})
    caller = Caller(owner=invited.owner, role=Role.USER, scopes=scopes, quota=invited.quota)
    request[CALLER] = caller
    structlog.contextvars.bind_contextvars(caller=caller.owner, invitation=invited.id)
    return Uploader(caller=caller, invited=invited)


async def invited_by(request: web.Request) -> Invited:
    """The invitation of the request's token. Raises `Unauthenticated`, `TooManyFailures` and `InvitationEnded`."""
    token = request.headers.get(TOKEN)
    if token is None:
        raise Unauthenticated
    failures, address = request.app[DEPS].limits.failures, address_of(request)
    failures.take(address)
    try:
        invited = await request.app[DEPS].use_cases.invitations.by_token(token)
    except InvitationEnded:
        failures.give_back(address)  # no guess: there was one
        raise
    failures.give_back(address)
    return invited
