"""``GET /upload``: the page that sends files, for people with a key or an invitation; and what it loads.

It needs no credentials and carries no secrets: it asks for a key, or finds an invitation's token behind the ``#`` of
its own address, which no server sees. A ``?invite=`` would be seen, by proxies' logs at least, so no answer may be
cached and no request that follows tells where it came from.
"""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from web.guard import Endpoint
from web.openapi.doc import Answer, Doc
from web.pages.serving import TYPES, PageFiles, page_headers
from web.schemas.common import Given

_FILES = PageFiles("upload", page_headers("img-src 'self' data:"))
_UNCHANGED = Answer(description="You have it already")


class _Headers(Given):
    """What a browser asks that has a copy."""

    if_none_match: str | None = Field(None, alias="If-None-Match")


_PAGE_DOC = Doc(
    summary="The page that sends files",
    tags=("resumable",),
    description="For people with a key or an invitation. It loads nothing from elsewhere.",
    headers=_Headers,
    answers={200: Answer(content={TYPES[".html"]: str}), 304: _UNCHANGED},
)
_FILE_DOC = Doc(
    summary="What the upload page consists of",
    tags=("resumable",),
    path={"folder": Literal["css", "js", "words"], "name": Annotated[str, Field(examples=["app.js"])]},
    headers=_Headers,
    answers={200: Answer(content=dict.fromkeys(TYPES.values(), str)), 304: _UNCHANGED},
    statuses=(404,),
)


async def show_upload_page(request: web.Request) -> web.Response:
    """``GET /upload``."""
    return _FILES.answer(request, "upload.html")


async def show_upload_file(request: web.Request) -> web.Response:
    """``GET /upload/static/{folder}/{name}``."""
    return _FILES.answer(request, f"{request.match_info['folder']}/{request.match_info['name']}")


ENDPOINTS = (
    Endpoint("GET", "/upload", show_upload_page, None, _PAGE_DOC),
    Endpoint("GET", "/upload/static/{folder}/{name}", show_upload_file, None, _FILE_DOC),
)
