"""Files by their Telegram ids."""

import re

from aiohttp import web

from storage.catalog.keeping import Declared
from storage.details import Details, clean_tags
from storage.errors import MediaNotFound
from storage.request_numbers import RequestNumber
from storage.views import MediaView
from web.deps import CALLER, DEPS
from web.openapi.reading import read_body
from web.rendering import media_json, media_path
from web.routes.file import serve
from web.schemas.managing import TelegramFileBody

_FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")


async def keep_telegram_file(request: web.Request) -> web.Response:
    """``POST /media/telegram``: 201 with the media, 200 with the one that the caller has of this file already."""
    body = await read_body(request, TelegramFileBody)
    declared = Declared(
        file_id=body.file_id,
        file_type=body.file_type,
        filename=body.filename,
        content_type=body.content_type,
        file_size=body.file_size,
    )
    details = Details(
        request_number=None if body.request_number is None else RequestNumber(body.request_number),
        category=body.category,
        description=body.description or None,
        tags=clean_tags(body.tags),
        uploaded_by=body.uploaded_by or None,
        external_id=body.external_id or None,
        override=body.override,
    )
    adopted = await request.app[DEPS].use_cases.keeping.keep(request[CALLER], declared, details)
    headers = {"Location": media_path(adopted.media.id)}
    return web.json_response(media_json(adopted.media), status=200 if adopted.duplicate else 201, headers=headers)


async def show_telegram_file(request: web.Request) -> web.Response:
    """``GET /media/telegram/{file_id}``."""
    return web.json_response(media_json(await _find(request)))


async def serve_telegram_file(request: web.Request) -> web.StreamResponse:
    """``GET, HEAD /media/telegram/{file_id}/file``."""
    return await serve(request, (await _find(request)).id)


async def _find(request: web.Request) -> MediaView:
    file_id = request.match_info["file_id"]
    if not _FILE_ID.fullmatch(file_id):
        raise MediaNotFound
    return await request.app[DEPS].use_cases.keeping.find(request[CALLER], file_id)
