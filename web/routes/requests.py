"""A request's media: several at once, in figures, and over time."""

from aiohttp import web

from storage.domain import MediaId
from web.deps import CALLER, DEPS
from web.openapi.reading import read_body
from web.parameters import current_number, request_number
from web.rendering import media_json, order_json, timestamp
from web.routes.search import counts_json
from web.schemas.managing import AttachBody


async def attach_several(request: web.Request) -> web.Response:
    """``POST /requests/{number}/media``: all or none of them."""
    number = request_number(request)
    body = await read_body(request, AttachBody)
    use_cases, caller = request.app[DEPS].use_cases, request[CALLER]
    # In one order, so that two calls with the same media wait for each other instead of locking up.
    ids = [MediaId(one) for one in sorted(set(body.ids))]
    attached = await use_cases.attaching.attach(caller, number, ids, category=body.category, override=body.override)
    views = await use_cases.reading.several(caller, ids)
    number = await use_cases.work_orders.gate.current(number)
    return web.json_response(
        {"request_number": number, "attached": attached, "results": [media_json(view) for view in views]}
    )


async def summarise_request(request: web.Request) -> web.Response:
    """``GET /requests/{number}/media/summary``."""
    use_cases, number = request.app[DEPS].use_cases, await current_number(request)
    summary = await use_cases.statistics.of_request(request[CALLER], number)
    return web.json_response(
        {
            "request_number": summary.number,
            "total_files": summary.total.count,
            "total_size_bytes": summary.total.size,
            "file_types": counts_json(summary.file_types, "type"),
            "categories": counts_json(summary.categories, "category"),
            "latest": timestamp(summary.latest),
            "request": order_json(await use_cases.work_orders.of_one(number)),
        }
    )


async def show_timeline(request: web.Request) -> web.Response:
    """``GET /media/request/{number}/timeline``."""
    use_cases, number = request.app[DEPS].use_cases, await current_number(request)
    timeline = await use_cases.timelines.of_request(request[CALLER], number)
    order = order_json(await use_cases.work_orders.of_one(number))
    events = [
        {
            "at": timestamp(event.at),
            "event": event.event,
            "by": event.by,
            "media_id": event.media_id,
            "media": None if event.media is None else media_json(event.media),
        }
        for event in timeline.events
    ]
    return web.json_response(
        {
            "request_number": timeline.number,
            "timeline": events,
            "total_files": timeline.total_files,
            "request": order,
        }
    )
