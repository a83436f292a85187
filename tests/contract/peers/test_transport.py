"""The transport under all clients, against every bad day that another service may have."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel

from storage.errors import AuthUnavailable, PeerRefused, PeerUnavailable
from tests.peers.moods import Mood, certificate, served
from web.clients.calls import Call, Peer, filled, names_in
from web.clients.transport import PeerTransport, peer_session
from web.tracing import continue_trace, traceparent

QUICK = Peer(name="peer", url="", token="t0ken", per_try=1.0, in_all=4.0, tries=3, fails=50, most_bytes=100_000)
GET = Call(method="GET", path="/thing")


class Thing(BaseModel):
    count: int


@asynccontextmanager
async def peer(mood: Mood, settings: Peer = QUICK, url: str | None = None) -> AsyncIterator[PeerTransport]:
    """A transport to a server that echoes."""
    app = web.Application(middlewares=[mood.middleware])

    async def echo(request: web.Request) -> web.Response:
        body = await request.read()
        return web.json_response({"count": mood.calls, "body": body.decode(), "path": request.raw_path})

    app.router.add_route("*", "/{tail:.*}", echo)
    async with served(app) as own, peer_session() as http:
        yield PeerTransport(http, replace(settings, url=url or own))


async def reason(transport: PeerTransport, call: Call = GET) -> Any:
    with pytest.raises(PeerUnavailable) as caught:
        await transport.call(call)
    assert caught.value.fields["service"] == "peer"
    return caught.value.fields["reason"]


async def test_a_call_and_its_answer() -> None:
    mood = Mood()
    async with peer(mood) as transport:
        answer = await transport.call(Call(method="PUT", path="/thing", json={"a": 1}, params={"q": "x"}))
        assert (answer.status, answer.json["body"], answer.read(Thing).count) == (200, '{"a": 1}', 1)
        headers = mood.seen[0].headers
        assert headers["Authorization"] == "Bearer t0ken"
        assert "Cookie" not in headers


@pytest.mark.parametrize(
    ("says", "expected", "tries"),
    [
        ("hangs", "timeout", 3),
        ("drips", "timeout", 3),
        ("cut", "unreachable", 6),  # aiohttp repeats an idempotent call once by itself where the connection ended
        ("down", "status 500", 3),
        ("malformed", "malformed", 1),
        ("huge", "too_long", 1),
        ("redirects", "redirect", 1),
        ("forbids", "credentials", 1),
        ("busy", "status 503", 1),
        ("limits", "status 429", 1),
    ],
)
async def test_a_bad_day_is_one_error(says: str, expected: str, tries: int) -> None:
    """And what may do better another time is tried again; a service that names a long wait is left alone."""
    mood = Mood(says)
    async with peer(mood, replace(QUICK, per_try=0.3)) as transport:
        assert await reason(transport) == expected
        assert mood.calls == tries


async def test_nobody_there() -> None:
    async with peer(Mood(), url="http://127.0.0.1:9") as transport:
        assert await reason(transport) == "unreachable"
        assert await reason(transport, Call(method="POST", path="/")) == "unreachable"


async def test_only_what_is_safe_is_done_twice() -> None:
    """A POST whose answer was lost may have had its effect; with a key, or where it only reads, it may be repeated."""
    for call, calls in (
        (Call(method="POST", path="/"), 1),
        (Call(method="PATCH", path="/"), 1),
        (Call(method="POST", path="/", safe=True), 3),
        (Call(method="POST", path="/", idempotency_key="k"), 3),
        (Call(method="DELETE", path="/"), 3),
    ):
        mood = Mood("down")
        async with peer(mood) as transport:
            await reason(transport, call)
        assert mood.calls == calls, call
    assert mood.seen[0].headers.get("Idempotency-Key") is None


async def test_a_retry_sends_the_same_key_and_may_succeed() -> None:
    mood = Mood("down", once=2)
    async with peer(mood) as transport:
        answer = await transport.call(Call(method="POST", path="/", json={}, idempotency_key="k1"))
    assert answer.read(Thing).count == 3
    assert {request.headers["Idempotency-Key"] for request in mood.seen} == {"k1"}


async def test_the_time_in_all_is_kept_however_many_tries_there_could_be() -> None:
    mood = Mood("hangs")
    async with peer(mood, replace(QUICK, per_try=0.4, in_all=0.6, tries=50)) as transport:
        assert await reason(transport) == "timeout"
    assert mood.calls <= 3


async def test_a_wrong_schema_is_told_apart() -> None:
    async with peer(Mood("schema")) as transport:
        answer = await transport.call(GET)
        with pytest.raises(PeerUnavailable) as caught:
            answer.read(Thing)
        assert caught.value.fields["reason"] == "schema"


async def test_a_service_that_fails_is_left_alone_and_tried_again() -> None:
    mood = Mood("down")
    async with peer(mood, replace(QUICK, tries=1, fails=3, rest=0.3)) as transport:
        for _ in range(3):
            assert await reason(transport) == "status 500"
        mood.says = "fine"
        for _ in range(5):
            assert await reason(transport) == "circuit_open"
        assert mood.calls == 3
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                assert (await transport.call(GET)).status == 200
                break
            except PeerUnavailable:
                await asyncio.sleep(0.05)
        assert (await transport.call(GET)).status == 200


async def test_a_refusal_is_an_answer_and_no_failure() -> None:
    app = web.Application()
    async with served(app) as url, peer_session() as http:
        transport = PeerTransport(http, replace(QUICK, url=url, fails=2))
        for _ in range(4):
            with pytest.raises(PeerRefused) as caught:
                await transport.call(GET)
            assert caught.value.fields == {"service": "peer", "status": 404}
        found = await transport.call(replace(GET, accepts=(404,)))
        assert (found.status, found.json) == (404, None)  # aiohttp's page is no JSON, and none was promised


async def test_an_expired_certificate_and_one_nobody_vouches_for(tmp_path: Path) -> None:
    app = web.Application()

    async def fine(_request: web.Request) -> web.Response:
        return web.json_response({})

    app.router.add_get("/thing", fine)
    for days_left, vouched, expected in ((30, True, None), (-1, True, "certificate"), (30, False, "certificate")):
        context, chain = certificate(tmp_path, days_left=days_left)
        async with served(app, context) as url, peer_session(chain if vouched else None) as http:
            transport = PeerTransport(http, replace(QUICK, url=url))
            if expected is None:
                assert (await transport.call(GET)).status == 200
            else:
                assert await reason(transport) == expected


async def test_the_trace_is_passed_on_with_a_span_of_its_own() -> None:
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    mood = Mood()
    async with peer(mood) as transport:
        assert continue_trace(given) == "4bf92f3577b34da6a3ce929d0e0e4736"
        await transport.call(GET)
        await transport.call(GET)
    sent = [request.headers["traceparent"].split("-") for request in mood.seen]
    assert {one[1] for one in sent} == {"4bf92f3577b34da6a3ce929d0e0e4736"}
    assert len({one[2] for one in sent} | {"00f067aa0ba902b7"}) == 3
    for broken in (None, "", "x", given.replace("4", "g"), "ff" + given[2:], "00-" + "0" * 32 + given[35:]):
        assert continue_trace(broken) != "4bf92f3577b34da6a3ce929d0e0e4736"
        assert len(traceparent()) == len(given)


async def test_paths_cannot_be_led_elsewhere() -> None:
    assert filled("/users/{user_id}/x", user_id="a/../b?c#d e") == "/users/a%2F..%2Fb%3Fc%23d%20e/x"
    assert filled("/users/{user_id}", user_id="..") == "/users/%2E%2E"
    assert names_in("/users/{user_id}/{size}") == {"user_id", "size"}
    mood = Mood()
    async with peer(mood) as transport:
        answer = await transport.call(Call(method="GET", path=filled("/users/{user_id}", user_id="a/b?c")))
        assert answer.json["path"] == "/users/a%2Fb%3Fc"


async def test_the_error_is_the_peers_own() -> None:
    async with peer(Mood("down"), replace(QUICK, tries=1, error=AuthUnavailable)) as transport:
        with pytest.raises(AuthUnavailable):
            await transport.call(GET)
