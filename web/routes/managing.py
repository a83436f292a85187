"""Changing media, moving them, and handing them on."""

from aiohttp import web

from storage.catalog.editing import Changes
from storage.domain import MediaId
from web.deps import CALLER, DEPS
from web.openapi.reading import read_body
from web.parameters import media_id
from web.rendering import media_json
from web.schemas.managing import ArchiveBody, BatchBody, MediaChanges, SendBody, TagsBody


async def edit_media(request: web.Request) -> web.Response:
    """``PATCH /media/{id}``."""
    body = await read_body(request, MediaChanges)
    changes = Changes(
        given=frozenset(body.model_fields_set),
        filename=body.filename,
        description=body.description,
        category=body.category if "category" in body.model_fields_set else None,
        tags=body.tags,
        external_id=body.external_id,
        expires_at=body.expires_at,
    )
    view = await request.app[DEPS].use_cases.editing.edit(request[CALLER], media_id(request), changes)
    return web.json_response(media_json(view))


async def tag_media(request: web.Request) -> web.Response:
    """``PUT /media/{id}/tags``."""
    body = await read_body(request, TagsBody)
    editing = request.app[DEPS].use_cases.editing
    view = await editing.tag(request[CALLER], media_id(request), body.tags, replace=body.replace)
    return web.json_response(media_json(view))


async def archive_media(request: web.Request) -> web.Response:
    """``POST /media/{id}/archive``: it moves from now on; the status says when it is there."""
    body = await read_body(request, ArchiveBody)
    archiving = request.app[DEPS].use_cases.archiving
    view = await archiving.archive(request[CALLER], media_id(request), reason=body.archive_reason)
    return web.json_response(media_json(view))


async def list_batch(request: web.Request) -> web.Response:
    """``POST /media/batch``."""
    body = await read_body(request, BatchBody)
    ids = [MediaId(one) for one in dict.fromkeys(body.ids)]
    views = await request.app[DEPS].use_cases.reading.several(request[CALLER], ids)
    by_id = {view.id: view for view in views}
    return web.json_response(
        {
            "results": [media_json(by_id[one]) for one in ids if one in by_id],
            "missing": [one for one in ids if one not in by_id],
        }
    )


async def send_media(request: web.Request) -> web.Response:
    """``POST /media/{id}/send``."""
    body = await read_body(request, SendBody)
    sending = request.app[DEPS].use_cases.sending
    handed = await sending.send(request[CALLER], media_id(request), body.chat_id, text=body.caption)
    return web.json_response(
        {
            "success": True,
            "media_file_id": handed.media_id,
            "chat_id": handed.chat_id,
            "message_id": handed.message_id,
        }
    )
