"""What an admin sees and does: keys, the audit, channels, incidents, metrics."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from storage.auditing.incidents import Incidents
from storage.clock import SystemClock
from storage.ports import LaneKey
from storage.tables import Audit, Incident
from storage.telegram.lanes import Lanes
from tests.flow.archives import REQUESTS
from tests.flow.conftest import RunningArchive, eventually
from tests.flow.http_door import KEY, READ_ONLY, UPLOAD, Door, open_door

API = "/api/v1"
TERMS = {"name": "crm", "scopes": ["media:read", "media:write"]}


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def post(door: Door, path: str, body: Any) -> tuple[int, Any]:
    async with door.client.post(path, json=body) as response:
        return response.status, await response.json()


async def delete(door: Door, path: str) -> int:
    async with door.client.delete(path) as response:
        return response.status


async def test_a_keys_life(door: Door) -> None:
    """Made, shown once, used, listed without its secret, revoked."""
    given = {**TERMS, "expires_in": 3600, "rate_per_minute": 7, "quota": {"day_files": 5}}
    status, made = await post(door, f"{API}/keys", given)
    assert status == 201
    secret = made.pop("secret")
    assert secret.startswith(made["prefix"])
    assert (made["name"], made["scopes"], made["rate_per_minute"]) == ("crm", ["media:read", "media:write"], 7)
    assert made["quota"] == {"day_bytes": None, "day_files": 5, "total_bytes": None, "total_files": None}
    expires = datetime.fromisoformat(made["expires_at"])
    assert timedelta(minutes=59) < expires - datetime.now(UTC) <= timedelta(hours=1)
    assert (await door.get(f"{UPLOAD}/limits", X_API_Key=secret))[0] == 200
    _, listed = await door.get(f"{API}/keys")
    assert listed["results"] == [{**made, "last_used_at": listed["results"][0]["last_used_at"]}]
    assert listed["results"][0]["last_used_at"] is not None
    assert [await delete(door, f"{API}/keys/{made['id']}") for _ in range(2)] == [204, 204]
    assert (await door.get(f"{UPLOAD}/limits", X_API_Key=secret))[0] == 401
    _, listed = await door.get(f"{API}/keys")
    assert listed["results"][0]["revoked_at"] is not None
    _, audit = await door.get(f"{API}/audit?actor=service:tests")
    assert [entry["action"] for entry in audit["results"]] == ["key_revoked", "key_created"]
    assert secret not in str(audit)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "no spaces"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "x\n"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"rate_per_minute": -1}, "rate_per_minute"),
        ({"rate_per_minute": 2**63}, "rate_per_minute"),
        ({"quota": {"day_bytes": -5}}, "quota"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_wrong_key_is_not_made(door: Door, wrong: dict[str, Any], field: str) -> None:
    status, problem = await post(door, f"{API}/keys", TERMS | wrong)
    assert (status, problem["code"]) == (422, "invalid_fields")
    assert problem["errors"][0]["field"].startswith(field)
    assert (await door.get(f"{API}/keys"))[1] == {"results": []}


async def test_a_key_that_is_over_already_is_not_made(door: Door) -> None:
    for end in ({"expires_at": "2020-01-01T00:00:00Z"}, {"expires_in": 5, "expires_at": "2099-01-01T00:00:00Z"}):
        assert (await post(door, f"{API}/keys", TERMS | end))[0] == 422


@pytest.mark.parametrize("key_id", ["0", "1", "9" * 30, "-1", "%00", "abc"])
async def test_a_key_that_is_not_there(door: Door, key_id: str) -> None:
    assert await delete(door, f"{API}/keys/{key_id}") == 404


@pytest.mark.parametrize("path", ["keys", "audit", "channels", "incidents/00000000-0000-4000-8000-000000000000"])
async def test_only_admins(door: Door, path: str) -> None:
    assert (await door.get(f"{API}/{path}", X_API_Key=READ_ONLY))[0] == 403
    assert (await door.get(f"{API}/{path}", X_API_Key="wrong"))[0] == 401


async def audited(door: Door, query: str = "") -> list[dict[str, Any]]:
    await door.deps.use_cases.audit._batches.flush()
    status, answer = await door.get(f"{API}/audit?{query}")
    assert status == 200, answer
    return list(answer["results"])


async def test_changes_and_reads_are_in_the_audit(door: Door) -> None:
    _, answer = await door.send(b"text" * 10, path=f"{UPLOAD}/stream?request_number=250926-001", X_Request_ID="up-1")
    media_id = answer["media_file_id"]
    for _ in range(3):
        await door.get(f"{API}/media/{media_id}", X_API_Key=READ_ONLY)
    await door.fetch(f"{API}/media/{media_id}/file", Range="bytes=0-3")
    await door.get(f"{API}/media/request/250926-001?limit=5")
    await door.get(f"{API}/media/999999", X_API_Key=READ_ONLY)
    found = await audited(door, f"media_id={media_id}")
    assert {(entry["actor"], entry["action"]) for entry in found} == {
        ("service:tests", "taken_in"),
        ("service:tests", "attached"),
        ("service:tests", "bytes_read"),
        ("service:reader", "media_read"),
    }
    assert all(entry["address"] == "127.0.0.1" for entry in found)
    assert {entry["request_id"] for entry in found if entry["action"] in ("taken_in", "attached")} == {"up-1"}
    (read,) = await audited(door, "actor=service:reader")
    assert read["detail"] == {"times": "3"}
    (listed,) = await audited(door, "action=request_read")
    assert (listed["request_number"], listed["detail"]) == ("250926-001", {"query": "limit=5"})


async def test_the_audit_is_read_page_by_page(door: Door) -> None:
    async with door.running.archive.sessions.begin() as session:
        session.add_all(Audit(actor="x", action=f"did {n}", at=datetime(2026, 1, 1 + n, tzinfo=UTC)) for n in range(5))
    seen, query = [], "actor=x&limit=2"
    while True:
        _, page = await door.get(f"{API}/audit?{query}")
        seen += [entry["action"] for entry in page["results"]]
        if page["next_cursor"] is None:
            break
        query = f"actor=x&limit=2&cursor={page['next_cursor']}"
    assert seen == [f"did {n}" for n in (4, 3, 2, 1, 0)]
    found = await audited(door, "actor=x&since=2026-01-02T00:00:00Z&until=2026-01-04T00:00:00Z")
    assert [entry["action"] for entry in found] == ["did 2", "did 1"]
    for wrong in ("cursor=x", "limit=0", "since=monday", "media_id=0", "colour=red", "actor="):
        assert (await door.get(f"{API}/audit?{wrong}"))[0] in (200, 422)
    assert (await door.get(f"{API}/audit?cursor=x&limit=0"))[1]["code"] == "invalid_fields"


async def test_old_reads_are_forgotten_and_changes_are_not(door: Door) -> None:
    old = datetime.now(UTC) - timedelta(days=91)
    async with door.running.archive.sessions.begin() as session:
        session.add_all(Audit(actor="x", action=action, at=old) for action in ("media_read", "deleted"))
    await door.deps.use_cases.audit.forget()
    assert [entry["action"] for entry in await audited(door, "actor=x")] == ["deleted"]


async def test_reads_that_wait_are_bounded_and_one_that_cannot_be_written_holds_up_nobody(door: Door) -> None:
    audit = door.deps.use_cases.audit
    for number in range(20_500):
        audit.read("flood", "media_read", media_id=number)
    assert audit._batches.dropped == 500
    await audit._batches.flush()
    audit.read("odd", "media_searched", query="\x00 \udcff " + "x" * 1000)
    audit.read("odd\x00actor", "media_read")
    await audit._batches.flush()
    audit.read("after", "media_read")
    assert len(await audited(door, "actor=after")) == 1


async def test_channels_with_their_lanes(door: Door) -> None:
    lanes = Lanes(sessions=door.deps.use_cases.sessions, clock=SystemClock(), bot_ids=(77,), assumed_rate=20)
    await lanes.flooded(LaneKey(bot_id=77, chat_id=REQUESTS), 120)
    await door.send(b"text" * 10, path=f"{UPLOAD}/stream?request_number=250926-001")
    _, answer = await door.get(f"{API}/channels")
    by_id = {channel["channel_id"]: channel for channel in answer["results"]}
    requests = by_id[REQUESTS]
    assert requests["purposes"] == ["requests"]
    assert (requests["parts"], requests["sent_last_minute"]) == (1, 1)
    (lane,) = [lane for lane in requests["lanes"] if lane["bot_id"] == 77]
    assert 100 < lane["retry_after"] <= 121


async def test_an_incident_leads_to_what_was_logged_and_holds_no_secret(door: Door) -> None:
    token = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_1234"

    async def broken() -> Any:
        raise RuntimeError(f"a secret {token} and {door.running.settings.secret_key.get_secret_value()}")  # type: ignore[union-attr]

    changed = replace(door.deps, health=broken)
    async with open_door(door.running, health=changed.health) as other:
        status, problem = await other.get("/health", X_Request_ID="the-request")
        assert (status, problem["code"]) == (500, "internal_error")
        assert token not in str(problem)

        async def is_there() -> bool:
            return (await other.get(f"{API}/incidents/{problem['incident']}"))[0] == 200

        await eventually(is_there)
        _, incident = await other.get(f"{API}/incidents/{problem['incident']}")
    assert (incident["error"], incident["request_id"], incident["route"]) == ("RuntimeError", "the-request", "/health")
    assert "in broken" in incident["trace"]
    assert token not in incident["trace"]
    assert "a secret key for tests" not in incident["trace"]
    for unknown in (uuid4(), "no-uuid", "%00"):
        assert (await door.get(f"{API}/incidents/{unknown}"))[1]["code"] == "incident_not_found"


async def test_incidents_are_cut_kept_30_days_and_bounded(door: Door) -> None:
    sessions = door.deps.use_cases.sessions
    incidents = Incidents(sessions=sessions, clock=SystemClock(), redact=lambda text: text)
    error = OperationalError("x" * 50_000, {}, Exception("\x00"))
    ids = [uuid4() for _ in range(300)]
    for incident in ids:
        incidents.note(incident, error, door="http")
    await incidents._batches.flush()
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Incident)) == 200
        assert await session.scalar(select(func.max(func.length(Incident.trace)))) < 17_000
        month_ago = datetime.now(UTC) - timedelta(days=31)
        await session.execute(update(Incident).where(Incident.id != ids[0]).values(at=month_ago))
    await incidents.forget()
    async with sessions.begin() as session:
        assert (await session.scalars(select(Incident.id))).all() == [ids[0]]


def samples(text: bytes) -> dict[str, float]:
    """Name and labels to value."""
    lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_metrics_count_what_happens(door: Door) -> None:
    _, answer = await door.send(b"text" * 250)
    await door.send(b"")
    await door.fetch(f"{API}/media/{answer['media_file_id']}/file")
    for _ in range(3):
        await door.get(f"/nothing/{uuid4()}")
    async with door.client.request("PURGE", "/coffee") as response:
        assert response.status == 404
    status, text, headers = await door.fetch("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    found = samples(text)
    route = f"{UPLOAD}/stream"
    created = sum(
        value for name, value in found.items() if name.startswith("mediagate_http_requests_total") and route in name
    )
    assert created == 2
    assert found['mediagate_http_requests_total{method="GET",route="unmatched",status="404"}'] == 3
    assert found['mediagate_http_requests_total{method="OTHER",route="unmatched",status="404"}'] == 1
    assert found["mediagate_http_received_bytes_total"] == 1000
    assert found["mediagate_http_sent_bytes_total"] > 1000
    assert found['mediagate_uploads_ended_total{outcome="empty_file"}'] == 1
    assert found['mediagate_uploads_ended_total{outcome="done"}'] == 1
    assert found["mediagate_queue_parts"] == 0
    assert found["mediagate_spool_max_bytes"] == door.running.archive.spool.max_bytes
    assert samples((await door.fetch("/metrics"))[1])['mediagate_uploads_ended_total{outcome="done"}'] == 1


async def test_metrics_are_for_this_machine_or_an_admin(door: Door) -> None:
    async def status(**headers: str) -> int:
        return (await door.fetch("/metrics", **headers))[0]

    assert await status(X_API_Key="") == 200
    assert await status(X_API_Key="", X_Forwarded_For="1.2.3.4") == 401
    assert await status(X_API_Key="", Forwarded="for=1.2.3.4") == 401
    assert await status(X_API_Key=READ_ONLY, X_Forwarded_For="1.2.3.4") == 403
    assert await status(X_API_Key=KEY, X_Forwarded_For="1.2.3.4") == 200
