"""Uploads into a certain place: a request, a report, or an entrance. Each is the streaming upload with other fields."""

from typing import Any

from aiohttp import web

from storage.domain import Purpose
from storage.engine.channels import bound_channels
from web.deps import DEPS
from web.upload.call import begin_call, outcome_response
from web.upload.retries import once
from web.upload.rules import ACCESS, REPORT, UPLOAD, FieldRules
from web.upload.single import take_one


async def upload_to_request(request: web.Request) -> web.Response:
    """``POST /media/upload``."""
    return await _upload(request, UPLOAD)


async def upload_report(request: web.Request) -> web.Response:
    """``POST /media/upload-report``."""
    return await _upload(request, REPORT)


async def upload_access(request: web.Request) -> web.Response:
    """``POST /media/upload-access``: without a channel of its own nothing is taken, so it is asked for first."""
    async with request.app[DEPS].use_cases.sessions.begin() as session:
        await bound_channels(session, Purpose.ACCESS)
    return await _upload(request, ACCESS)


async def _upload(request: web.Request, rules: FieldRules) -> web.Response:
    call = begin_call(request, most_files=1, rules=rules)
    return outcome_response(call, await once(call, take_one), render=_answer)


def _answer(uploaded: dict[str, Any]) -> dict[str, Any]:
    media = uploaded["media"]
    return {"media_file": media, "file_url": media["file_url"], "message": uploaded["message"]}
