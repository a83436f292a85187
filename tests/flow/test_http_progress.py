"""Watching uploads, and the pages about the process itself."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from storage.clock import SystemClock
from storage.intake.progress import ProgressBoard
from storage.intake.uploads import Uploads
from tests.flow.archives import some_bytes
from tests.flow.conftest import RunningArchive, eventually
from tests.flow.http_door import OTHER, UPLOAD, Door, open_door
from web.deps import HealthLine

DATA = some_bytes(200_000)


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def events_of(door: Door, upload_id: str, **headers: str) -> list[dict[str, Any]]:
    """The events of a stream, to its end."""
    given = {"Accept": "text/event-stream", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with door.client.get(f"{UPLOAD}/progress/{upload_id}", headers=given) as response:
        assert response.content_type == "text/event-stream"
        text = (await response.read()).decode()
    events = []
    blocks = [block for block in text.strip().split("\n\n") if not block.startswith(":")]
    for block in blocks:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        events.append({"id": int(fields["id"]), "event": fields["event"], **json.loads(fields["data"])})
    return events


async def slow_upload(door: Door, upload_id: str, go_on: asyncio.Event) -> int:
    async def slowly() -> AsyncIterator[bytes]:
        yield DATA[:150_000]
        await go_on.wait()
        yield DATA[150_000:]

    headers = {"Content-Type": "text/plain", "X-Upload-ID": upload_id, "Content-Length": str(len(DATA))}
    async with door.client.post(f"{UPLOAD}/stream?filename=a.txt", data=slowly(), headers=headers) as response:
        return response.status


async def test_an_upload_can_be_watched_from_its_first_byte(door: Door) -> None:
    upload_id, go_on = str(uuid4()), asyncio.Event()
    upload = asyncio.create_task(slow_upload(door, upload_id, go_on))

    async def has_bytes() -> bool:
        status, answer = await door.get(f"{UPLOAD}/progress/{upload_id}")
        return status == 200 and answer["received_bytes"] == 150_000

    await eventually(has_bytes)
    _, shown = await door.get(f"{UPLOAD}/progress/{upload_id}")
    assert (shown["phase"], shown["filename"], shown["total_bytes"]) == ("receiving", "a.txt", 200_000)
    assert shown["media_id"] is None
    assert shown["rate"] > 0
    assert shown["eta_seconds"] >= 0
    watching = asyncio.create_task(events_of(door, upload_id))
    await asyncio.sleep(0.1)
    go_on.set()
    assert await upload == 201
    events = await watching
    assert events[0]["event"] == "receiving"
    assert (events[-1]["event"], events[-1]["stored_bytes"]) == ("done", 200_000)
    assert events[-1]["stored_parts"] == events[-1]["total_parts"]
    assert events[-1]["media_id"] is not None
    ids = [event["id"] for event in events]
    assert ids == sorted(set(ids))
    await _resuming_gives_only_what_is_new(door, upload_id, ids)


async def _resuming_gives_only_what_is_new(door: Door, upload_id: str, ids: list[int]) -> None:
    assert [event["id"] for event in await events_of(door, upload_id, Last_Event_ID=str(ids[0]))] == [ids[-1]]
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(ids[-1])}
    async with door.client.get(f"{UPLOAD}/progress/{upload_id}", headers=headers) as response:
        assert response.status == 204


async def test_the_list_shows_the_callers_own(door: Door) -> None:
    await door.send(DATA)
    await door.send(b"")
    _, mine = await door.get(f"{UPLOAD}/progress")
    assert [upload["phase"] for upload in mine] == ["failed", "done"]
    assert mine[0]["error"]["code"] == "empty_file"
    assert (await door.get(f"{UPLOAD}/progress", X_API_Key=OTHER))[1] == []


async def test_after_a_restart_the_index_answers(archive: RunningArchive) -> None:
    async with open_door(archive) as door:
        _, answer = await door.send(DATA)
    uploads = Uploads(sessions=archive.archive.sessions, board=ProgressBoard(), clock=SystemClock())
    async with open_door(archive, uploads=uploads) as door:
        status, shown = await door.get(f"{UPLOAD}/progress/{answer['upload_id']}")
        assert (status, shown["phase"], shown["stored_bytes"]) == (200, "done", len(DATA))
        assert shown["media_id"] == answer["media_file_id"]
        assert (await events_of(door, answer["upload_id"]))[-1]["event"] == "done"
        assert len((await door.get(f"{UPLOAD}/progress"))[1]) == 1
        assert (await door.get(f"{UPLOAD}/progress/{answer['upload_id']}", X_API_Key=OTHER))[0] == 404


async def test_a_returned_duplicate_is_no_failure(door: Door) -> None:
    _, first = await door.send(DATA)
    _, second = await door.send(DATA, path=f"{UPLOAD}/stream?on_duplicate=return")
    _, shown = await door.get(f"{UPLOAD}/progress/{second['upload_id']}")
    assert (shown["phase"], shown["media_id"]) == ("done", first["media_file_id"])


async def test_a_shutdown_does_not_wait_for_telegram(archive: RunningArchive) -> None:
    """What waits for Telegram is answered with 202, and watchers are sent away."""
    upload_id = str(uuid4())
    async with (
        archive.sandbox.fault("flood", method="sendDocument", retry_after=3600),
        open_door(archive, shutdown_timeout=10) as door,
    ):
        upload = asyncio.create_task(door.send(DATA, X_Upload_ID=upload_id, Prefer="wait=60"))

        async def is_durable() -> bool:
            _, shown = await door.get(f"{UPLOAD}/progress/{upload_id}")
            return bool(shown.get("phase") == "storing")

        await eventually(is_durable)
        watching = asyncio.create_task(events_of(door, upload_id))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await door.close()
        assert time.monotonic() - began < 5
        status, answer = await upload
        assert (status, answer["message"]) == (202, "accepted")
        assert (await watching)[-1]["event"] == "storing"


async def test_limits_are_as_they_are_now(door: Door) -> None:
    status, limits = await door.get(f"{UPLOAD}/limits")
    assert status == 200
    assert limits["max_file_size"] == 2 << 30
    assert limits["max_files_per_request"] == 10
    assert "image/*" in limits["allowed_file_types"]
    assert (limits["streaming_available"], limits["part_size"]) == (True, 65_536)
    assert limits["archive"] == {"available": True, "queued_bytes": 0, "retry_after": None}
    async with door.running.sandbox.fault("flood", method="sendDocument", retry_after=3600):
        await door.send(DATA, Prefer="respond-async")

        async def blocked() -> bool:
            return not (await door.get(f"{UPLOAD}/limits"))[1]["archive"]["available"]

        await eventually(blocked)
    _, limits = await door.get(f"{UPLOAD}/limits")
    assert limits["archive"]["queued_bytes"] == len(DATA)
    assert 3000 < limits["archive"]["retry_after"] <= 3601


async def test_health_needs_no_key(archive: RunningArchive) -> None:
    lines = [HealthLine(name="database", ok=True, detail="answers"), HealthLine(name="bot", ok=False, detail="no")]

    async def health() -> list[HealthLine]:
        return lines

    async with open_door(archive, health=health) as door:
        assert (await door.get("/health/live", X_API_Key="wrong"))[0] == 200
        assert await door.get("/health") == (200, {"status": "degraded", "failing": ["bot"]})
        status, ready = await door.get("/health/ready")
        assert (status, ready["checks"][1]) == (503, {"name": "bot", "ok": False, "detail": "no"})


async def test_what_nobody_expected_is_an_incident(archive: RunningArchive) -> None:
    async def health() -> list[HealthLine]:
        raise RuntimeError("the secret is 12345")

    async with open_door(archive, health=health) as door:
        status, answer = await door.get("/health")
    assert (status, answer["code"]) == (500, "internal_error")
    assert answer["incident"] in answer["detail"]
    assert "12345" not in json.dumps(answer)


async def test_updates_come_in_by_the_webhook(archive: RunningArchive) -> None:
    taken: list[dict[str, Any]] = []

    async def accept(secret: str, update: dict[str, Any]) -> bool:
        if secret == "right":
            taken.append(update)
        return secret == "right"

    async def post(door: Door, secret: str | None, data: bytes) -> int:
        headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
        async with door.client.post("/telegram/webhook", data=io.BytesIO(data), headers=headers) as response:
            return response.status

    async with open_door(archive, accept_update=accept) as door:
        assert await post(door, "right", b'{"update_id": 1}') == 200
        assert [await post(door, secret, b"{}") for secret in ("wrong", None)] == [401, 401]
        assert [await post(door, "right", data) for data in (b"{", b"[]", b"[" * 100_000)] == [400, 400, 400]
        assert await post(door, "right", b" " * (1 << 20) + b"{}") == 413
    async with open_door(archive) as door:
        assert await post(door, "right", b"{}") == 404
    assert taken == [{"update_id": 1}]
