"""The HTTP door: every route with the scope it needs, and what all requests pass through."""

import asyncio

from aiohttp import web

from storage.domain import Scope
from web import management
from web.auth.limiting import limit_address, show_allowance
from web.cors import allow_origin, answer_preflight
from web.deps import CLOSING, DEPS, TURNS, WebDeps
from web.docs import admin, files, media, resumable, service, serving, sharing, uploads
from web.guard import Endpoint, add_endpoints
from web.measuring import measure
from web.middleware import answer_errors, finish_headers, identify
from web.openapi.document import document
from web.rendering import API
from web.routes.accounts import ENDPOINTS as ACCOUNTS
from web.routes.admin import list_channels, show_audit, show_incident, show_metrics
from web.routes.admin_keys import create_key, list_keys, revoke_key
from web.routes.avatars import ENDPOINTS as AVATARS
from web.routes.file import serve_file
from web.routes.gallery import ENDPOINTS as GALLERY
from web.routes.health import Health
from web.routes.hooks import ENDPOINTS as HOOKS
from web.routes.invitations import create_invitation, list_invitations, revoke_invitation, show_offer
from web.routes.limits import show_limits
from web.routes.links import create_link, list_links, revoke_link, serve_link, show_url
from web.routes.media import attach_media, delete_media, detach_media, list_request_media, show_media
from web.routes.previews import show_preview
from web.routes.progress import list_progress, show_progress
from web.routes.telegram import take_update
from web.routes.upload_page import ENDPOINTS as UPLOAD_PAGE
from web.routes.uploads import upload_multiple, upload_stream, upload_with_progress
from web.routes.webhooks import ENDPOINTS as WEBHOOKS
from web.turns import Turns
from web.tus import routes as tus
from web.tus.protocol import UPLOADS, mark_answers
from web.waiting import set_closing

_MOST_HEADER_BYTES = 16 * 1024
_MOST_HEADERS = 100
_LINGERING = 5.0

_UPLOAD = f"{API}/streaming/upload"
_ENDPOINTS = (
    *management.ENDPOINTS,
    *UPLOAD_PAGE,
    *GALLERY,
    *WEBHOOKS,
    *HOOKS,
    *ACCOUNTS,
    *AVATARS,
    Endpoint("POST", f"{_UPLOAD}/stream", upload_stream, Scope.MEDIA_WRITE, uploads.STREAM),
    Endpoint("POST", f"{_UPLOAD}/multiple", upload_multiple, Scope.MEDIA_WRITE, uploads.MULTIPLE),
    Endpoint("POST", f"{_UPLOAD}/progress", upload_with_progress, Scope.MEDIA_WRITE, uploads.WITH_PROGRESS),
    Endpoint("GET", f"{_UPLOAD}/progress", list_progress, Scope.MEDIA_WRITE, uploads.LIST_PROGRESS, invited=True),
    Endpoint(
        "GET",
        f"{_UPLOAD}/progress/{{upload_id}}",
        show_progress,
        Scope.MEDIA_WRITE,
        uploads.SHOW_PROGRESS,
        invited=True,
    ),
    Endpoint("GET", f"{_UPLOAD}/limits", show_limits, Scope.MEDIA_WRITE, uploads.LIMITS),
    Endpoint("POST", f"{UPLOADS}/invitations", create_invitation, Scope.MEDIA_WRITE, resumable.INVITE),
    Endpoint("GET", f"{UPLOADS}/invitations", list_invitations, Scope.MEDIA_WRITE, resumable.INVITATIONS),
    Endpoint(
        "DELETE",
        f"{UPLOADS}/invitations/{{invitation_id}}",
        revoke_invitation,
        Scope.MEDIA_WRITE,
        resumable.REVOKE_INVITATION,
    ),
    Endpoint("GET", f"{UPLOADS}/invitation", show_offer, None, resumable.OFFER),
    Endpoint("OPTIONS", UPLOADS, tus.tell_capabilities, None, resumable.CAPABILITIES),
    Endpoint("POST", UPLOADS, tus.create_upload, None, resumable.CREATE),
    Endpoint("OPTIONS", f"{UPLOADS}/{{upload_id}}", tus.tell_capabilities_of_upload, None, resumable.CAPABILITIES),
    Endpoint("HEAD", f"{UPLOADS}/{{upload_id}}", tus.tell_offset, None, resumable.STATUS),
    Endpoint("PATCH", f"{UPLOADS}/{{upload_id}}", tus.append, None, resumable.APPEND),
    Endpoint("DELETE", f"{UPLOADS}/{{upload_id}}", tus.terminate, None, resumable.TERMINATE),
    Endpoint("POST", f"{UPLOADS}/{{upload_id}}", tus.override, None, resumable.OVERRIDE),
    Endpoint("GET", f"{API}/media/request/{{number}}", list_request_media, Scope.MEDIA_READ, media.OF_REQUEST),
    Endpoint("GET", f"{API}/media/{{media_id}}", show_media, Scope.MEDIA_READ, media.SHOW),
    Endpoint("HEAD", f"{API}/media/{{media_id}}", show_media, Scope.MEDIA_READ, media.SHOW),
    Endpoint("DELETE", f"{API}/media/{{media_id}}", delete_media, Scope.MEDIA_DELETE, media.DELETE),
    Endpoint("GET", f"{API}/media/{{media_id}}/file", serve_file, Scope.MEDIA_READ, files.FILE),
    Endpoint("HEAD", f"{API}/media/{{media_id}}/file", serve_file, Scope.MEDIA_READ, files.FILE_HEAD),
    Endpoint("GET", f"{API}/media/{{media_id}}/preview", show_preview, Scope.MEDIA_READ, sharing.PREVIEW),
    Endpoint("HEAD", f"{API}/media/{{media_id}}/preview", show_preview, Scope.MEDIA_READ, sharing.PREVIEW_HEAD),
    Endpoint("GET", f"{API}/media/{{media_id}}/url", show_url, Scope.MEDIA_READ, sharing.URL),
    Endpoint("POST", f"{API}/media/{{media_id}}/links", create_link, Scope.MEDIA_READ, sharing.CREATE),
    Endpoint("GET", f"{API}/media/{{media_id}}/links", list_links, Scope.MEDIA_READ, sharing.LIST),
    Endpoint("DELETE", f"{API}/links/{{link_id}}", revoke_link, Scope.MEDIA_DELETE, sharing.REVOKE),
    Endpoint("GET", "/d/{token}", serve_link, None, sharing.SERVE),
    Endpoint("HEAD", "/d/{token}", serve_link, None, sharing.SERVE_HEAD),
    Endpoint("PUT", f"{API}/requests/{{number}}/media/{{media_id}}", attach_media, Scope.REQUESTS_WRITE, media.ATTACH),
    Endpoint(
        "DELETE", f"{API}/requests/{{number}}/media/{{media_id}}", detach_media, Scope.REQUESTS_WRITE, media.DETACH
    ),
    Endpoint("POST", f"{API}/keys", create_key, Scope.ADMIN, admin.CREATE_KEY),
    Endpoint("GET", f"{API}/keys", list_keys, Scope.ADMIN, admin.LIST_KEYS),
    Endpoint("DELETE", f"{API}/keys/{{key_id}}", revoke_key, Scope.ADMIN, admin.REVOKE_KEY),
    Endpoint("GET", f"{API}/audit", show_audit, Scope.ADMIN, admin.AUDIT),
    Endpoint("GET", f"{API}/channels", list_channels, Scope.ADMIN, admin.CHANNELS),
    Endpoint("GET", f"{API}/incidents/{{incident_id}}", show_incident, Scope.ADMIN, admin.INCIDENT),
    Endpoint("GET", "/metrics", show_metrics, None, admin.METRICS),
    Endpoint("POST", "/telegram/webhook", take_update, None, service.TELEGRAM),
    Endpoint("GET", "/api/openapi.json", serving.show_document, None, service.DOCUMENT),
    Endpoint("GET", "/api/docs", serving.show_page, None, service.PAGE),
    Endpoint("GET", "/api/docs/{name}", serving.show_file, None, service.PAGE_FILE),
)


def all_endpoints(health: Health) -> tuple[Endpoint, ...]:
    """Every route of the application: what is served, and what the document describes."""
    return (
        *_ENDPOINTS,
        Endpoint("GET", "/health", health.summary, None, service.HEALTH),
        Endpoint("GET", "/health/live", health.live, None, service.LIVE),
        Endpoint("GET", "/health/ready", health.ready, None, service.READY),
    )


def create_app(deps: WebDeps) -> web.Application:
    """The application, ready for a runner. It owns nothing: whoever made ``deps`` ends them after the runner.

    For a clean end set ``deps.use_cases.intake.closing``, then clean the runner up: new uploads get 503, those
    that run are waited for as long as the runner's ``shutdown_timeout`` says, but no longer for Telegram.
    """
    app = web.Application(
        middlewares=[measure, identify, answer_preflight, answer_errors, limit_address],
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
    app[TURNS] = Turns()
    app.on_shutdown.append(set_closing)
    app.on_shutdown.append(tus.stop_writers)
    app.on_response_prepare.append(finish_headers)
    app.on_response_prepare.append(allow_origin)
    app.on_response_prepare.append(mark_answers)
    app.on_response_prepare.append(show_allowance)
    endpoints = all_endpoints(Health(deps.health))
    app[serving.DOCUMENT] = serving.lazily(lambda: document(endpoints))
    add_endpoints(app, endpoints)
    return app
