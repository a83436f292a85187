"""Watching uploads: as JSON, as server-sent events, as lines of JSON; by credentials or an invitation's token."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from storage.domain import UploadId
from storage.errors import UploadNotFound
from storage.intake.uploads import UploadState
from storage.resumable.model import Uploader
from web.deps import CLOSING, DEPS
from web.rendering import progress_json
from web.tus.uploader import uploader_of
from web.waiting import unless_closing

HEARTBEAT = 15.0
"""Seconds after which a quiet stream says something, so that proxies keep it open."""

_PAUSE = 0.25
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class _Form:
    """How a stream writes a state; ``heartbeat`` is what watchers skip."""

    write: Callable[[UploadState], bytes]
    heartbeat: bytes


async def list_progress(request: web.Request) -> web.Response:
    """``GET /streaming/upload/progress``: the caller's uploads in flight, and those ended within the hour."""
    watcher = await uploader_of(request)
    states = await request.app[DEPS].uploads.of_caller(watcher.caller, invitation_id=watcher.invitation_id)
    return web.json_response([progress_json(state) for state in states], headers=_NO_STORE)


async def show_progress(request: web.Request) -> web.StreamResponse:
    """``GET /streaming/upload/progress/{upload_id}``: one of them, or how it goes on until it ends."""
    watcher, upload_id = await uploader_of(request), _upload_id(request)
    state = await request.app[DEPS].uploads.get(watcher.caller, upload_id, invitation_id=watcher.invitation_id)
    wanted = request.headers.get("Accept", "")
    media_type = next((known for known in _FORMS if known in wanted), None)
    if media_type is None:
        return web.json_response(progress_json(state), headers=_NO_STORE)
    if state.ended and request.headers.get("Last-Event-ID") == str(state.version):
        return web.Response(status=204)  # tells an EventSource not to come back
    return await _stream(request, watcher, state, media_type)


async def _stream(request: web.Request, watcher: Uploader, state: UploadState, media_type: str) -> web.StreamResponse:
    headers = {"Content-Type": media_type, "X-Accel-Buffering": "no", **_NO_STORE}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    uploads, form = request.app[DEPS].uploads, _FORMS[media_type]
    seen = request.headers.get("Last-Event-ID")
    while True:
        if str(state.version) != seen:
            await response.write(form.write(state))
            seen = str(state.version)
        if state.ended or request.app[CLOSING].is_set():
            return response
        if not await unless_closing(request.app, uploads.changed(state, HEARTBEAT)):
            await response.write(form.heartbeat)
        # Every chunk that arrives is a change; a watcher needs a few a second.
        await asyncio.sleep(_PAUSE)
        state = await uploads.get(watcher.caller, state.upload_id, invitation_id=watcher.invitation_id)


def _event(state: UploadState) -> bytes:
    return f"id: {state.version}\nevent: {state.phase.value}\ndata: {_json(state)}\n\n".encode("utf-8", "replace")


def _line(state: UploadState) -> bytes:
    return f"{_json(state)}\n".encode("utf-8", "replace")


def _json(state: UploadState) -> str:
    return json.dumps(progress_json(state), ensure_ascii=False)


_FORMS: Mapping[str, _Form] = {
    "text/event-stream": _Form(_event, b": still there\n\n"),
    "application/x-ndjson": _Form(_line, b"\n"),
}


def _upload_id(request: web.Request) -> UploadId:
    text = request.match_info["upload_id"]
    try:
        return UploadId(UUID(text))
    except ValueError as error:
        raise UploadNotFound(upload_id=text[:64]) from error
