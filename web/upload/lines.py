"""An upload whose answer is written while it runs: progress lines, and the result as the last one."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from aiohttp import web

from storage.errors import MediagateError
from storage.intake.progress import Progress
from storage.intake.uploads import state_of
from web.problems import incident_members, instance_of, problem
from web.rendering import progress_json
from web.upload.call import Call, Outcome

log = structlog.get_logger(__name__)

_EVERY = 0.5
"""Seconds between two lines."""


async def run_with_lines(
    call: Call, progresses: list[Progress], run: Callable[[Call], Awaitable[Outcome]]
) -> web.StreamResponse:
    """Answer 200 and write lines until ``run`` ends; its errors are the last line, as problems.

    ``progresses`` is filled by the call as its upload begins.
    """
    await call.body.begin()
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
    await response.prepare(call.request)
    running = asyncio.ensure_future(run(call))
    try:
        await _report(response, progresses, running)
        await response.write(_line(await _result(call, running)))
        await response.write_eof()
    finally:
        if not running.done():
            running.cancel()
            await asyncio.wait({running})
    return response


async def _report(response: web.StreamResponse, progresses: list[Progress], running: "asyncio.Future[Outcome]") -> None:
    """Whoever stops listening does not end an upload whose last byte may be in already."""
    listened, version = True, -1
    while not running.done():
        await asyncio.wait({running}, timeout=_EVERY)
        if not listened or running.done() or not progresses or progresses[-1].version == version:
            continue
        version = progresses[-1].version
        try:
            await response.write(_line({"event": "progress", **progress_json(state_of(progresses[-1]))}))
        except ConnectionError:
            listened = False


async def _result(call: Call, running: "asyncio.Future[Outcome]") -> dict[str, Any]:
    try:
        outcome = await running
    except MediagateError as error:
        shown = problem(error, instance_of(call.request_id))
    except Exception:
        # The response has begun, so the door's catch-all can no longer answer: the incident is this last line.
        incident = uuid4()
        log.exception("request_failed", incident=str(incident))
        shown = incident_members(incident, call.request_id)
    else:
        return {"event": "result", "status": int(outcome.status), **outcome.answer}
    return {"event": "result", "success": False, "status": HTTPStatus(shown["status"]).value, "error": shown}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
