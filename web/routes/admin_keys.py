"""Keys: made, listed and revoked by an admin."""

from typing import Any

from aiohttp import web

from storage.callers.keys import quota_of
from storage.errors import KeyNotFound
from storage.tables import ApiKey
from web.deps import CALLER, DEPS
from web.openapi.reading import read_body
from web.rendering import API, timestamp
from web.schemas.admin import NewKey

_LONGEST_ID = 18
_NO_STORE = {"Cache-Control": "no-store"}


async def create_key(request: web.Request) -> web.Response:
    """``POST /keys``: 201 with the secret, which is never shown again."""
    given = await read_body(request, NewKey)
    key, secret = await request.app[DEPS].keys.create(given.terms(), by=request[CALLER].owner)
    headers = {**_NO_STORE, "Location": f"{API}/keys/{key.id}"}
    return web.json_response({**key_json(key), "secret": secret}, status=201, headers=headers)


async def list_keys(request: web.Request) -> web.Response:
    """``GET /keys``: those in the table; keys from the settings are not among them."""
    keys = await request.app[DEPS].keys.list()
    return web.json_response({"results": [key_json(key) for key in keys]}, headers=_NO_STORE)


async def revoke_key(request: web.Request) -> web.Response:
    """``DELETE /keys/{id}``: 204, again 204."""
    text = request.match_info["key_id"]
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        raise KeyNotFound(key_id=text[:32])
    await request.app[DEPS].keys.revoke(int(text), by=request[CALLER].owner)
    return web.Response(status=204)


def key_json(key: ApiKey) -> dict[str, Any]:
    quota = quota_of(key)
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "created_at": timestamp(key.created_at),
        "expires_at": timestamp(key.expires_at),
        "revoked_at": timestamp(key.revoked_at),
        "last_used_at": timestamp(key.last_used_at),
        "rate_per_minute": key.rate_per_minute,
        "quota": {
            "day_bytes": quota.day_bytes,
            "day_files": quota.day_files,
            "total_bytes": quota.total_bytes,
            "total_files": quota.total_files,
        },
    }
