"""Bytes out: `/file/bot<token>/<path>` for bots, and the control API's files for people. Range is supported."""

import re
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from sandbox.api import WORLD, CutConnection, authenticate, cut, suffer
from sandbox.errors import ApiError
from sandbox.faults import FILE
from sandbox.model import StoredFile
from sandbox.wire import failure
from sandbox.world import World

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


async def bot_file(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    try:
        bot = authenticate(world, request.match_info["token"])
        if world.faults.before_reading(FILE, bot.id) is not None:
            return cut(request)
        faults = world.faults.on_call(FILE, bot.id, None)
        for fault in faults:
            await suffer(request, world, fault)
        file = _granted(world, f"{bot.id}/{request.match_info['path']}")
    except CutConnection:
        return cut(request)
    except ApiError as error:
        return failure(error)
    truncated = any(fault.kind == "truncate" for fault in faults)
    ranged = world.options.range_on_file
    return await send_file(request, file, "application/octet-stream", ranged=ranged, truncated=truncated)


def _granted(world: World, path: str) -> StoredFile:
    """The file of a path that getFile named lately. TELEGRAM.md: a local server serves no files over HTTP."""
    grant = world.state.grants.get(path)
    if grant is None or grant["expires"] < world.clock.now() or world.options.local:
        raise ApiError(404, "Not Found")
    return world.state.files[grant["file"]]


async def send_file(
    request: web.Request,
    file: StoredFile,
    content_type: str,
    *,
    ranged: bool = True,
    truncated: bool = False,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """Stream a file, or one range of it; `truncated` ends in the middle of what was announced."""
    world = request.app[WORLD]
    span = _span(request.headers.get("Range", ""), file.size) if ranged else None
    if span is not None and span[0] >= file.size:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    start, end = span or (0, file.size)
    answer = web.StreamResponse(status=200 if span is None else 206, headers=headers)
    answer.content_type = content_type
    answer.content_length = end - start
    if ranged:
        answer.headers["Accept-Ranges"] = "bytes"
    if span is not None:
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    await answer.prepare(request)
    if request.method != "HEAD":
        try:
            await _pour(world, answer, file, start, start + (end - start) // 2 if truncated else end)
        except ConnectionResetError:
            return answer  # the reader went away
    if truncated:
        await _end_early(request)
    return answer


async def _pour(world: World, answer: web.StreamResponse, file: StoredFile, start: int, end: int) -> None:
    async for piece in world.store.read(file, start, end):
        await answer.write(piece)
        world.stats.bytes_out += len(piece)


async def _end_early(request: web.Request) -> None:
    """Close after what was written has gone out: the client gets half of the bytes it was promised."""
    if request.transport is not None:
        request.transport.close()


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Start and end of the one range asked for; None serves the whole file, as for several ranges."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size
