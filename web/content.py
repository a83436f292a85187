"""Serving bytes as RFC 9110 wants it: whole or in ranges, under conditions, and never so that a browser runs them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from secrets import token_hex

from aiohttp import web

from storage.content import inline_safe, is_active
from storage.filenames import content_disposition
from web.deps import DEPS
from web.ranges import Condition, Span, content_range, evaluate, http_date, parse_ranges, range_applies

Stream = Callable[[int, int], AbstractAsyncContextManager[AsyncIterator[bytes]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What is served. ``etag`` is strong and has no quotes; ``stream`` yields the bytes [start, stop).

    Entering ``stream`` reaches the source: what it raises can still be answered.
    """

    filename: str
    content_type: str
    modified: datetime
    size: int
    etag: str
    stream: Stream
    attachment: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class _Streamed(web.StreamResponse):
    """Its head leaves with the first bytes, which are there when it is prepared: one system call less."""

    _send_headers_immediately = False


async def serve_content(request: web.Request, content: Content) -> web.StreamResponse:
    """The answer to a GET or HEAD. Raises `InvalidRange`, aiohttp's 412, and what ``stream`` raises on entering."""
    headers = _headers(content)
    match _condition(request, content, headers["ETag"]):
        case Condition.NOT_MODIFIED:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=_of_not_modified(headers))
        case Condition.FAILED:
            raise web.HTTPPreconditionFailed
    whole = Span(0, content.size)
    spans = _spans(request, content, headers["ETag"])
    if request.method == "HEAD" or (spans is None and not content.size):
        return _begun(HTTPStatus.OK, headers, whole.length)
    if spans is None:
        return await _send(request, content, whole, _begun(HTTPStatus.OK, headers, whole.length))
    if len(spans) == 1:
        headers["Content-Range"] = content_range(spans[0], content.size)
        response = _begun(HTTPStatus.PARTIAL_CONTENT, headers, spans[0].length)
        return await _send(request, content, spans[0], response)
    return await _send_several(request, content, spans, headers)


def _headers(content: Content) -> dict[str, str]:
    attachment = content.attachment or not inline_safe(content.content_type)
    headers = {
        "Content-Type": content.content_type,
        "Content-Disposition": content_disposition(content.filename, attachment=attachment),
        "ETag": f'"{content.etag}"',
        "Last-Modified": http_date(content.modified),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        **content.headers,
    }
    if is_active(content.content_type):
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return headers


def _of_not_modified(headers: dict[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("ETag", "Last-Modified", "Cache-Control")}


def _condition(request: web.Request, content: Content, etag: str) -> Condition:
    given = request.headers
    return evaluate(
        if_match=given.get("If-Match"),
        if_none_match=given.get("If-None-Match"),
        if_modified_since=given.get("If-Modified-Since"),
        if_unmodified_since=given.get("If-Unmodified-Since"),
        etag=etag,
        modified=content.modified,
    )


def _spans(request: web.Request, content: Content, etag: str) -> list[Span] | None:
    if request.method != "GET" or not range_applies(request.headers.get("If-Range"), etag, content.modified):
        return None
    return parse_ranges(request.headers.get("Range"), content.size)


def _begun(status: HTTPStatus, headers: dict[str, str], length: int) -> web.StreamResponse:
    response = _Streamed(status=status, headers=headers)
    response.content_length = length
    return response


async def _send(request: web.Request, content: Content, span: Span, response: web.StreamResponse) -> web.StreamResponse:
    async with content.stream(span.start, span.stop) as chunks:
        if not response.prepared:  # not before the source answers: until then an error can still be said
            await response.prepare(request)
        idle = request.app[DEPS].times.idle
        async for chunk in chunks:
            await write_piece(request, response, chunk, idle)
    return response


async def write_piece(request: web.Request, response: web.StreamResponse, data: bytes, idle: float) -> None:
    """A reader who takes nothing for too long is left: the connection ends. Raises ConnectionResetError."""
    if request.transport is not None:  # a timer by itself: `asyncio.timeout` costs three times as much for each piece
        late = asyncio.get_running_loop().call_later(idle, request.transport.abort)
        try:
            await response.write(data)
        finally:
            late.cancel()
    if request.transport is None:
        raise ConnectionResetError("the client stopped reading")


async def _send_several(
    request: web.Request, content: Content, spans: list[Span], headers: dict[str, str]
) -> web.StreamResponse:
    """``multipart/byteranges``, RFC 9110 §14.6. The source is reached with the first span before anything is said."""
    boundary, inner = token_hex(16), headers["Content-Type"]
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {inner}\r\n"
        f"Content-Range: {content_range(span, content.size)}\r\n\r\n".encode()
        for span in spans
    ]
    tail = f"\r\n--{boundary}--\r\n".encode()
    headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    length = sum(len(head) + span.length for head, span in zip(heads, spans, strict=True)) + len(tail)
    response = _begun(HTTPStatus.PARTIAL_CONTENT, headers, length)
    idle = request.app[DEPS].times.idle
    for head, span in zip(heads, spans, strict=True):
        async with content.stream(span.start, span.stop) as chunks:
            if not response.prepared:
                await response.prepare(request)
            await write_piece(request, response, head, idle)
            async for chunk in chunks:
                await write_piece(request, response, chunk, idle)
    await write_piece(request, response, tail, idle)
    return response
