"""``POST /telegram/webhook``: updates that Telegram brings by itself."""

import json

from aiohttp import web

from storage.errors import MalformedBody, Unauthenticated
from web.deps import DEPS
from web.upload.body import TimedBody

MOST_BYTES = 1024 * 1024


async def take_update(request: web.Request) -> web.Response:
    """Answers 200 once the update is kept, 404 where no webhook is wanted."""
    accept = request.app[DEPS].accept_update
    if accept is None:
        raise web.HTTPNotFound
    secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
    if not secret:
        raise Unauthenticated
    update = await _json(request)
    if not await accept(secret, update):
        raise Unauthenticated
    return web.Response()


async def _json(request: web.Request) -> dict[str, object]:
    if (request.content_length or 0) > MOST_BYTES:
        raise web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0)
    body, held = TimedBody(request, request.app[DEPS].times, most=MOST_BYTES), bytearray()
    while data := await body.read():
        held += data
    try:
        update = json.loads(held)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(reason="the body is not JSON") from error
    if not isinstance(update, dict):
        raise MalformedBody(reason="an update is a JSON object")
    return update
