"""Uploads into a certain place, a request's media, figures, and files by their Telegram ids."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from sandbox.client import SandboxClient
from storage.domain import Purpose
from storage.tables import ChannelBinding
from tests import media as files
from tests.flow.archives import REPORTS, REQUESTS
from tests.flow.conftest import RunningArchive, eventually
from tests.flow.http_door import Door, open_door

MEDIA, REQUEST = "/api/v1/media", "/api/v1/requests/250926-001/media"
ACCESS = -1_001_000_000_004
PERSON = 1001
TEXT = ("notes.txt", b"some text\n")


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def call(door: Door, method: str, path: str, body: object = None) -> tuple[int, Any]:
    async with door.client.request(method, path, json=body) as response:
        return response.status, await response.json(content_type=None)


async def keep(door: Door, *fields: tuple[str, str]) -> int:
    status, answer = await door.send_form(*fields, ("file", TEXT))
    assert status == 201
    return int(answer["media_file_id"])


async def documents(sandbox: SandboxClient, channel: int) -> list[dict[str, Any]]:
    return [message for message in await sandbox.messages(channel) if "document" in message]


async def test_an_upload_to_a_request(door: Door) -> None:
    """The fields come in any order; without a number nothing is kept."""
    status, answer = await door.send_form(("file", TEXT), ("request_number", "250926-001"), path=f"{MEDIA}/upload")
    assert status == 201
    assert set(answer) == {"media_file", "file_url", "message"}
    assert answer["media_file"]["request_numbers"] == ["250926-001"]
    assert answer["file_url"] == answer["media_file"]["file_url"]
    left = await door.left_over()
    for fields in ((), (("request_number", " "),)):
        status, answer = await door.send_form(*fields, ("file", TEXT), path=f"{MEDIA}/upload")
        assert (status, answer["errors"]) == (422, [{"field": "request_number", "reason": "is missing"}])
    status, answer = await door.send_form(("request_number", "1"), ("file", TEXT), path=f"{MEDIA}/upload")
    assert (status, answer["code"]) == (422, "invalid_request_number")
    assert await door.left_over() == left
    status, answer = await door.send(b"raw\n", path=f"{MEDIA}/upload?request_number=250926-001")
    assert (status, answer["message"]) == (201, "stored")


async def test_an_upload_of_a_report(door: Door, sandbox: SandboxClient) -> None:
    path, number = f"{MEDIA}/upload-report", ("request_number", "250926-001")
    status, answer = await door.send_form(("file", TEXT), number, path=path)
    assert (status, answer["media_file"]["category"]) == (201, "completion_photo")
    status, answer = await door.send_form(number, ("report_type", "report_document"), ("file", TEXT), path=path)
    assert (status, answer["media_file"]["category"]) == (201, "report_document")
    assert len(await documents(sandbox, REPORTS)) == 2
    for name, value in (("report_type", "request_photo"), ("report_type", "x"), ("category", "report_photo")):
        status, answer = await door.send_form(number, (name, value), ("file", TEXT), path=path)
        assert (status, answer["errors"][0]["field"]) == (422, name)


async def test_an_upload_of_who_came_in(door: Door, sandbox: SandboxClient, tmp_path: Path) -> None:
    picture = ("plate.png", files.png(tmp_path).read_bytes())
    path = f"{MEDIA}/upload-access"
    status, answer = await door.send_form(("kind", "plate"), ("ref", "gate-7"), ("file", picture), path=path)
    assert status == 201, answer
    media = answer["media_file"]
    assert (media["category"], media["external_id"], media["request_numbers"]) == ("access_plate", "gate-7", [])
    assert len(await documents(sandbox, ACCESS)) == 1
    left = await door.left_over()
    status, answer = await door.send_form(("kind", "plate"), ("file", TEXT), path=path)
    assert (status, answer["code"]) == (415, "type_not_allowed")
    for fields in ((), (("kind", "front"),), (("kind", "plate"), ("ref", "x" * 201))):
        status, answer = await door.send_form(*fields, ("file", picture), path=path)
        assert (status, answer["errors"][0]["field"]) == (422, fields[-1][0] if fields else "kind")
    status, answer = await door.send_form(("kind", "plate"), ("request_number", "250926-001"), path=path)
    assert (status, answer["errors"][0]["field"]) == (422, "request_number")
    async with door.running.archive.sessions.begin() as session:
        await session.execute(delete(ChannelBinding).where(ChannelBinding.purpose == Purpose.ACCESS))
    status, answer = await door.send_form(("kind", "overview"), ("file", picture), path=path)
    assert (status, answer["code"]) == (503, "channel_not_bound")
    assert await door.left_over() == left


async def test_several_media_are_attached_at_once_or_not_at_all(door: Door) -> None:
    first, second = await keep(door), await keep(door)
    status, answer = await call(door, "POST", REQUEST, {"ids": [second, first, first]})
    assert (status, answer["attached"], answer["request_number"]) == (200, 2, "250926-001")
    assert (await call(door, "POST", REQUEST, {"ids": [first]}))[1]["attached"] == 0
    other = "/api/v1/requests/251001-002/media"
    status, answer = await call(door, "POST", other, {"ids": [first, 999]})
    assert (status, answer["code"]) == (404, "media_not_found")
    assert (await door.get(other))[1] == []
    for path in (REQUEST, f"{MEDIA}/request/250926-001"):
        assert [media["id"] for media in (await door.get(path))[1]] == [second, first]
    wrong: tuple[object, ...] = ({}, {"ids": []}, {"ids": [0]}, {"ids": [1], "category": "x"}, {"ids": [1] * 201})
    for body in wrong:
        assert (await call(door, "POST", REQUEST, body))[0] == 422
    assert (await call(door, "POST", "/api/v1/requests/999999-001/media", {"ids": [first]}))[0] == 422


async def test_a_requests_media_in_figures(door: Door) -> None:
    await keep(door, ("request_number", "250926-001"))
    await keep(door, ("request_number", "250926-001"), ("category", "report_document"))
    status, summary = await door.get(f"{REQUEST}/summary")
    assert status == 200
    assert summary["latest"] is not None
    assert {name: summary[name] for name in ("total_files", "total_size_bytes", "file_types", "categories")} == {
        "total_files": 2,
        "total_size_bytes": 20,
        "file_types": [{"type": "document", "count": 2, "size_bytes": 20}],
        "categories": [
            {"category": "report_document", "count": 1, "size_bytes": 10},
            {"category": "request_document", "count": 1, "size_bytes": 10},
        ],
    }
    _, empty = await door.get("/api/v1/requests/251001-009/media/summary")
    assert (empty["total_files"], empty["latest"]) == (0, None)
    assert (await door.get("/api/v1/requests/nonsense/media/summary"))[0] == 422


async def test_a_requests_timeline(door: Door) -> None:
    media_id = await keep(door, ("request_number", "250926-001"))
    await call(door, "PATCH", f"{MEDIA}/{media_id}", {"description": "new"})
    await call(door, "PUT", f"/api/v1/requests/251001-002/media/{media_id}")
    status, timeline = await door.get(f"{MEDIA}/request/250926-001/timeline")
    assert (status, timeline["total_files"], timeline["request_number"]) == (200, 1, "250926-001")
    events = [(event["event"], event["by"], event["media"]["id"]) for event in timeline["timeline"]]
    assert events == [(name, "service:tests", media_id) for name in ("taken_in", "attached", "updated")]
    async with door.client.delete(f"{REQUEST}/{media_id}") as response:
        assert response.status == 204
    _, timeline = await door.get(f"{MEDIA}/request/250926-001/timeline")
    assert [event["event"] for event in timeline["timeline"]] == ["attached", "detached"]
    assert timeline["total_files"] == 0


async def test_figures_about_everything(door: Door) -> None:
    await keep(door, ("request_number", "250926-001"), ("tags", "a,b"))
    await keep(door, ("request_number", "250926-001"), ("tags", "b"))
    gone = await keep(door, ("tags", "c"))
    async with door.client.delete(f"{MEDIA}/{gone}") as response:
        assert response.status == 204
    status, figures = await door.get(f"{MEDIA}/statistics")
    assert (status, figures["total_files"], figures["total_size_bytes"]) == (200, 2, 20)
    assert figures["file_types"] == [{"type": "document", "count": 2, "size_bytes": 20}]
    assert figures["categories"] == [{"category": "request_document", "count": 2, "size_bytes": 20}]
    assert figures["top_tags"] == [{"tag": "b", "count": 2}, {"tag": "a", "count": 1}]
    assert figures["top_requests"] == [{"request_number": "250926-001", "count": 2}]
    assert len(figures["daily_uploads"]) == 30
    assert figures["daily_uploads"][-1] | {"date": ""} == {"date": "", "count": 2, "size_bytes": 20}
    assert figures["queue"] == {"parts": 0, "bytes": 0, "oldest_seconds": None}
    assert (await door.get(f"{MEDIA}/tags/popular?limit=0"))[0] == 422


async def test_a_file_that_telegram_has_is_kept_without_its_bytes(
    door: Door, sandbox: SandboxClient, tmp_path: Path
) -> None:
    report = tmp_path / "report.txt"
    report.write_bytes(b"from telegram\n")
    [message] = await sandbox.send_files(PERSON, [report], kind="document")
    file_id, unique_id = message["document"]["file_id"], message["document"]["file_unique_id"]
    body = {"file_id": file_id, "request_number": "250926-001", "tags": ["Chat"], "filename": "отчёт.txt"}
    status, media = await call(door, "POST", f"{MEDIA}/telegram", body)
    assert status == 201, media
    assert (media["filename"], media["tags"], media["request_numbers"]) == ("отчёт.txt", ["chat"], ["250926-001"])

    async def stored() -> bool:
        return bool((await door.get(f"{MEDIA}/{media['id']}"))[1]["stored"])

    await eventually(stored)
    assert len(await documents(sandbox, REQUESTS)) == 1
    assert (await call(door, "POST", f"{MEDIA}/telegram", body))[0] == 200
    for known in (file_id, unique_id):
        status, found = await door.get(f"{MEDIA}/telegram/{known}")
        assert (status, found["id"]) == (200, media["id"])
        assert (await door.fetch(f"{MEDIA}/telegram/{known}/file"))[1] == b"from telegram\n"
    status, answer = await call(door, "POST", f"{MEDIA}/telegram", {"file_id": "AAAA"})
    assert (status, answer["errors"][0]["field"]) == (422, "file_id")
    for unknown in ("AAAA", "x" * 300, "%00", "..", "'%20OR%201"):
        assert (await door.get(f"{MEDIA}/telegram/{unknown}"))[0] == 404


async def test_the_bot_sends_a_media_to_who_knows_it(door: Door, sandbox: SandboxClient) -> None:
    media_id = await keep(door)
    await sandbox.start(PERSON)
    path = f"{MEDIA}/{media_id}/send"
    status, answer = await call(door, "POST", path, {"chat_id": PERSON, "caption": "<b>for you</b>"})
    assert (status, answer["success"], answer["chat_id"]) == (200, True, PERSON)
    [sent] = await documents(sandbox, PERSON)
    assert (sent["message_id"], sent["caption"]) == (answer["message_id"], "<b>for you</b>")
    await call(door, "POST", path, {"chat_id": PERSON})
    assert [message["caption"] for message in await documents(sandbox, PERSON)] == ["<b>for you</b>", "notes.txt"]
    status, answer = await call(door, "POST", path, {"chat_id": 999_999})
    assert (status, answer["code"]) == (409, "recipient_unavailable")
    assert "chat not found" in answer["detail"]
    status, answer = await call(door, "POST", path, {"chat_id": REQUESTS})
    assert (status, answer["errors"][0]["field"]) == (422, "chat_id")
    async with sandbox.fault("flood", method="copyMessage", retry_after=7, count=1):
        status, answer = await call(door, "POST", path, {"chat_id": PERSON})
        assert (status, answer["code"]) == (503, "flood_wait")
