"""``GET, HEAD /media/{id}/file``: the bytes, whole or in ranges."""

import asyncio
from http import HTTPStatus
from secrets import token_hex

from aiohttp import web

from storage.content import inline_safe, is_active
from storage.delivering import Deliverable
from storage.filenames import content_disposition
from web.deps import CALLER, DEPS
from web.openapi.reading import read_query
from web.parameters import media_id
from web.ranges import Condition, Span, content_range, evaluate, http_date, parse_ranges, range_applies
from web.schemas.file import FileQuery


async def serve_file(request: web.Request) -> web.StreamResponse:
    """Raises what `Delivery.open` raises, and `InvalidRange`."""
    delivery = request.app[DEPS].use_cases.delivery
    deliverable = await delivery.open(request[CALLER], media_id(request))
    headers = _headers(request, deliverable)
    match _condition(request, deliverable, headers["ETag"]):
        case Condition.NOT_MODIFIED:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=_of_not_modified(headers))
        case Condition.FAILED:
            raise web.HTTPPreconditionFailed
    whole = Span(0, deliverable.size)
    spans = _spans(request, deliverable, headers["ETag"])
    if request.method == "HEAD" or (spans is None and not deliverable.size):
        return _begun(HTTPStatus.OK, headers, whole.length)
    if spans is None:
        return await _send(request, deliverable, whole, _begun(HTTPStatus.OK, headers, whole.length))
    if len(spans) == 1:
        headers["Content-Range"] = content_range(spans[0], deliverable.size)
        response = _begun(HTTPStatus.PARTIAL_CONTENT, headers, spans[0].length)
        return await _send(request, deliverable, spans[0], response)
    return await _send_several(request, deliverable, spans, headers)


def _headers(request: web.Request, deliverable: Deliverable) -> dict[str, str]:
    view = deliverable.view
    attachment = not inline_safe(view.content_type) or read_query(request, FileQuery).attachment
    headers = {
        "Content-Type": view.content_type,
        "Content-Disposition": content_disposition(view.filename, attachment=attachment),
        "ETag": f'"{deliverable.etag}"',
        "Last-Modified": http_date(view.uploaded_at),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    if is_active(view.content_type):
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return headers


def _of_not_modified(headers: dict[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("ETag", "Last-Modified", "Cache-Control")}


def _condition(request: web.Request, deliverable: Deliverable, etag: str) -> Condition:
    given = request.headers
    return evaluate(
        if_match=given.get("If-Match"),
        if_none_match=given.get("If-None-Match"),
        if_modified_since=given.get("If-Modified-Since"),
        if_unmodified_since=given.get("If-Unmodified-Since"),
        etag=etag,
        modified=deliverable.view.uploaded_at,
    )


def _spans(request: web.Request, deliverable: Deliverable, etag: str) -> list[Span] | None:
    if request.method != "GET" or not range_applies(
        request.headers.get("If-Range"), etag, deliverable.view.uploaded_at
    ):
        return None
    return parse_ranges(request.headers.get("Range"), deliverable.size)


def _begun(status: HTTPStatus, headers: dict[str, str], length: int) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = length
    return response


async def _send(
    request: web.Request, deliverable: Deliverable, span: Span, response: web.StreamResponse
) -> web.StreamResponse:
    delivery = request.app[DEPS].use_cases.delivery
    async with delivery.stream(deliverable, span.start, span.stop) as chunks:
        if not response.prepared:  # not before the source answers: until then an error can still be said
            await response.prepare(request)
        idle = request.app[DEPS].times.idle
        async for chunk in chunks:
            await _write(response, chunk, idle)
    return response


async def _write(response: web.StreamResponse, data: bytes, idle: float) -> None:
    """A reader who takes nothing for too long is left: the connection ends."""
    try:
        async with asyncio.timeout(idle):
            await response.write(data)
    except TimeoutError as error:
        raise ConnectionResetError("the client stopped reading") from error


async def _send_several(
    request: web.Request, deliverable: Deliverable, spans: list[Span], headers: dict[str, str]
) -> web.StreamResponse:
    """``multipart/byteranges``, RFC 9110 §14.6. The source is reached with the first span before anything is said."""
    boundary, inner = token_hex(16), headers["Content-Type"]
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {inner}\r\n"
        f"Content-Range: {content_range(span, deliverable.size)}\r\n\r\n".encode()
        for span in spans
    ]
    tail = f"\r\n--{boundary}--\r\n".encode()
    headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    length = sum(len(head) + span.length for head, span in zip(heads, spans, strict=True)) + len(tail)
    response = _begun(HTTPStatus.PARTIAL_CONTENT, headers, length)
    delivery, idle = request.app[DEPS].use_cases.delivery, request.app[DEPS].times.idle
    for head, span in zip(heads, spans, strict=True):
        async with delivery.stream(deliverable, span.start, span.stop) as chunks:
            if not response.prepared:
                await response.prepare(request)
            await _write(response, head, idle)
            async for chunk in chunks:
                await _write(response, chunk, idle)
    await _write(response, tail, idle)
    return response
