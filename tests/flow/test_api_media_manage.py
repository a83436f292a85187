"""Changing, moving and handing on media over HTTP: what is said, the captions in the channels, and bad input."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.catalog.refreshing import Refresher
from storage.engine.captions import parse_manifest
from storage.tables import Audit, Media, Part
from tests.flow.archives import REPORTS, REQUESTS, some_bytes
from tests.flow.conftest import RunningArchive, eventually, running_archive
from tests.flow.http_door import READ_ONLY, Door, open_door

MEDIA = "/api/v1/media"
ARCHIVE = -1_001_000_000_003
STREAM = "/api/v1/streaming/upload/stream"
NAMED = {"Content_Disposition": "attachment; filename=notes.txt"}


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def call(door: Door, method: str, path: str, body: object = None) -> tuple[int, Any]:
    async with door.client.request(method, path, json=body) as response:
        return response.status, await response.json(content_type=None)


async def keep(door: Door, data: bytes = b"some text\n", query: str = "") -> int:
    _, answer = await door.send(data, path=f"{STREAM}?{query}", **NAMED)
    return int(answer["media_file_id"])


async def documents(sandbox: SandboxClient, channel: int) -> list[dict[str, Any]]:
    return [message for message in await sandbox.messages(channel) if "document" in message]


async def test_a_change_is_answered_and_the_captions_follow(door: Door, sandbox: SandboxClient) -> None:
    """Every part's caption says the new words, and keeps its line for programs."""
    media_id = await keep(door, some_bytes(150_000), "request_number=250926-001&tags=old")
    before = [parse_manifest(message["caption"]) for message in await documents(sandbox, REQUESTS)]
    changes = {
        "filename": "../secret/акт.txt", "description": "<b>new</b>", "tags": ["#Fresh", "fresh"], "external_id": "X-1",
        "expires_at": "2999-01-01T00:00:00+05:00",
    }  # fmt: skip
    status, media = await call(door, "PATCH", f"{MEDIA}/{media_id}", changes)
    assert status == 200
    told = {name: media[name] for name in ("filename", "description", "tags", "external_id", "expires_at")}
    assert told == {
        "filename": "акт.txt", "description": "<b>new</b>", "tags": ["fresh"], "external_id": "X-1",
        "expires_at": "2998-12-31T19:00:00Z",
    }  # fmt: skip

    async def captions_follow() -> bool:
        captions = [message["caption"] for message in await documents(sandbox, REQUESTS)]
        return all("акт.txt" in one and "#fresh" in one and "<b>new</b>" in one for one in captions)

    await eventually(captions_follow)
    after = [parse_manifest(message["caption"]) for message in await documents(sandbox, REQUESTS)]
    assert after == before
    assert len(after) > 2
    await call(door, "PUT", f"/api/v1/requests/251001-002/media/{media_id}")

    async def request_shown() -> bool:
        return all("#r251001_002" in message["caption"] for message in await documents(sandbox, REQUESTS))

    await eventually(request_shown)


async def test_many_changes_are_few_edits(door: Door, sandbox: SandboxClient) -> None:
    media_id = await keep(door)
    await sandbox.reset_stats()
    for number in range(20):
        await call(door, "PATCH", f"{MEDIA}/{media_id}", {"description": f"version {number}"})

    async def last_is_shown() -> bool:
        return "version 19" in (await documents(sandbox, REQUESTS))[0]["caption"]

    await eventually(last_is_shown)
    edits = [one for one in await sandbox.calls() if one["method"].lower() == "editmessagecaption"]
    assert 1 <= len(edits) <= 5


async def test_an_edit_that_is_not_needed_and_one_that_was_lost(door: Door, sandbox: SandboxClient) -> None:
    """Telegram's *not modified* is success, and what no job was left for is found by the sweep."""
    media_id = await keep(door)
    sessions = door.running.archive.sessions
    async with sessions.begin() as session:
        await session.execute(update(Part).where(Part.media_id == media_id).values(caption_sent=b"other"))
        await session.execute(update(Media).where(Media.id == media_id).values(captions_due=True))
    await Refresher(sessions).sweep()

    async def settled() -> bool:
        async with sessions.begin() as session:
            media = await session.get_one(Media, media_id)
            part = (await session.scalars(select(Part).where(Part.media_id == media_id))).one()
            return not media.captions_due and part.caption_sent == media.caption_wanted

    await eventually(settled)


async def test_edits_wait_for_telegram(door: Door, sandbox: SandboxClient) -> None:
    media_id = await keep(door)
    async with sandbox.fault("flood", method="editMessageCaption", retry_after=1, count=1):
        await call(door, "PUT", f"{MEDIA}/{media_id}/tags", {"tags": ["later"]})

        async def shown() -> bool:
            return "#later" in (await documents(sandbox, REQUESTS))[0]["caption"]

        await eventually(shown)


async def test_tags_are_added_and_replaced(door: Door) -> None:
    media_id = await keep(door, query="tags=a")
    path = f"{MEDIA}/{media_id}/tags"
    assert (await call(door, "PUT", path, {"tags": ["B", "a"]}))[1]["tags"] == ["a", "b"]
    assert (await call(door, "PUT", path, {"tags": ["c"], "replace": True}))[1]["tags"] == ["c"]
    assert (await call(door, "PUT", path, {"tags": [], "replace": True}))[1]["tags"] == []
    await call(door, "PUT", path, {"tags": [f"t{n}" for n in range(50)]})
    status, answer = await call(door, "PUT", path, {"tags": ["one more"]})
    assert (status, answer["errors"][0]["field"]) == (422, "tags")
    assert (await door.get(f"{MEDIA}/tags/popular?limit=3"))[1] == [
        {"tag": "t0", "count": 1}, {"tag": "t1", "count": 1}, {"tag": "t10", "count": 1},
    ]  # fmt: skip


async def test_null_clears_and_nothing_changes_nothing(door: Door) -> None:
    media_id = await keep(door, query="description=d&external_id=e&tags=t")
    path = f"{MEDIA}/{media_id}"
    _, media = await call(door, "PATCH", path, {"description": None, "external_id": None, "tags": None})
    assert (media["description"], media["external_id"], media["tags"]) == (None, None, [])
    assert (await call(door, "PATCH", path, {}))[1] == media
    async with door.running.archive.sessions.begin() as session:
        audit = await session.scalars(select(Audit.detail).where(Audit.action == "updated"))
        assert audit.all() == [{"changed": ["description", "external_id", "tags"]}]


async def test_another_category_moves_the_file(door: Door, sandbox: SandboxClient) -> None:
    data = some_bytes(150_000)
    media_id = await keep(door, data)
    status, media = await call(door, "PATCH", f"{MEDIA}/{media_id}", {"category": "report_document"})
    assert (status, media["category"]) == (200, "report_document")

    async def moved() -> bool:
        return bool(
            (await door.get(f"{MEDIA}/{media_id}"))[1]["stored"]
            and not await documents(sandbox, REQUESTS)
            and len(await documents(sandbox, REPORTS)) > 2
        )

    await eventually(moved)
    assert (await door.fetch(f"{MEDIA}/{media_id}/file"))[1] == data


async def test_an_archived_media_is_in_the_archive_channel_and_nowhere_else(door: Door, sandbox: SandboxClient) -> None:
    data = some_bytes(150_000)
    media_id = await keep(door, data)
    unique_id = (await documents(sandbox, REQUESTS))[0]["document"]["file_unique_id"]
    path = f"{MEDIA}/{media_id}/archive"
    status, media = await call(door, "POST", path, {"archive_reason": "closed"})
    assert (status, media["status"]) == (200, "archiving")

    async def archived() -> bool:
        view = (await door.get(f"{MEDIA}/{media_id}"))[1]
        return view["status"] == "archived" and not await documents(sandbox, REQUESTS)

    await eventually(archived)
    view = (await door.get(f"{MEDIA}/{media_id}"))[1]
    assert (view["archived_at"] is not None, view["telegram"]["channel_id"]) == (True, ARCHIVE)
    assert (await door.fetch(f"{MEDIA}/{media_id}/file"))[1] == data
    manifests = [parse_manifest(message["caption"]) for message in await documents(sandbox, ARCHIVE)]
    assert sorted(manifest.index for manifest in manifests if manifest) == list(range(len(manifests)))
    status, answer = await call(door, "POST", path, {})
    assert (status, answer["code"], answer["status"]) == (409, "wrong_status", 409)
    assert (await door.get(f"{MEDIA}/telegram/{unique_id}"))[1]["id"] == media_id
    assert (await door.get(f"{MEDIA}/search?status=archived"))[1]["total_count"] == 1


async def test_a_move_goes_on_after_a_restart(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    data = some_bytes(200_000)
    async with (
        running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running,
        open_door(running) as door,
    ):
        media_id = await keep(door, data)
        async with sandbox.fault("flood", method="copyMessage", retry_after=1, count=2):
            await call(door, "POST", f"{MEDIA}/{media_id}/archive", {})
    async with (
        running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running,
        open_door(running) as door,
    ):
        assert (await call(door, "POST", f"{MEDIA}/{media_id}/archive", {}))[0] in (200, 409)

        async def archived() -> bool:
            view = (await door.get(f"{MEDIA}/{media_id}"))[1]
            return view["status"] == "archived" and not await documents(sandbox, REQUESTS)

        await eventually(archived, within=60)
        manifests = [parse_manifest(message["caption"]) for message in await documents(sandbox, ARCHIVE)]
        assert sorted(manifest.index for manifest in manifests if manifest) == list(range(len(manifests)))
        assert (await door.fetch(f"{MEDIA}/{media_id}/file"))[1] == data


async def test_a_media_deleted_while_it_moves_leaves_nothing(door: Door, sandbox: SandboxClient) -> None:
    media_id = await keep(door)
    door.running.archive.use_cases.deleting.grace = 0
    async with sandbox.fault("flood", method="copyMessage", retry_after=2, count=1):
        await call(door, "POST", f"{MEDIA}/{media_id}/archive")
        async with door.client.delete(f"{MEDIA}/{media_id}") as response:
            assert response.status == 204

        async def gone() -> bool:
            return not await documents(sandbox, REQUESTS) and not await documents(sandbox, ARCHIVE)

        await eventually(gone)
    assert (await call(door, "POST", f"{MEDIA}/{media_id}/archive"))[0] == 410


async def test_expired_media_are_deleted(door: Door, sandbox: SandboxClient) -> None:
    media_id, kept = await keep(door), await keep(door)
    now = datetime.now(UTC)
    for one, seconds in ((media_id, -1), (kept, 3600)):
        when = (now + timedelta(seconds=seconds)).isoformat()
        assert (await call(door, "PATCH", f"{MEDIA}/{one}", {"expires_at": when}))[0] == 200
    await door.running.archive.sweeper.sweep()
    assert (await door.get(f"{MEDIA}/{media_id}"))[0] == 410
    assert (await door.get(f"{MEDIA}/{kept}"))[0] == 200

    async def one_is_left() -> bool:
        return len(await documents(sandbox, REQUESTS)) == 1

    await eventually(one_is_left)


async def test_a_batch_keeps_its_order_and_says_what_is_missing(door: Door) -> None:
    first, second = await keep(door), await keep(door)
    status, answer = await call(door, "POST", f"{MEDIA}/batch", {"ids": [second, 999, first, second, 2**63 - 1]})
    assert status == 200
    assert [media["id"] for media in answer["results"]] == [second, first]
    assert answer["missing"] == [999, 2**63 - 1]


WRONG: tuple[tuple[str, str, object, str], ...] = (
    ("PATCH", "{id}", {"tags": ["x"] * 10_000}, "tags"), ("PATCH", "{id}", {"tags": "a"}, "tags"),
    ("PATCH", "{id}", {"tags": ["a\0"]}, "tags.0"), ("PATCH", "{id}", {"tags": ["x" * 65]}, "tags.0"),
    ("PATCH", "{id}", {"filename": None}, "filename"), ("PATCH", "{id}", {"filename": "  "}, "filename"),
    ("PATCH", "{id}", {"category": None}, "category"), ("PATCH", "{id}", {"category": "x"}, "category"),
    ("PATCH", "{id}", {"description": "x" * 2001}, "description"), ("PATCH", "{id}", {"owner": "me"}, "owner"),
    ("PATCH", "{id}", {"description": "\ud800"}, "description"), ("PATCH", "{id}", {"status": "deleted"}, "status"),
    ("PATCH", "{id}", {"expires_at": "tomorrow"}, "expires_at"),
    ("PATCH", "{id}", {"expires_at": "2025-01-01T00:00:00"}, "expires_at"),
    ("PATCH", "{id}", {"expires_at": "0001-01-01T00:00:00Z"}, "expires_at"),
    ("PATCH", "{id}", {"expires_at": 1e300}, "expires_at"), ("PUT", "{id}/tags", {}, "tags"),
    ("PUT", "{id}/tags", {"tags": [""]}, "tags.0"), ("PUT", "{id}/tags", {"tags": [], "replace": 1}, "replace"),
    ("POST", "batch", {"ids": []}, "ids"), ("POST", "batch", {"ids": list(range(1, 202))}, "ids"),
    ("POST", "batch", {"ids": [0]}, "ids.0"), ("POST", "batch", {"ids": [2**63]}, "ids.0"),
    ("POST", "batch", {"ids": ["1"]}, "ids.0"), ("POST", "batch", {"ids": [True]}, "ids.0"),
    ("POST", "{id}/archive", {"archive_reason": "x" * 2001}, "archive_reason"),
    ("POST", "{id}/send", {"chat_id": 2**63}, "chat_id"), ("POST", "{id}/send", {"chat_id": "5"}, "chat_id"),
    ("POST", "{id}/send", {"chat_id": 5, "caption": "x" * 1025}, "caption"),
    ("POST", "telegram", {"file_id": "../x"}, "file_id"), ("POST", "telegram", {}, "file_id"),
)  # fmt: skip


async def test_each_wrong_field_is_named(door: Door) -> None:
    media_id = await keep(door)
    for method, path, body, field in WRONG:
        status, answer = await call(door, method, f"{MEDIA}/{path.format(id=media_id)}", body)
        assert (status, answer["code"]) == (422, "invalid_fields"), (path, body, answer)
        assert field in [error["field"] for error in answer["errors"]]


async def test_an_id_that_is_none_is_not_found(door: Door) -> None:
    for media_id in ("0", "-1", "1.5", "abc", "99999999999999999999", "%00", "9223372036854775807"):
        for method, path, body in (("PATCH", "", "{}"), ("PUT", "/tags", '{"tags":[]}'), ("POST", "/archive", "{}")):
            status, answer = await call(door, method, f"{MEDIA}/{media_id}{path}", json.loads(body))
            assert (status, answer["code"]) == (404, "media_not_found")


async def test_a_body_that_is_no_json(door: Door) -> None:
    for body in (b"{", b"[]", b"null", b'{"tags": [NaN]}', b"\xff", b"[" * 100_000):
        async with door.client.patch(f"{MEDIA}/1", data=body, headers={"Content-Type": "application/json"}) as response:
            assert (response.status, (await response.json())["code"]) == (400, "malformed_body")


async def test_reading_alone_changes_nothing(door: Door) -> None:
    media_id = await keep(door)
    calls = (("PATCH", ""), ("PUT", "/tags"), ("POST", "/archive"), ("POST", "/send"))
    for method, path in calls:
        request = door.client.request(method, f"{MEDIA}/{media_id}{path}", json={}, headers={"X-API-Key": READ_ONLY})
        async with request as response:
            assert (response.status, (await response.json())["code"]) == (403, "missing_scope")
