"""``GET /upload``: the page that sends files, for people with a key or an invitation; and what it loads.

It needs no credentials and carries no secrets: it asks for a key, or finds an invitation's token behind the ``#`` of
its own address, which no server sees. A ``?invite=`` would be seen, by proxies' logs at least, so no answer may be
cached and no request that follows tells where it came from.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from web.guard import Endpoint
from web.openapi.doc import Answer, Doc
from web.schemas.common import Given

_FILES = Path(__file__).parents[1] / "pages" / "upload"
_PAGE = "upload.html"
_TYPES: Mapping[str, str] = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",  # a file input opens the camera without it
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


_UNCHANGED = Answer(description="You have it already")


class _Headers(Given):
    """What a browser asks that has a copy."""

    if_none_match: str | None = Field(None, alias="If-None-Match")


_PAGE_DOC = Doc(
    summary="The page that sends files",
    tags=("resumable",),
    description="For people with a key or an invitation. It loads nothing from elsewhere.",
    headers=_Headers,
    answers={200: Answer(content={_TYPES[".html"]: str}), 304: _UNCHANGED},
)
_FILE_DOC = Doc(
    summary="What the upload page consists of",
    tags=("resumable",),
    path={"folder": Literal["css", "js", "words"], "name": Annotated[str, Field(examples=["app.js"])]},
    headers=_Headers,
    answers={200: Answer(content=dict.fromkeys(_TYPES.values(), str)), 304: _UNCHANGED},
    statuses=(404,),
)


async def show_upload_page(request: web.Request) -> web.Response:
    """``GET /upload``."""
    return _answer(request, _PAGE)


async def show_upload_file(request: web.Request) -> web.Response:
    """``GET /upload/static/{folder}/{name}``."""
    return _answer(request, f"{request.match_info['folder']}/{request.match_info['name']}")


@cache
def _contents() -> Mapping[str, bytes]:
    """Every file of the page by its name; nothing else can be asked for."""
    found = (path for path in _FILES.rglob("*") if path.suffix in _TYPES)
    return {path.relative_to(_FILES).as_posix(): path.read_bytes() for path in found}


def _answer(request: web.Request, name: str) -> web.Response:
    body = _contents().get(name)
    if body is None:
        raise web.HTTPNotFound
    headers = {**_HEADERS, "ETag": f'"{sha256(body).hexdigest()[:16]}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    content_type = _TYPES[Path(name).suffix]
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


ENDPOINTS = (
    Endpoint("GET", "/upload", show_upload_page, None, _PAGE_DOC),
    Endpoint("GET", "/upload/static/{folder}/{name}", show_upload_file, None, _FILE_DOC),
)
