"""``GET, HEAD /media/{id}/preview``: a JPEG of a media."""

from http import HTTPStatus

from aiohttp import web

from storage.domain import Caller
from web.deps import CALLER, DEPS
from web.openapi.reading import read_query
from web.parameters import media_id
from web.ranges import Condition, evaluate
from web.schemas.previews import PreviewQuery


async def show_preview(request: web.Request) -> web.Response:
    """Raises what `Previews` raises."""
    return await answer_preview(request, request[CALLER], media_id(request))


async def answer_preview(request: web.Request, caller: Caller, media: int) -> web.Response:
    """The entity tag is known before the preview is made: who has it costs nothing. Raises what `Previews` raises."""
    previews, side = request.app[DEPS].use_cases.previews, read_query(request, PreviewQuery).size
    found = await previews.find(caller, media)
    headers = {"ETag": f'"{found.etag(side)}"', "Cache-Control": "private, max-age=3600"}
    given = request.headers
    condition = evaluate(
        if_match=given.get("If-Match"),
        if_none_match=given.get("If-None-Match"),
        etag=headers["ETag"],
        modified=found.uploaded_at,
    )
    match condition:
        case Condition.NOT_MODIFIED:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        case Condition.FAILED:
            raise web.HTTPPreconditionFailed
    jpeg = await previews.jpeg(found, side)
    return web.Response(body=jpeg, content_type="image/jpeg", headers=headers)
