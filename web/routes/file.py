"""``GET, HEAD /media/{id}/file``: the bytes, whole or in ranges."""

from functools import partial

from aiohttp import web

from web.content import Content, serve_content
from web.deps import CALLER, DEPS
from web.openapi.reading import read_query
from web.parameters import media_id
from web.schemas.file import FileQuery


async def serve_file(request: web.Request) -> web.StreamResponse:
    """``GET, HEAD /media/{id}/file``."""
    return await serve(request, media_id(request))


async def serve(request: web.Request, media: int) -> web.StreamResponse:
    """The bytes of ``media``. Raises what `Delivery.open` raises, and `InvalidRange`."""
    delivery = request.app[DEPS].use_cases.delivery
    deliverable = await delivery.open(request[CALLER], media)
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
