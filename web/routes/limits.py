"""``GET /streaming/upload/limits``: what may be uploaded now, by this caller."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from aiohttp import web

from storage.callers.quotas import Used, usage_of
from storage.domain import NO_QUOTA, Caller
from storage.spool import PIECE
from web.auth.limiting import ALLOWANCE
from web.deps import CALLER, DEPS, WebDeps
from web.rendering import timestamp


async def show_limits(request: web.Request) -> web.Response:
    deps = request.app[DEPS]
    intake, archive = deps.use_cases.intake, await deps.uploads.archive()
    room = intake.spool.max_bytes - intake.spool.used_bytes
    limits: dict[str, Any] = {
        "max_file_size": deps.max_file_size,
        "max_files_per_request": deps.max_files_per_request,
        "allowed_file_types": list(deps.allowed_types),
        "streaming_available": not intake.closing and room > 0,
        "chunk_size": PIECE,
        "part_size": deps.part_size,
        "archive": {
            "available": archive.retry_after is None,
            "queued_bytes": archive.queued_bytes,
            "retry_after": archive.retry_after,
        },
        "quota": await _quota(deps, request[CALLER]),
    }
    if ALLOWANCE in request:
        limits["quota"]["max_requests_per_minute"] = request[ALLOWANCE][1].limit
    return web.json_response(limits, headers={"Cache-Control": "no-store"})


async def _quota(deps: WebDeps, caller: Caller) -> dict[str, Any]:
    """What was used is looked up only for who has a quota."""
    quota = caller.quota
    used = None if quota == NO_QUOTA else await usage_of(deps.use_cases.sessions, caller.owner)
    tomorrow = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time.min, UTC)
    return {
        "max_bytes": quota.total_bytes,
        "max_uploads_per_minute": None,
        "max_requests_per_minute": None,
        "day": {**_side("day", quota.day_bytes, quota.day_files, used), "resets_at": timestamp(tomorrow)},
        "total": _side("total", quota.total_bytes, quota.total_files, used),
    }


def _side(side: str, most_bytes: int | None, most_files: int | None, used: Used | None) -> dict[str, Any]:
    return {
        "max_bytes": most_bytes,
        "used_bytes": None if used is None else getattr(used, f"{side}_bytes"),
        "max_files": most_files,
        "used_files": None if used is None else getattr(used, f"{side}_files"),
    }
