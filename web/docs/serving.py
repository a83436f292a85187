"""``GET /api/openapi.json`` and the page ``GET /api/docs``: made once, served as they are, open to anybody."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web

DOCUMENT: web.AppKey[Callable[[], bytes]] = web.AppKey("document")
"""Gives the document's bytes; it is made when first asked for."""

_FILES = Path(__file__).with_name("static")
_TYPES: Mapping[str, str] = {
    "docs.css": "text/css",
    **dict.fromkeys(("docs.js", "dom.js", "curl.js", "schema.js"), "text/javascript"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def encoded(document: Mapping[str, Any]) -> bytes:
    """The document as it is served, and as it is stored in the repository."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def lazily(make: Callable[[], Mapping[str, Any]]) -> Callable[[], bytes]:
    """What is stored under `DOCUMENT`: the bytes of what ``make`` gives, made once."""
    return cache(lambda: encoded(make()))


async def show_document(request: web.Request) -> web.Response:
    """``GET /api/openapi.json``."""
    return _answer(request, request.app[DOCUMENT](), "application/json")


async def show_page(request: web.Request) -> web.Response:
    """``GET /api/docs``."""
    return _answer(request, _content("docs.html"), "text/html")


async def show_file(request: web.Request) -> web.Response:
    """``GET /api/docs/{name}``: what the page loads."""
    name = request.match_info["name"]
    if name not in _TYPES:
        raise web.HTTPNotFound
    return _answer(request, _content(name), _TYPES[name])


@cache
def _content(name: str) -> bytes:
    return (_FILES / name).read_bytes()


def _answer(request: web.Request, body: bytes, content_type: str) -> web.Response:
    headers = {
        "ETag": f'"{sha256(body).hexdigest()[:16]}"',
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _POLICY,
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
