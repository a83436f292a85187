"""Watching uploads: as JSON, and as server-sent events."""

import asyncio
import json
from uuid import UUID

from aiohttp import web

from storage.domain import UploadId
from storage.errors import UploadNotFound
from storage.intake.uploads import UploadState
from web.deps import CALLER, CLOSING, DEPS
from web.rendering import progress_json
from web.waiting import unless_closing

HEARTBEAT = 15.0
"""Seconds after which a comment is sent, so that proxies keep a quiet stream open."""

_PAUSE = 0.25
_EVENTS = "text/event-stream"


async def list_progress(request: web.Request) -> web.Response:
    """``GET /streaming/upload/progress``: the caller's uploads in flight, and those ended within the hour."""
    states = await request.app[DEPS].uploads.of_caller(request[CALLER])
    return web.json_response([progress_json(state) for state in states], headers={"Cache-Control": "no-store"})


async def show_progress(request: web.Request) -> web.StreamResponse:
    """``GET /streaming/upload/progress/{upload_id}``: one of them, or its events until it ends."""
    upload_id = _upload_id(request)
    state = await request.app[DEPS].uploads.get(request[CALLER], upload_id)
    if _EVENTS not in request.headers.get("Accept", ""):
        return web.json_response(progress_json(state), headers={"Cache-Control": "no-store"})
    if state.ended and request.headers.get("Last-Event-ID") == str(state.version):
        return web.Response(status=204)  # tells an EventSource not to come back
    return await _stream(request, state)


async def _stream(request: web.Request, state: UploadState) -> web.StreamResponse:
    headers = {"Content-Type": _EVENTS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    uploads = request.app[DEPS].uploads
    seen = request.headers.get("Last-Event-ID")
    while True:
        if str(state.version) != seen:
            await response.write(_event(state))
            seen = str(state.version)
        if state.ended or request.app[CLOSING].is_set():
            return response
        if not await unless_closing(request.app, uploads.changed(state, HEARTBEAT)):
            await response.write(b": still there\n\n")
        # Every chunk that arrives is a change; a watcher needs a few a second.
        await asyncio.sleep(_PAUSE)
        state = await uploads.get(request[CALLER], state.upload_id)


def _event(state: UploadState) -> bytes:
    data = json.dumps(progress_json(state), ensure_ascii=False)
    return f"id: {state.version}\nevent: {state.phase.value}\ndata: {data}\n\n".encode("utf-8", "replace")


def _upload_id(request: web.Request) -> UploadId:
    text = request.match_info["upload_id"]
    try:
        return UploadId(UUID(text))
    except ValueError as error:
        raise UploadNotFound(upload_id=text[:64]) from error
