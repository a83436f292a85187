"""What operators look at: the audit, channels, incidents and metrics."""

from typing import Any
from uuid import UUID

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from storage.auditing.audit_log import AuditFilter, list_audit
from storage.clock import SystemClock
from storage.domain import Scope
from storage.engine.channel_states import ChannelState, channel_states
from storage.engine.workload import workload
from storage.errors import IncidentNotFound
from storage.tables import Audit
from web.auth.addresses import is_local
from web.deps import DEPS
from web.guard import caller_of, require_scope
from web.openapi.reading import read_query
from web.rendering import timestamp
from web.schemas.admin import AuditQuery

_NO_STORE = {"Cache-Control": "no-store"}


async def show_audit(request: web.Request) -> web.Response:
    """``GET /audit``: newest first. One entry more than wanted is asked for, to know whether there is a next page."""
    asked = read_query(request, AuditQuery)
    wanted = AuditFilter(**asked.model_dump(exclude={"limit", "cursor"}), before=asked.cursor)
    found = await list_audit(request.app[DEPS].use_cases.sessions, wanted, limit=asked.limit + 1)
    shown = found[: asked.limit]
    answer = {
        "results": [_entry(entry) for entry in shown],
        "next_cursor": str(shown[-1].id) if len(found) > len(shown) else None,
    }
    return web.json_response(answer, headers=_NO_STORE)


async def list_channels(request: web.Request) -> web.Response:
    """``GET /channels``."""
    states = await channel_states(request.app[DEPS].use_cases.sessions, SystemClock())
    return web.json_response({"results": [_channel(state) for state in states]}, headers=_NO_STORE)


async def show_incident(request: web.Request) -> web.Response:
    """``GET /incidents/{incident_id}``. Raises `IncidentNotFound`."""
    text = request.match_info["incident_id"]
    try:
        incident = UUID(text)
    except ValueError as error:
        raise IncidentNotFound(incident=text[:64]) from error
    found = await request.app[DEPS].use_cases.incidents.get(incident)
    answer = {
        "id": str(found.id),
        "at": timestamp(found.at),
        "door": found.door,
        "request_id": found.request_id,
        "route": found.route,
        "caller": found.caller,
        "error": found.error,
        "trace": found.trace,
    }
    return web.json_response(answer, headers=_NO_STORE)


async def show_metrics(request: web.Request) -> web.Response:
    """``GET /metrics``: for this machine, or with the scope ``admin``."""
    if not is_local(request):
        require_scope(await caller_of(request), Scope.ADMIN)
    deps = request.app[DEPS]
    use_cases = deps.use_cases
    now = await workload(use_cases.sessions, use_cases.intake.spool, SystemClock())
    text = deps.metrics.render(now, use_cases.board.all(), use_cases.delivery.cached)
    return web.Response(body=text, headers={**_NO_STORE, "Content-Type": CONTENT_TYPE_LATEST})


def _entry(entry: Audit) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": timestamp(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "media_id": entry.media_id,
        "request_number": entry.request_number,
        "detail": entry.detail,
        "request_id": entry.request_id,
        "address": entry.address,
    }


def _channel(state: ChannelState) -> dict[str, Any]:
    return {
        "channel_id": state.chat_id,
        "title": state.title,
        "purposes": [purpose.value for purpose in state.purposes],
        "bound_at": timestamp(state.bound_at),
        "parts": state.parts,
        "sent_last_minute": state.sent_last_minute,
        "lanes": [
            {
                "bot_id": lane.bot_id,
                "per_minute": lane.per_minute,
                "blocked_until": timestamp(lane.blocked_until),
                "retry_after": lane.retry_after,
                "learnt_at": timestamp(lane.learnt_at),
            }
            for lane in state.lanes
        ],
    }
