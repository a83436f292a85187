"""``GET /r/{token}``: the page of a request for whoever has its link, what it shows, and all of it as a ZIP.

The token is asked for its right with every call; what belongs to another request answers like what does not exist.
"""

from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from aiohttp import web

from storage.catalog.request_files import RequestFile
from storage.catalog.timeline import Event
from storage.delivery.request_links import RequestLink
from storage.delivery.request_zip import zip_name, zip_size
from storage.domain import Caller, MediaId, Role
from storage.filenames import content_disposition
from storage.previews.studio import SYSTEM
from web.content import Content, serve_content, write_piece
from web.deps import DEPS
from web.docs import gallery as docs
from web.guard import Endpoint
from web.openapi.reading import read_query
from web.pages.serving import PageFiles, page_headers
from web.parameters import media_id
from web.rendering import order_json, timestamp
from web.routes.previews import answer_preview
from web.schemas.file import FileQuery

_FILES = PageFiles("gallery", page_headers("img-src 'self' data:; media-src 'self'"))
_STAFF = Caller(owner="system", role=Role.STAFF)
"""A link reads what its maker may, and that is staff: who is none any more makes it invalid."""

_Names = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One file that a link leads to."""

    link: RequestLink
    media_id: MediaId


async def show_gallery(request: web.Request) -> web.Response:
    """``GET /r/{token}``: the same for every token. The page asks for what it shows, and tells if that is refused."""
    return _FILES.answer(request, "gallery.html")


async def show_gallery_file(request: web.Request) -> web.Response:
    """``GET /r/static/{folder}/{name}``."""
    return _FILES.answer(request, f"{request.match_info['folder']}/{request.match_info['name']}")


async def show_content(request: web.Request) -> web.Response:
    """``GET /r/{token}/request``. Raises `LinkNotFound` and `LinkExpired`."""
    link = await _link(request)
    use_cases = request.app[DEPS].use_cases
    files = await use_cases.request_files.of_request(_STAFF, link.number)
    timeline = await use_cases.timelines.of_request(_STAFF, link.number)
    actors = [file.view.owner for file in files] + [event.by for event in timeline.events]
    names = await use_cases.names.of(actors)
    _note(request, link, "request_read")
    content = {
        "request_number": link.number,
        "request": order_json(await use_cases.work_orders.of_one(link.number)),
        "expires_at": timestamp(link.expires_at),
        "zip_size": zip_size(files),
        "files": [_file_json(file, names) for file in files],
        "timeline": [_event_json(event, names) for event in timeline.events],
    }
    return web.json_response(content, headers={"Cache-Control": "private, no-store"})


async def show_preview_of(request: web.Request) -> web.Response:
    """``GET /r/{token}/media/{media_id}/preview``."""
    seen = await _seen(request)
    response = await answer_preview(request, SYSTEM, seen.media_id)
    _note(request, seen.link, "preview_read", seen.media_id)
    return response


async def serve_file_of(request: web.Request) -> web.StreamResponse:
    """``GET, HEAD /r/{token}/media/{media_id}/file``."""
    seen = await _seen(request)
    delivery = request.app[DEPS].use_cases.delivery
    deliverable = await delivery.open(SYSTEM, seen.media_id)
    if request.method != "HEAD":
        _note(request, seen.link, "bytes_read", seen.media_id)
    content = Content(
        filename=deliverable.view.filename,
        content_type=deliverable.view.content_type,
        modified=deliverable.view.uploaded_at,
        size=deliverable.size,
        etag=deliverable.etag,
        stream=partial(delivery.stream, deliverable),
        attachment=read_query(request, FileQuery).attachment,
    )
    return await serve_content(request, content)


async def serve_zip(request: web.Request) -> web.StreamResponse:
    """``GET /r/{token}/zip``: its length is not known before its end, so the end of the chunks is what says whole."""
    link = await _link(request)
    deps = request.app[DEPS]
    files = await deps.use_cases.request_files.of_request(_STAFF, link.number)
    for file in files:
        if file.readable:
            _note(request, link, "bytes_read", file.view.id)
    disposition = content_disposition(zip_name(link.number), attachment=True)
    headers = {"Content-Type": "application/zip", "Content-Disposition": disposition, "Cache-Control": "no-store"}
    response = web.StreamResponse(headers=headers)
    async with aclosing(deps.use_cases.request_zips.stream(files)) as pieces:
        await response.prepare(request)
        async for piece in pieces:
            await write_piece(request, response, piece, deps.times.idle)
    await response.write_eof()
    return response


async def _link(request: web.Request) -> RequestLink:
    """A request that was renamed meanwhile is still the one that the link is for."""
    use_cases = request.app[DEPS].use_cases
    link = await use_cases.request_links.find(request.match_info["token"])
    return replace(link, number=await use_cases.work_orders.gate.current(link.number))


async def _seen(request: web.Request) -> _Seen:
    """Raises what `_link` raises, and `MediaNotFound` for what does not belong to the request."""
    link = await _link(request)
    media = media_id(request)
    await request.app[DEPS].use_cases.request_files.require(link.number, media)
    return _Seen(link, media)


def _note(request: web.Request, link: RequestLink, action: str, media: MediaId | None = None) -> None:
    audit = request.app[DEPS].use_cases.audit
    audit.read(link.actor, action, media_id=media, request_number=link.number)


def _file_json(file: RequestFile, names: _Names) -> dict[str, Any]:
    view = file.view
    return {
        "id": view.id,
        "filename": view.filename,
        "file_type": view.file_type.value,
        "content_type": view.content_type,
        "category": file.category.value,
        "side": file.side.value,
        "file_size": view.file_size,
        "width": view.width,
        "height": view.height,
        "duration": view.duration,
        "description": view.description,
        "uploaded_by": names[view.owner],
        "uploaded_at": timestamp(view.uploaded_at),
        "readable": file.readable,
        "previewable": view.previewable and not file.damaged,
        "obstacle": None if file.obstacle is None else file.obstacle.value,
    }


def _event_json(event: Event, names: _Names) -> dict[str, Any]:
    return {
        "at": timestamp(event.at),
        "event": event.event,
        "by": names[event.by],
        "media_id": event.media_id,
        "filename": None if event.media is None else event.media.filename,
    }


_MEDIA = "/r/{token}/media/{media_id}"
ENDPOINTS = (
    Endpoint("GET", "/r/static/{folder}/{name}", show_gallery_file, None, docs.PAGE_FILE),
    Endpoint("GET", "/r/{token}", show_gallery, None, docs.PAGE),
    Endpoint("GET", "/r/{token}/request", show_content, None, docs.CONTENT),
    Endpoint("GET", "/r/{token}/zip", serve_zip, None, docs.ZIP),
    Endpoint("GET", f"{_MEDIA}/preview", show_preview_of, None, docs.PREVIEW_OF),
    Endpoint("GET", f"{_MEDIA}/file", serve_file_of, None, docs.FILE_OF),
    Endpoint("HEAD", f"{_MEDIA}/file", serve_file_of, None, docs.FILE_OF_HEAD),
)
