"""A small Request Service, as ``requests.openapi.json`` describes it, with misbehaviour to switch on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

TOKEN = "a token of the request service"
Json = dict[str, Any]


@dataclass
class RequestPeer:
    """``mood``: fine, down (500), silent (does not answer), garbage, schema, huge, redirect, refuses, drip."""

    url: str = ""
    mood: str = "fine"
    orders: dict[str, Json] = field(default_factory=dict)
    media: dict[str, dict[int, Json]] = field(default_factory=dict)
    calls: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and idempotency key, of all that was called whatever the mood."""

    drafts: dict[str, Json] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    first: int = 501

    def open(self, number: str, title: str = "Leak", **fields: Any) -> Json:
        order = {"number": number, "title": title, "state": "open", "created_at": now(), "assignees": [], **fields}
        self.orders[number] = order
        return order

    def close(self, number: str) -> Json:
        self.orders[number]["state"] = "closed"
        return self.orders[number]

    def merge(self, number: str, into: str) -> Json:
        self.orders[number]["moved_to"] = into
        return self.orders[into]

    def called(self, method: str, path: str) -> int:
        return sum((method, path) == call[:2] for call in self.calls)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if (numbers := request.query.get("numbers")) is not None:
            found = [self.orders[number] for number in numbers.split(",") if number in self.orders]
        else:
            found = [one for one in self.orders.values() if one["state"] == "open"][-int(request.query["limit"]) :]
        return web.json_response({"requests": found})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        key, draft = request.headers["Idempotency-Key"], await request.json()
        if key in self.keys:
            return web.json_response(self.orders[self.keys[key]])
        number = f"{datetime.now(UTC):%y%m%d}-{self.first + len(self.keys)}"
        self.keys[key], self.drafts[number] = number, draft
        return web.json_response(self.open(number, draft["description"] or "Without words"), status=201)

    async def _attach(self, request: web.Request) -> web.StreamResponse:
        number, media = request.match_info["number"], int(request.match_info["media"])
        if number not in self.orders:
            raise web.HTTPNotFound
        self.media.setdefault(number, {})[media] = await request.json()
        return web.Response(status=204)

    async def _detach(self, request: web.Request) -> web.StreamResponse:
        number, media = request.match_info["number"], int(request.match_info["media"])
        return web.Response(status=204 if self.media.get(number, {}).pop(media, None) else 404)

    async def moody(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.calls.append((request.method, request.path, request.headers.get("Idempotency-Key")))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}" or self.mood == "refuses":
            return web.Response(status=401)
        match self.mood:
            case "silent":
                await asyncio.sleep(60)
            case "redirect":
                raise web.HTTPFound("http://127.0.0.1:9/elsewhere")
            case "drip":
                return await _drip(request)
            case mood if mood in _BODIES:
                return web.Response(body=_BODIES[mood], content_type="application/json")
            case "down":
                raise web.HTTPInternalServerError
        return await handler(request)


_BODIES = {
    "garbage": b"<html>{",
    "schema": b'{"requests": [{"nummer": 1}]}',
    "huge": b"[" + b'"x",' * 500_000 + b"1]",
}


def now() -> str:
    return datetime.now(UTC).isoformat()


async def _drip(request: web.Request) -> web.StreamResponse:
    """A byte now and then, for a minute."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for byte in b'{"requests":' + b" " * 600:
        await response.write(bytes([byte]))
        await asyncio.sleep(0.1)
    return response


@asynccontextmanager
async def running_requests() -> AsyncIterator[RequestPeer]:
    peer = RequestPeer()

    @web.middleware
    async def moody(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        return await peer.moody(request, handler)

    app = web.Application(middlewares=[moody])
    app.router.add_get("/requests", peer._list)
    app.router.add_post("/requests", peer._create)
    app.router.add_put("/requests/{number}/media/{media}", peer._attach)
    app.router.add_delete("/requests/{number}/media/{media}", peer._detach)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        peer.url = f"http://{host}:{port}"
        yield peer
    finally:
        await runner.cleanup()
