"""``GET /streaming/upload/limits``: what may be uploaded now, by this caller."""

from aiohttp import web

from storage.spool import PIECE
from web.deps import DEPS


async def show_limits(request: web.Request) -> web.Response:
    deps = request.app[DEPS]
    intake, archive = deps.use_cases.intake, await deps.uploads.archive()
    room = intake.spool.max_bytes - intake.spool.used_bytes
    limits = {
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
        "quota": {"max_bytes": None, "max_uploads_per_minute": None},
    }
    return web.json_response(limits, headers={"Cache-Control": "no-store"})
