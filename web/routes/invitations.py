"""Invitations: made, listed and ended by who may upload; shown to who has the token."""

from typing import Any

from aiohttp import web

from storage.callers.invitations import Invited, Terms
from storage.errors import FileTooLarge, InvitationNotFound
from storage.request_numbers import RequestNumber
from web.deps import CALLER, DEPS
from web.openapi.reading import read_body, read_query
from web.rendering import API, timestamp
from web.schemas.common import Page
from web.schemas.uploads import NewInvitation
from web.tus.protocol import UPLOADS
from web.tus.uploader import invited_by

_NO_STORE = {"Cache-Control": "no-store"}
_LONGEST_ID = 18


async def create_invitation(request: web.Request) -> web.Response:
    """``POST /uploads/invitations``: 201 with the link, which is never shown again."""
    given = await read_body(request, NewInvitation)
    deps = request.app[DEPS]
    size = deps.max_file_size if given.max_size is None else given.max_size
    if size > deps.max_file_size:
        raise FileTooLarge(limit=deps.max_file_size, size=size)
    terms = Terms(
        expires_in=given.lifetime,
        max_files=given.max_files,
        max_size=size,
        request_number=None if given.request_number is None else RequestNumber(given.request_number),
        category=given.category,
    )
    invited, token = await deps.use_cases.invitations.create(request[CALLER], terms)
    url = f"{deps.public_url.rstrip('/')}/upload#{token}"
    made = {**invitation_json(invited), "url": url, "token": token}
    headers = {**_NO_STORE, "Location": f"{API}/uploads/invitations/{invited.id}"}
    return web.json_response(made, status=201, headers=headers)


async def list_invitations(request: web.Request) -> web.Response:
    """``GET /uploads/invitations``: the caller's own; those that ended stay for a week."""
    page = read_query(request, Page)
    found = await request.app[DEPS].use_cases.invitations.of_caller(
        request[CALLER], limit=page.limit, offset=page.offset
    )
    shown = {"results": [invitation_json(each) for each in found], "limit": page.limit, "offset": page.offset}
    return web.json_response(shown, headers=_NO_STORE)


async def revoke_invitation(request: web.Request) -> web.Response:
    """``DELETE /uploads/invitations/{id}``: 204, again 204. What was kept by it stays."""
    text = request.match_info["invitation_id"]
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        raise InvitationNotFound(invitation_id=text[:32])
    await request.app[DEPS].use_cases.invitations.revoke(request[CALLER], int(text))
    return web.Response(status=204)


async def show_offer(request: web.Request) -> web.Response:
    """``GET /uploads/invitation``: what the token in ``X-Upload-Token`` allows."""
    deps = request.app[DEPS]
    invited = await invited_by(request)
    deps.use_cases.invitations.require_open(invited)
    types = {"allowed_file_types": list(deps.allowed_types), "uploads_url": UPLOADS}
    return web.json_response({**_terms(invited), **types}, headers=_NO_STORE)


def invitation_json(invited: Invited) -> dict[str, Any]:
    return {
        "id": invited.id,
        **_terms(invited),
        "created_at": timestamp(invited.created_at),
        "revoked_at": timestamp(invited.revoked_at),
    }


def _terms(invited: Invited) -> dict[str, Any]:
    return {
        "max_files": invited.max_files,
        "files_left": invited.files_left,
        "max_size": invited.max_size,
        "request_number": invited.request_number,
        "category": None if invited.category is None else invited.category.value,
        "expires_at": timestamp(invited.expires_at),
    }
