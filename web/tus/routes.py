"""tus: ``/api/v1/uploads``."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from storage.domain import UploadId
from storage.errors import Busy, InvalidHeader, ShuttingDown, TooSlow, UploadTakenOver
from storage.resumable.model import Creation, Status, Uploader
from storage.resumable.uploads import Resumable
from storage.resumable.writing import Writing
from web.deps import DEPS
from web.tus import protocol
from web.tus.metadata import parse_metadata
from web.tus.uploader import uploader_of
from web.upload.body import Interrupted, TimedBody
from web.upload.options import admit

_CREATED, _NO_CONTENT = 201, 204


async def tell_capabilities(request: web.Request) -> web.Response:
    """``OPTIONS``: what is spoken here. Needs no credentials."""
    return web.Response(status=_NO_CONTENT, headers=protocol.capabilities(request))


async def tell_capabilities_of_upload(request: web.Request) -> web.Response:
    """``OPTIONS`` at an upload's own URL: the same."""
    return await tell_capabilities(request)


async def create_upload(request: web.Request) -> web.Response:
    """``POST /uploads``: a new upload, perhaps with its first bytes."""
    protocol.require_version(request)
    uploader = await uploader_of(request)
    partial, runs = protocol.concatenation(request)
    metadata = request.headers.get("Upload-Metadata")
    creation = Creation(
        length=None if runs is not None else protocol.length(request),
        said=parse_metadata(metadata, uploader.invited),
        metadata_header=metadata,
        partial=partial,
        concat_header=request.headers.get("Upload-Concat"),
    )
    status = await _created(request, uploader, creation, runs)
    headers = {"Location": protocol.location(request, status), "X-Upload-ID": str(status.upload_id)}
    return web.Response(status=_CREATED, headers=protocol.state_headers(status) | headers)


async def tell_offset(request: web.Request) -> web.Response:
    """``HEAD /uploads/{id}``: where the upload stands. What it tells is durable."""
    protocol.require_version(request)
    uploader = await uploader_of(request)
    status = await _resumable(request).status(uploader, protocol.upload_id(request))
    return web.Response(headers=protocol.described(status))


async def append(request: web.Request) -> web.Response:
    """``PATCH /uploads/{id}``: bytes from an offset on."""
    protocol.require_version(request)
    protocol.require_chunk(request)
    uploader = await uploader_of(request)
    late = protocol.number(request, "Upload-Length")
    status = await _write(request, uploader, protocol.upload_id(request), protocol.offset(request), late)
    return web.Response(status=_NO_CONTENT, headers=protocol.state_headers(status))


async def terminate(request: web.Request) -> web.Response:
    """``DELETE /uploads/{id}``: end it. A media that it became stays."""
    protocol.require_version(request)
    uploader = await uploader_of(request)
    await _resumable(request).terminate(uploader, protocol.upload_id(request))
    return web.Response(status=_NO_CONTENT)


async def override(request: web.Request) -> web.Response:
    """``POST /uploads/{id}`` with ``X-HTTP-Method-Override``, for what can only POST."""
    handlers = {"PATCH": append, "HEAD": tell_offset, "DELETE": terminate, "OPTIONS": tell_capabilities}
    handler = handlers.get(request.headers.get("X-HTTP-Method-Override", "").strip().upper())
    if handler is None:
        raise web.HTTPMethodNotAllowed(request.method, ["HEAD", "PATCH", "DELETE", "OPTIONS"])
    return await handler(request)


async def stop_writers(app: web.Application) -> None:
    """For ``on_shutdown``: requests that write are told to end, before they are waited for."""
    app[DEPS].use_cases.resumable.stop()


async def _created(
    request: web.Request, uploader: Uploader, creation: Creation, runs: Sequence[UploadId] | None
) -> Status:
    uploads = _resumable(request)
    if runs is not None:
        if "Upload-Length" in request.headers or request.body_exists:
            raise InvalidHeader(header="Upload-Concat", reason="allows a final upload neither a length nor bytes")
        return await uploads.concatenate(uploader, runs, creation)
    if not request.body_exists:
        return await uploads.create(uploader, creation)
    protocol.require_chunk(request)
    _admit(request)
    status = await uploads.create(uploader, creation)
    try:
        return await _write(request, uploader, status.upload_id, 0)
    except BaseException:
        # The client never learns where its upload is: nobody can come back to it.
        await asyncio.shield(uploads.abandon(uploader, status.upload_id))
        raise


async def _write(
    request: web.Request, uploader: Uploader, upload_id: UploadId, offset: int, length: int | None = None
) -> Status:
    checksum = protocol.checksum(request)
    _admit(request)
    deps = request.app[DEPS]
    body = TimedBody(request, deps.times, most=deps.max_file_size + 1, keeps_all=True)
    async with _resumable(request).writing(
        uploader,
        upload_id,
        offset=offset,
        size=request.content_length,
        length=length,
        checksum=checksum,
        stop=body.interrupt,
    ) as writing:
        await _pour(request, body, writing)
        return await writing.end()


async def _pour(request: web.Request, body: TimedBody, writing: Writing) -> None:
    """Everything that comes. A client is to come back where it was no fault of its own: 423 and 503 say so."""
    try:
        while data := await body.read():
            await writing.write(data)
    except Interrupted as error:
        if request.app[DEPS].use_cases.intake.closing:
            raise ShuttingDown(retry_after=1) from error
        raise UploadTakenOver(retry_after=1) from error
    except TooSlow as error:
        raise Busy(retry_after=1) from error


def _admit(request: web.Request) -> None:
    deps = request.app[DEPS]
    admit(request, deps.use_cases.intake, most=deps.max_file_size, size=request.content_length)


def _resumable(request: web.Request) -> Resumable:
    return request.app[DEPS].use_cases.resumable
