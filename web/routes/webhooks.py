"""Webhooks: made, listed, changed and removed by an admin, and what became of their events."""

from typing import Any

from aiohttp import web

from storage.domain import Scope
from storage.errors import DeliveryNotFound, WebhookNotFound
from storage.events.webhooks import DeliveryView
from storage.tables import Webhook
from web.deps import CALLER, DEPS
from web.docs import webhooks as docs
from web.guard import Endpoint
from web.openapi.reading import read_body, read_query
from web.rendering import API, timestamp
from web.schemas.common import LARGEST_ID
from web.schemas.webhooks import ChangedWebhook, DeliveriesQuery, NewWebhook

_NO_STORE = {"Cache-Control": "no-store"}


async def create_webhook(request: web.Request) -> web.Response:
    """``POST /webhooks``: 201 with the secret, which is never shown again."""
    given = await read_body(request, NewWebhook)
    webhook, secret = await request.app[DEPS].use_cases.webhooks.create(
        given.url, events=given.events, description=given.description, by=request[CALLER].owner
    )
    headers = {**_NO_STORE, "Location": f"{API}/webhooks/{webhook.id}"}
    return web.json_response({**webhook_json(webhook), "secret": secret}, status=201, headers=headers)


async def list_webhooks(request: web.Request) -> web.Response:
    """``GET /webhooks``: newest first."""
    rows = await request.app[DEPS].use_cases.webhooks.all()
    return web.json_response({"results": [webhook_json(row) for row in rows]}, headers=_NO_STORE)


async def change_webhook(request: web.Request) -> web.Response:
    """``PATCH /webhooks/{id}``: 200 with the webhook, and with its secret where that was rotated."""
    webhook_id = _id(request, "webhook_id")
    given = await read_body(request, ChangedWebhook)
    webhooks, caller = request.app[DEPS].use_cases.webhooks, request[CALLER]
    row, secret = await webhooks.change(webhook_id, given.change(), by=caller.owner)
    shown = webhook_json(row) if secret is None else {**webhook_json(row), "secret": secret}
    return web.json_response(shown, headers=_NO_STORE)


async def remove_webhook(request: web.Request) -> web.Response:
    """``DELETE /webhooks/{id}``: 204; what waited for it is dropped."""
    await request.app[DEPS].use_cases.webhooks.remove(_id(request, "webhook_id"), by=request[CALLER].owner)
    return web.Response(status=204)


async def list_deliveries(request: web.Request) -> web.Response:
    """``GET /webhooks/{id}/deliveries``: newest first."""
    asked = read_query(request, DeliveriesQuery)
    found = await request.app[DEPS].use_cases.webhooks.deliveries(
        _id(request, "webhook_id"), state=asked.state, before=asked.before, limit=asked.limit
    )
    last = found[-1].id if len(found) == asked.limit else None
    return web.json_response({"results": [delivery_json(one) for one in found], "next_before": last}, headers=_NO_STORE)


async def redeliver(request: web.Request) -> web.Response:
    """``POST /webhooks/{id}/deliveries/{d}/redeliver``: 202 with a new delivery of the same event."""
    again = await request.app[DEPS].use_cases.webhooks.redeliver(
        _id(request, "webhook_id"), _id(request, "delivery_id"), by=request[CALLER].owner
    )
    return web.json_response(delivery_json(again), status=202, headers=_NO_STORE)


def webhook_json(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "description": row.description,
        "events": list(row.events),
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason,
        "former_secret_until": timestamp(row.former_until),
        "created_at": timestamp(row.created_at),
    }


def delivery_json(view: DeliveryView) -> dict[str, Any]:
    return {
        "id": view.id,
        "event_id": view.event_id,
        "type": view.type.value,
        "media_id": view.media_id,
        "state": view.state.value,
        "attempts": view.attempts,
        "due_at": timestamp(view.due_at),
        "last_status": view.last_status,
        "last_error": view.last_error,
        "created_at": timestamp(view.created_at),
        "delivered_at": timestamp(view.delivered_at),
    }


def _id(request: web.Request, name: str) -> int:
    text = request.match_info[name]
    if text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= LARGEST_ID:
        return int(text)
    raise WebhookNotFound(webhook_id=text[:32]) if name == "webhook_id" else DeliveryNotFound(delivery_id=text[:32])


_ONE = f"{API}/webhooks/{{webhook_id}}"
ENDPOINTS = (
    Endpoint("POST", f"{API}/webhooks", create_webhook, Scope.ADMIN, docs.CREATE),
    Endpoint("GET", f"{API}/webhooks", list_webhooks, Scope.ADMIN, docs.LIST),
    Endpoint("PATCH", _ONE, change_webhook, Scope.ADMIN, docs.CHANGE),
    Endpoint("DELETE", _ONE, remove_webhook, Scope.ADMIN, docs.REMOVE),
    Endpoint("GET", f"{_ONE}/deliveries", list_deliveries, Scope.ADMIN, docs.DELIVERIES),
    Endpoint("POST", f"{_ONE}/deliveries/{{delivery_id}}/redeliver", redeliver, Scope.ADMIN, docs.REDELIVER),
)
