"""The HTTP door: every route with the scope it needs, and what all requests pass through."""

import asyncio

from aiohttp import web

from storage.domain import Scope
from web.deps import CLOSING, DEPS, WebDeps
from web.guard import Endpoint, add_endpoints
from web.middleware import answer_errors, finish_headers, identify
from web.rendering import API
from web.routes.file import serve_file
from web.routes.health import Health
from web.routes.limits import show_limits
from web.routes.media import attach_media, delete_media, detach_media, list_request_media, show_media
from web.routes.progress import list_progress, show_progress
from web.routes.telegram import take_update
from web.routes.uploads import upload_multiple, upload_stream, upload_with_progress
from web.waiting import set_closing

_MOST_HEADER_BYTES = 16 * 1024
_MOST_HEADERS = 100
_LINGERING = 5.0

_UPLOAD = f"{API}/streaming/upload"
_ENDPOINTS = (
    Endpoint("POST", f"{_UPLOAD}/stream", upload_stream, Scope.MEDIA_WRITE),
    Endpoint("POST", f"{_UPLOAD}/multiple", upload_multiple, Scope.MEDIA_WRITE),
    Endpoint("POST", f"{_UPLOAD}/progress", upload_with_progress, Scope.MEDIA_WRITE),
    Endpoint("GET", f"{_UPLOAD}/progress", list_progress, Scope.MEDIA_WRITE),
    Endpoint("GET", f"{_UPLOAD}/progress/{{upload_id}}", show_progress, Scope.MEDIA_WRITE),
    Endpoint("GET", f"{_UPLOAD}/limits", show_limits, Scope.MEDIA_WRITE),
    Endpoint("GET", f"{API}/media/request/{{number}}", list_request_media, Scope.MEDIA_READ),
    Endpoint("GET", f"{API}/media/{{media_id}}", show_media, Scope.MEDIA_READ),
    Endpoint("HEAD", f"{API}/media/{{media_id}}", show_media, Scope.MEDIA_READ),
    Endpoint("DELETE", f"{API}/media/{{media_id}}", delete_media, Scope.MEDIA_DELETE),
    Endpoint("GET", f"{API}/media/{{media_id}}/file", serve_file, Scope.MEDIA_READ),
    Endpoint("HEAD", f"{API}/media/{{media_id}}/file", serve_file, Scope.MEDIA_READ),
    Endpoint("PUT", f"{API}/requests/{{number}}/media/{{media_id}}", attach_media, Scope.REQUESTS_WRITE),
    Endpoint("DELETE", f"{API}/requests/{{number}}/media/{{media_id}}", detach_media, Scope.REQUESTS_WRITE),
    Endpoint("POST", "/telegram/webhook", take_update, None),
)


def create_app(deps: WebDeps) -> web.Application:
    """The application, ready for a runner. It owns nothing: whoever made ``deps`` ends them after the runner.

    For a clean end set ``deps.use_cases.intake.closing``, then clean the runner up: new uploads get 503, those
    that run are waited for as long as the runner's ``shutdown_timeout`` says, but no longer for Telegram.
    """
    app = web.Application(
        middlewares=[identify, answer_errors],
        handler_args={
            "auto_decompress": False,  # a digest and a length are of the bytes as they were sent
            "keepalive_timeout": deps.times.keepalive,
            "lingering_time": _LINGERING,
            "max_line_size": _MOST_HEADER_BYTES,
            "max_field_size": _MOST_HEADER_BYTES,
            "max_headers": _MOST_HEADERS,
            "access_log": None,  # `identify` writes the one line
        },
    )
    app[DEPS] = deps
    app[CLOSING] = asyncio.Event()
    app.on_shutdown.append(set_closing)
    app.on_response_prepare.append(finish_headers)
    health = Health(deps.health)
    add_endpoints(app, _ENDPOINTS)
    add_endpoints(
        app,
        (
            Endpoint("GET", "/health", health.summary, None),
            Endpoint("GET", "/health/live", health.live, None),
            Endpoint("GET", "/health/ready", health.ready, None),
        ),
    )
    return app
