"""Events: written with the change, delivered signed and in order, again where they were not received."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.resolver import DefaultResolver
from mediagate_client import Event as Received
from mediagate_client import verify_webhook
from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.domain import DeliveryState, EventType
from storage.events.poster import Posted
from storage.tables import Event, EventDelivery, Webhook
from tests import media
from tests.flow.archives import eventually, running_archive, some_bytes
from tests.flow.http_door import READ_ONLY, Door, open_door
from tests.peers.moods import Mood, served
from web.clients.poster import Allowed, CheckedResolver, WebhookPoster

API = "/api/v1"


@dataclass
class Receiver:
    """A service that is told. ``answer`` decides what it says to a call."""

    port: int = 0
    secret: str = ""
    events: list[Received] = field(default_factory=list)
    calls: int = 0
    signatures: list[int] = field(default_factory=list)
    answer: Callable[[Received], web.StreamResponse] = lambda _event: web.Response()

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        event = verify_webhook(await request.read(), request.headers, self.secret)
        self.signatures.append(len(request.headers["webhook-signature"].split()))
        answer = self.answer(event)
        if answer.status < 300:
            self.events.append(event)
        return answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def types(self, media_id: int | None = None) -> list[str]:
        return [one.type for one in self.events if media_id is None or one.data["media_id"] == media_id]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.port = runner.addresses[0][1]
        yield receiver
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def door(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Door]:
    monkeypatch.setattr("storage.events.delivering.DELAYS", (0.05,))
    running = running_archive(database_url, sandbox, tmp_path, webhook_allow="127.0.0.1")
    async with running as archive, open_door(archive) as opened:
        yield opened


async def call(door: Door, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with door.client.request(method, f"{API}/{path}", json=body) as response:
        return response.status, await response.json(content_type=None) if response.status != 204 else None


async def subscribe(door: Door, receiver: Receiver, *events: str) -> int:
    status, made = await call(door, "POST", "webhooks", {"url": receiver.url, "events": list(events)})
    assert status == 201, made
    receiver.secret = made["secret"]
    return int(made["id"])


async def keep(door: Door, seed: int = 1, size: int = 2000, query: str = "") -> int:
    _, answer = await door.send(some_bytes(size, seed), path=f"{API}/streaming/upload/stream?{query}")
    return int(answer["media_file_id"])


async def deliveries(door: Door, webhook_id: int, query: str = "") -> list[Any]:
    status, page = await call(door, "GET", f"webhooks/{webhook_id}/deliveries?{query}")
    assert status == 200, page
    return list(page["results"])


async def test_a_media_s_life_is_told_in_its_order(door: Door, receiver: Receiver) -> None:
    webhook_id = await subscribe(door, receiver)
    media_id = await keep(door, query="request_number=250926-001&external_id=X-1")
    await call(door, "PATCH", f"media/{media_id}", {"description": "leak"})
    await call(door, "DELETE", f"requests/250926-001/media/{media_id}")
    await call(door, "DELETE", f"media/{media_id}")

    async def told() -> bool:
        return receiver.types().count("media.deleted") == 1

    await eventually(told)
    kinds = receiver.types(media_id)
    assert sorted(kinds) == sorted(
        ["media.received", "media.attached", "media.stored", "media.updated", "media.detached", "media.deleted"]
    )
    order = [one for one in kinds if one not in ("media.stored", "media.attached")]
    assert order == ["media.received", "media.updated", "media.detached", "media.deleted"]
    received = next(one for one in receiver.events if one.type == "media.received")
    told_of = ("external_id", "by", "delivery", "verified")
    assert [received.data[name] for name in told_of] == ["X-1", "service:tests", "http", True]
    updated = next(one for one in receiver.events if one.type == "media.updated")
    assert (updated.data["description"], updated.data["changed"]) == ("leak", ["description"])
    assert len({one.id for one in receiver.events}) == len(kinds)
    found = await deliveries(door, webhook_id)
    assert {(one["state"], one["attempts"], one["last_status"]) for one in found} == {("delivered", 1, 200)}


async def test_only_what_was_asked_for(door: Door, receiver: Receiver) -> None:
    await subscribe(door, receiver, "media.deleted")
    media_id = await keep(door)
    await call(door, "DELETE", f"media/{media_id}")

    async def told() -> bool:
        return bool(receiver.events)

    await eventually(told)
    assert receiver.types() == ["media.deleted"]


async def test_a_new_avatar_is_told(door: Door, receiver: Receiver, tmp_path: Path) -> None:
    await subscribe(door, receiver, "avatar.updated")
    picture = media.jpeg(tmp_path).read_bytes()
    async with door.client.put(f"{API}/users/42/avatar", data=picture) as response:
        made = await response.json()

    async def told() -> bool:
        return bool(receiver.events)

    await eventually(told)
    (event,) = receiver.events
    assert (event.type, event.data["user_id"], event.data["media_id"]) == ("avatar.updated", "42", made["media_id"])
    assert event.data["avatar"]["urls"] == made["urls"]


async def test_what_was_not_received_comes_again_and_holds_up_only_its_media(door: Door, receiver: Receiver) -> None:
    failures = {"media.received": 3}

    def answer(event: Received) -> web.Response:
        if event.data["filename"] == "slow.txt" and failures.get(event.type, 0) > 0:
            failures[event.type] -= 1
            return web.Response(status=500, text="not now")
        return web.Response()

    receiver.answer = answer
    webhook_id = await subscribe(door, receiver)
    slow = await keep(door, 1, query="filename=slow.txt")
    quick = await keep(door, 2, query="filename=quick.txt")

    async def told() -> bool:
        return {"media.received", "media.stored"} == set(receiver.types(slow)) == set(receiver.types(quick))

    await eventually(told)
    assert receiver.types(slow) == ["media.received", "media.stored"]
    first = next(
        one for one in await deliveries(door, webhook_id) if one["media_id"] == slow and one["type"] == "media.received"
    )
    assert (first["state"], first["attempts"]) == ("delivered", 4)


async def test_given_up_after_three_days_and_sent_again_by_hand(door: Door, receiver: Receiver) -> None:
    receiver.answer = lambda _event: web.Response(status=503)
    webhook_id = await subscribe(door, receiver, "media.received")
    await keep(door)
    async with door.running.archive.sessions.begin() as session:
        lives = select(EventDelivery.give_up_at - EventDelivery.created_at)
        assert await session.scalar(lives) == timedelta(days=3)
        await session.execute(update(EventDelivery).values(give_up_at=EventDelivery.created_at - timedelta(days=1)))

    async def dead() -> bool:
        return [one["state"] for one in await deliveries(door, webhook_id)] == ["dead"]

    await eventually(dead)
    (one,) = await deliveries(door, webhook_id, "state=dead")
    assert (one["last_status"], one["last_error"]) == (503, "Service Unavailable")
    receiver.answer = lambda _event: web.Response(status=204)
    status, again = await call(door, "POST", f"webhooks/{webhook_id}/deliveries/{one['id']}/redeliver")
    assert (status, again["event_id"], again["state"]) == (202, one["event_id"], "waiting")

    async def told() -> bool:
        return [each.id for each in receiver.events] == [one["event_id"]]

    await eventually(told)


async def test_a_new_secret_overlaps_with_the_former_one(door: Door, receiver: Receiver) -> None:
    webhook_id = await subscribe(door, receiver, "media.received")
    _, changed = await call(door, "PATCH", f"webhooks/{webhook_id}", {"rotate_secret": True})
    assert changed["secret"] != receiver.secret
    assert changed["former_secret_until"]
    await keep(door, 1)

    async def told(count: int) -> bool:
        return len(receiver.events) == count

    await eventually(lambda: told(1))
    receiver.secret = changed["secret"]
    await keep(door, 2)
    await eventually(lambda: told(2))
    async with door.running.archive.sessions.begin() as session:
        await session.execute(update(Webhook).values(former_until=Webhook.created_at - timedelta(days=1)))
    await keep(door, 3)
    await eventually(lambda: told(3))
    assert receiver.signatures == [2, 2, 1], "the former one signs no longer than it was said to"


async def test_gone_ends_a_webhook_and_enabling_goes_on(door: Door, receiver: Receiver) -> None:
    receiver.answer = lambda _event: web.Response(status=410)
    webhook_id = await subscribe(door, receiver, "media.received")
    await keep(door)

    async def ended() -> bool:
        _, listed = await call(door, "GET", "webhooks")
        return [one["disabled_reason"] for one in listed["results"]] == ["it answered 410 Gone"]

    await eventually(ended)
    receiver.answer = lambda _event: web.Response()
    _, changed = await call(door, "PATCH", f"webhooks/{webhook_id}", {"enabled": True})
    assert changed["disabled_reason"] is None

    async def told() -> bool:
        return len(receiver.events) == 1

    await eventually(told)


async def test_redirects_are_not_followed(door: Door, receiver: Receiver) -> None:
    async with receiving() as inside:
        inside.secret = "whsec_" + "A" * 32
        receiver.answer = lambda _event: web.Response(status=307, headers={"Location": inside.url})
        webhook_id = await subscribe(door, receiver, "media.received")
        await keep(door)

        async def tried() -> bool:
            return any(one["last_status"] == 307 for one in await deliveries(door, webhook_id))

        await eventually(tried)
        assert inside.calls == 0


async def test_failed_uploads_are_told(door: Door, receiver: Receiver) -> None:
    await subscribe(door, receiver, "upload.failed")
    status, _ = await door.send(b"MZ" + b"\x00" * 500, Content_Type="application/octet-stream")
    assert status == 415

    async def told() -> bool:
        return bool(receiver.events)

    await eventually(told)
    assert receiver.events[0].data["owner"] == "service:tests"
    assert receiver.events[0].data["error"]["code"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://crm.example/x",
        "http://crm.example/x",
        "https://user:pass@crm.example/x",
        "https://localhost/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[64:ff9b::a00:1]/x",
        "https://169.254.169.254/latest",
        "https://crm.example:99999/x",
        "https://",
        "nonsense",
    ],
)
async def test_inside_addresses_are_refused(door: Door, url: str) -> None:
    status, problem = await call(door, "POST", "webhooks", {"url": url})
    assert (status, problem["code"]) == (422, "invalid_fields")
    assert "url" in json.dumps(problem)


async def test_a_name_that_leads_inside_is_not_called(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is looked at when it is called: no check beforehand sees where a name will lead then."""
    async with WebhookPoster() as poster:
        monkeypatch.setattr(poster, "refusal", lambda _url: None)
        found = await poster.post(f"http://localhost:{receiver.port}/hook", b"{}", {})
    assert found.error == "the name leads to an address inside our network"
    assert receiver.calls == 0


async def test_a_name_that_changes_its_address_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up for each call, and only what was looked at is called: of several addresses the public ones."""
    answers = [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "10.0.0.1"]]

    async def resolve(_self: object, host: str, port: int = 0, _family: object = None) -> list[Any]:
        return [
            {"hostname": host, "host": one, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for one in answers.pop(0)
        ]

    monkeypatch.setattr(DefaultResolver, "resolve", resolve)
    checked = CheckedResolver(Allowed())
    assert [one["host"] for one in await checked.resolve("crm.example")] == ["93.184.216.34"]
    await checked.close()
    async with WebhookPoster() as poster:
        found = await poster.post(f"https://crm.example:{receiver.port}/hook", b"{}", {})
    assert (found.error, receiver.calls) == ("the name leads to an address inside our network", 0)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("hangs", Posted(error="no answer in time")),
        ("down", Posted(status=500, error="a stack trace")),
        ("busy", Posted(status=503, error="Service Unavailable", retry_after=30)),
        ("drips", Posted(status=200)),  # who answers 200 has received it, whatever else is said
        ("huge", Posted(status=200)),
        ("malformed", Posted(status=200)),
        ("redirects", Posted(status=302, error="Found")),
    ],
)
async def test_a_bad_receiver_holds_nobody_up(says: str, expected: Posted, monkeypatch: pytest.MonkeyPatch) -> None:
    if says == "hangs":
        monkeypatch.setattr("web.clients.poster._TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    app = web.Application(middlewares=[Mood(says).middleware])
    async with served(app) as url, WebhookPoster(["127.0.0.1"]) as poster:
        assert await poster.post(url, b"{}", {}) == expected


def test_what_may_be_called() -> None:
    allowed = Allowed(["crm.internal", "10.1.0.0/16"])
    assert allowed.names("CRM.internal.")
    assert allowed.names("10.1.2.3")
    assert not allowed.names("10.2.0.1")
    assert allowed.address("10.1.2.3")
    assert allowed.address("93.184.216.34")
    for inside in (
        "10.2.0.1",
        "127.0.0.1",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "fe80::1%eth0",
        "fd00::1",
        "2002:a00:1::",
    ):
        assert not allowed.address(inside)


async def test_webhooks_are_for_admins_and_bad_input_is_named(door: Door, receiver: Receiver) -> None:
    assert (await door.get(f"{API}/webhooks", X_API_Key=READ_ONLY))[0] == 403
    webhook_id = await subscribe(door, receiver)
    assert (await call(door, "POST", "webhooks", {"url": receiver.url, "events": ["media.eaten"]}))[0] == 422
    assert (await call(door, "PATCH", f"webhooks/{webhook_id}", {"url": "https://10.0.0.1/"}))[0] == 422
    assert (await call(door, "PATCH", "webhooks/999", {}))[0] == 404
    assert (await call(door, "GET", "webhooks/nonsense/deliveries"))[0] == 404
    assert (await call(door, "POST", f"webhooks/{webhook_id}/deliveries/999/redeliver"))[1][
        "code"
    ] == "delivery_not_found"
    assert (await call(door, "DELETE", f"webhooks/{webhook_id}"))[0] == 204
    assert (await call(door, "DELETE", f"webhooks/{webhook_id}"))[0] == 404


async def test_a_receiver_that_hangs_does_not_hold_up_the_others(
    door: Door, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hang)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        await call(door, "POST", "webhooks", {"url": url, "events": ["media.received"]})
        await subscribe(door, receiver, "media.received")
        kept = [await keep(door, seed) for seed in range(12)]

        async def told() -> bool:
            return {one.data["media_id"] for one in receiver.events} == set(kept)

        await eventually(told)
    finally:
        release.set()
        await runner.cleanup()


async def test_nobody_listens_nothing_is_kept(door: Door) -> None:
    await keep(door)
    async with door.running.archive.sessions.begin() as session:
        assert await session.get(Event, 1) is None


async def test_a_secret_of_another_secret_key_says_so(door: Door, receiver: Receiver) -> None:
    webhook_id = await subscribe(door, receiver, "media.received")
    async with door.running.archive.sessions.begin() as session:
        await session.execute(update(Webhook).values(secret=b"nonsense"))
    await keep(door)

    async def told() -> bool:
        found = await deliveries(door, webhook_id)
        return bool(found) and "rotate it" in (found[0]["last_error"] or "")

    await eventually(told)
    assert (await call(door, "PATCH", f"webhooks/{webhook_id}", {"enabled": False}))[0] == 200
    waiting = await deliveries(door, webhook_id, f"state={DeliveryState.WAITING.value}&limit=1")
    assert [one["type"] for one in waiting] == [EventType.MEDIA_RECEIVED.value]
