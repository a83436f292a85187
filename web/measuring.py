"""Requests as numbers: the outermost thing they pass."""

import time

from aiohttp import web

from web.deps import DEPS
from web.middleware import Handler, route_of


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    metrics = request.app[DEPS].metrics
    metrics.request_began()
    began, status, sent = time.monotonic(), 0, 0
    try:
        response = await handler(request)
        # What is sent only after this says its length; what was streamed is counted where it left.
        status, sent = response.status, 0 if response.prepared else response.content_length or 0
    finally:
        metrics.request_ended(
            route=route_of(request),
            method=request.method,
            status=status,
            seconds=time.monotonic() - began,
            received=request.content.total_bytes,
            sent=sent + request.writer.output_size,
        )
    return response
