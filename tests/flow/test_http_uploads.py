"""Uploads through a real socket into a real channel, and the answers of the contract."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.flow.archives import some_bytes
from tests.flow.conftest import RunningArchive
from tests.flow.http_door import KEY, UPLOAD, Door, open_door

TEXT = b"The leak in the basement is fixed.\n"


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


async def test_a_form_answers_with_the_media_in_telegram(door: Door) -> None:
    status, answer = await door.send_form(
        ("file", ("leak.txt", TEXT)),
        ("request_number", "250926-001"),
        ("category", "request_document"),
        ("tags", '["Urgent", "#leak"]'),
        ("description", "Подвал"),
        ("uploaded_by", "42"),
        ("external_id", "crm-7"),
    )
    assert status == 201
    media = answer.pop("media")
    assert answer == {
        "success": True,
        "media_file_id": media["id"],
        "filename": "leak.txt",
        "file_size": len(TEXT),
        "telegram_message_id": media["telegram"]["message_id"],
        "message": "stored",
        "upload_id": answer["upload_id"],
    }
    assert media["uploaded_by"] == 42
    assert media["uploaded_at"].endswith("Z")
    expected = {
        "content_type": "text/plain",
        "file_type": "document",
        "category": "request_document",
        "description": "Подвал",
        "tags": ["urgent", "leak"],
        "request_numbers": ["250926-001"],
        "request_number": "250926-001",
        "sha256": hashlib.sha256(TEXT).hexdigest(),
        "status": "active",
        "stored": True,
        "source": "http",
        "delivery": "http",
        "verified": True,
        "external_id": "crm-7",
        "duplicate_of": None,
        "file_url": f"/api/v1/media/{media['id']}/file",
    }
    assert {name: media[name] for name in expected} == expected
    assert media["telegram"]["parts"] == 1
    assert media["telegram"]["file_id"]


@pytest.mark.parametrize("position", [0, 1, 2])
async def test_fields_come_in_any_order(door: Door, position: int) -> None:
    fields: list[Any] = [("request_number", "250926-001"), ("tags", "a, b")]
    fields.insert(position, ("file", ("a.txt", some_bytes(200_000))))
    status, answer = await door.send_form(*fields)
    assert status == 201
    assert (answer["media"]["request_number"], answer["media"]["tags"]) == ("250926-001", ["a", "b"])
    assert (await door.fetch(answer["media"]["file_url"]))[1] == some_bytes(200_000)


async def test_a_raw_body_takes_its_fields_from_the_query(door: Door) -> None:
    async with door.client.post(
        f"{UPLOAD}/stream",
        params={"filename": "отчёт.txt", "request_number": "250926-001", "tags": "a,b", "uploaded_by": "Ivan"},
        data=TEXT,
        headers={"Content-Type": "text/plain", "Content-Digest": digest(TEXT)},
    ) as response:
        answer = await response.json()
        assert response.status == 201
        assert response.headers["Location"] == f"/api/v1/media/{answer['media_file_id']}"
        assert response.headers["X-Upload-ID"] == answer["upload_id"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert answer["filename"] == "отчёт.txt"
    assert answer["media"]["uploaded_by"] == "Ivan"
    assert answer["media"]["request_numbers"] == ["250926-001"]


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('attachment; filename="plain.txt"', "plain.txt"),
        ("attachment; filename*=UTF-8''%D0%B0%D0%BA%D1%82.txt", "акт.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Users\\\\me\\\\a.txt"', "a.txt"),
        ('attachment; filename="a<script>.txt"', "a_script_.txt"),
        ('attachment; filename="' + "x" * 400 + '.txt"', "x" * 251 + ".txt"),
        ("attachment", "file.txt"),
    ],
)
async def test_hostile_and_foreign_names_become_harmless(door: Door, disposition: str, filename: str) -> None:
    status, answer = await door.send(TEXT, Content_Disposition=disposition)
    assert (status, answer["filename"]) == (201, filename)


async def test_a_chunked_body_without_a_length_is_taken(door: Door) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, 300_000, 7_000):
            yield some_bytes(300_000)[start : start + 7_000]
            await asyncio.sleep(0)

    async with door.client.post(f"{UPLOAD}/stream", data=pieces(), headers={"Content-Type": "text/plain"}) as response:
        answer = await response.json()
    assert (response.status, answer["file_size"]) == (201, 300_000)
    assert (await door.fetch(answer["media"]["file_url"]))[1] == some_bytes(300_000)


async def test_respond_async_answers_as_soon_as_it_is_durable(door: Door) -> None:
    async with door.client.post(
        f"{UPLOAD}/stream", data=TEXT, headers={"Content-Type": "text/plain", "Prefer": "respond-async"}
    ) as response:
        answer = await response.json()
    assert response.status == 202
    assert response.headers["Preference-Applied"] == "respond-async"
    assert (answer["message"], answer["telegram_message_id"], answer["media"]["telegram"]) == ("accepted", None, None)
    assert answer["success"] is True


async def test_wait_says_how_long_to_wait_for_telegram(door: Door) -> None:
    await door.running.sandbox.add_fault(method="sendDocument", kind="flood", retry_after=30)
    status, answer = await door.send(TEXT, Prefer="wait=1")
    assert (status, answer["media"]["stored"]) == (202, False)


async def test_a_client_chooses_the_upload_id_once(door: Door) -> None:
    upload_id = str(uuid4())
    status, answer = await door.send(TEXT, X_Upload_ID=upload_id)
    assert (status, answer["upload_id"]) == (201, upload_id)
    status, answer = await door.send(TEXT, X_Upload_ID=upload_id)
    assert (status, answer["code"]) == (409, "upload_id_in_use")


async def test_a_duplicate_is_named_or_returned(door: Door) -> None:
    _, first = await door.send(TEXT)
    _, second = await door.send(TEXT)
    assert second["media"]["duplicate_of"] == first["media_file_id"]
    status, third = await door.send(TEXT, path=f"{UPLOAD}/stream?on_duplicate=return")
    assert (status, third["media_file_id"]) == (200, first["media_file_id"])
    status, fourth = await door.send_form(("file", ("a.txt", TEXT)), ("on_duplicate", "return"))
    assert (status, fourth["media_file_id"]) == (200, first["media_file_id"])
    assert (await door.left_over())["media"] == 2


async def test_a_part_may_declare_its_digest(door: Door) -> None:
    for data, status in ((TEXT, 201), (TEXT + b"x", 400)):
        with aiohttp.MultipartWriter("form-data") as writer:
            part = writer.append(TEXT, {"Content-Type": "text/plain", "Content-Digest": digest(data)})
            part.set_content_disposition("form-data", name="file", filename="a.txt")
        async with door.client.post(f"{UPLOAD}/stream", data=writer) as response:
            assert response.status == status


async def test_several_files_answer_one_by_one_in_order(door: Door) -> None:
    status, answer = await door.send_form(
        *[("files", (f"{index}.txt", some_bytes(100_000, seed=index))) for index in range(3)],
        ("request_number", "250926-002"),
        path=f"{UPLOAD}/multiple",
    )
    assert status == 201
    assert [item["filename"] for item in answer] == ["0.txt", "1.txt", "2.txt"]
    assert {item["status"] for item in answer} == {201}
    for index, item in enumerate(answer):
        assert item["media"]["request_number"] == "250926-002"
        assert (await door.fetch(item["media"]["file_url"]))[1] == some_bytes(100_000, seed=index)


async def test_a_bad_file_never_harms_its_neighbours(door: Door) -> None:
    program = b"MZ" + bytes(200_000)
    status, answer = await door.send_form(
        ("files", ("good.txt", TEXT)),
        ("files", ("bad.exe", program)),
        ("files", ("empty.txt", b"")),
        ("file", ("also-good.txt", TEXT + TEXT)),
        path=f"{UPLOAD}/multiple",
    )
    assert status == 207
    assert [item["success"] for item in answer] == [True, False, False, True]
    assert [item["status"] for item in answer] == [201, 415, 400, 201]
    assert answer[1]["error"]["code"] == "type_not_allowed"
    assert answer[2]["error"]["code"] == "empty_file"
    assert (await door.left_over())["media"] == 2
    assert door.running.spooled_files() == []


async def test_files_over_the_limit_fail_alone(archive: RunningArchive) -> None:
    async with open_door(archive, max_files_per_request=2) as door:
        files = [("files", (f"{index}.txt", TEXT + bytes([48 + index]))) for index in range(4)]
        status, answer = await door.send_form(*files, path=f"{UPLOAD}/multiple")
    assert status == 207
    assert [item["status"] for item in answer] == [201, 201, 400, 400]
    assert answer[2]["error"]["code"] == "too_many_files"


async def test_wrong_fields_after_the_files_keep_none_of_them(door: Door) -> None:
    status, answer = await door.send_form(
        ("files", ("a.txt", TEXT)), ("files", ("b.txt", TEXT)), ("request_number", "260231-001"),
        path=f"{UPLOAD}/multiple",
    )  # fmt: skip
    assert (status, answer["code"]) == (422, "invalid_request_number")
    assert await door.is_clean()


async def test_lines_of_progress_end_with_the_result(door: Door) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, 200_000, 50_000):
            yield some_bytes(200_000)[start : start + 50_000]
            await asyncio.sleep(0.3)

    headers = {"Content-Type": "text/plain"}
    async with door.client.post(f"{UPLOAD}/progress", data=slowly(), headers=headers) as response:
        assert response.content_type == "application/x-ndjson"
        lines = [json.loads(line) async for line in response.content]
    assert {line["event"] for line in lines[:-1]} == {"progress"}
    received = [line["received_bytes"] for line in lines[:-1]]
    assert received == sorted(received)
    assert any(0 < count < 200_000 for count in received)
    assert (lines[-1]["event"], lines[-1]["status"], lines[-1]["success"]) == ("result", 201, True)
    assert lines[-1]["media"]["stored"] is True


async def test_lines_come_after_100_continue(door: Door) -> None:
    """Never in the middle of the answer, where it would be a part of the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    head = f"POST {UPLOAD}/progress HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nContent-Type: text/plain\r\n"
    writer.write(f"{head}Content-Length: {len(TEXT)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.write(TEXT)
    rest = await reader.read()
    assert b"100 Continue" not in rest
    assert b'"success": true' in rest
    writer.close()


async def test_an_error_is_the_last_line(door: Door) -> None:
    headers = {"Content-Type": "image/png"}
    async with door.client.post(f"{UPLOAD}/progress", data=TEXT, headers=headers) as response:
        lines = [json.loads(line) async for line in response.content]
    assert (lines[-1]["success"], lines[-1]["error"]["code"]) == (False, "type_contradiction")
    assert await door.is_clean()


async def test_the_door_lives_while_many_uploads_run(door: Door) -> None:
    """Fifty slow clients at once, and the health page answers at once."""
    go_on = asyncio.Event()

    async def waiting(index: int) -> AsyncIterator[bytes]:
        yield some_bytes(100_000, seed=index)
        await go_on.wait()
        yield b"end"

    async def upload(index: int) -> int:
        async with door.client.post(
            f"{UPLOAD}/stream", data=waiting(index), headers={"Content-Type": "text/plain", "Prefer": "respond-async"}
        ) as response:
            return response.status

    uploads = [asyncio.create_task(upload(index)) for index in range(50)]
    await asyncio.sleep(0.5)
    async with asyncio.timeout(1):
        assert (await door.get("/health/live"))[0] == 200
    _, listed = await door.get(f"{UPLOAD}/progress")
    assert len(listed) == 50
    go_on.set()
    assert set(await asyncio.gather(*uploads)) == {202}
