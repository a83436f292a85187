"""The calls that take files."""

from aiohttp import web

from storage.intake.progress import Progress
from web.deps import DEPS, TURNS
from web.upload.call import begin_call, outcome_response
from web.upload.lines import run_with_lines
from web.upload.multiple import take_several
from web.upload.retries import once
from web.upload.single import take_one


async def upload_stream(request: web.Request) -> web.StreamResponse:
    """``POST /streaming/upload/stream``: one file."""
    await request.app[TURNS]()
    call = begin_call(request, most_files=1)
    return outcome_response(call, await once(call, take_one))


async def upload_multiple(request: web.Request) -> web.StreamResponse:
    """``POST /streaming/upload/multiple``: an array, one item per file in order."""
    call = begin_call(request, most_files=request.app[DEPS].max_files_per_request)
    return outcome_response(call, await once(call, take_several))


async def upload_with_progress(request: web.Request) -> web.StreamResponse:
    """``POST /streaming/upload/progress``: one file, answered by lines of JSON while it runs."""
    progresses: list[Progress] = []
    call = begin_call(request, most_files=1, on_begin=progresses.append)
    return await run_with_lines(call, progresses, lambda running: once(running, take_one))
