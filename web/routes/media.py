"""Media and their requests, as JSON."""

from aiohttp import web
from yarl import URL

from web.deps import CALLER, DEPS
from web.openapi.reading import read_query
from web.parameters import current_number, media_id, request_number
from web.rendering import API, media_json
from web.schemas.listing import AttachQuery, RequestMediaQuery


async def show_media(request: web.Request) -> web.Response:
    """``GET /media/{id}``."""
    view = await request.app[DEPS].use_cases.reading.media(request[CALLER], media_id(request))
    return web.json_response(media_json(view))


async def delete_media(request: web.Request) -> web.Response:
    """``DELETE /media/{id}``: 204, again 204."""
    await request.app[DEPS].use_cases.deleting.delete(request[CALLER], media_id(request))
    return web.Response(status=204)


async def list_request_media(request: web.Request) -> web.Response:
    """``GET /media/request/{number}``: newest first; ``Content-Location`` says which number the request has now."""
    query = read_query(request, RequestMediaQuery)
    number = await current_number(request)
    views = await request.app[DEPS].use_cases.reading.of_request(
        request[CALLER],
        number,
        category=query.category,
        limit=query.limit,
        offset=query.offset,
    )
    place = URL.build(path=f"{API}/media/request/{number}", query=request.query)
    return web.json_response([media_json(view) for view in views], headers={"Content-Location": str(place)})


async def attach_media(request: web.Request) -> web.Response:
    """``PUT /requests/{number}/media/{id}``: 200 with the media; idempotent."""
    query = read_query(request, AttachQuery)
    use_cases, caller, number = request.app[DEPS].use_cases, request[CALLER], request_number(request)
    media = media_id(request)
    await use_cases.attaching.attach(caller, number, [media], category=query.category, override=query.override)
    return web.json_response(media_json(await use_cases.reading.media(caller, media)))


async def detach_media(request: web.Request) -> web.Response:
    """``DELETE /requests/{number}/media/{id}``: 204; idempotent."""
    number = request_number(request)
    await request.app[DEPS].use_cases.attaching.detach(request[CALLER], number, media_id(request))
    return web.Response(status=204)
