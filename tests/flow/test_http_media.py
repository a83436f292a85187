"""Media through the HTTP door: the bytes in ranges, deleting, requests."""

import asyncio
import io
from collections.abc import AsyncIterator
from email import message_from_bytes
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests import media as files
from tests.flow.archives import some_bytes
from tests.flow.conftest import RunningArchive, running_archive
from tests.flow.http_door import KEY, READ_ONLY, UPLOAD, Door, open_door
from web.deps import BodyTimes

DATA = some_bytes(200_000)


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


@pytest.fixture
async def url(door: Door) -> str:
    """The file of a stored media in several parts."""
    _, answer = await door.send(DATA, Content_Disposition="attachment; filename*=UTF-8''%D0%B0%D0%BA%D1%82.txt")
    return str(answer["media"]["file_url"])


async def test_a_file_comes_back_byte_for_byte(door: Door, url: str) -> None:
    status, body, headers = await door.fetch(url)
    assert (status, body) == (200, DATA)
    assert headers["Content-Length"] == "200000"
    assert headers["Content-Type"] == "text/plain"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("inline; filename=")
    assert "filename*=UTF-8''%D0%B0%D0%BA%D1%82.txt" in headers["Content-Disposition"]
    assert headers["ETag"].startswith('"')
    _, _, headers = await door.fetch(f"{url}?download=1")
    assert headers["Content-Disposition"].startswith("attachment;")


async def test_head_says_the_same_without_a_body(door: Door, url: str) -> None:
    _, _, of_get = await door.fetch(url)
    async with door.client.head(url, headers={"Range": "bytes=0-1"}) as response:
        assert response.status == 200
        for name in ("Content-Length", "ETag", "Last-Modified", "Content-Disposition", "Content-Type"):
            assert response.headers[name] == of_get[name]
    async with door.client.head(url.removesuffix("/file")) as response:
        assert (response.status, response.content_type) == (200, "application/json")


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=65000-140000", 65_000, 140_001),
        ("bytes=199999-", 199_999, 200_000),
        ("bytes=-500", 199_500, 200_000),
        ("bytes=100-999999", 100, 200_000),
        ("bytes=0-10,5-20", 0, 21),
    ],
)
async def test_one_range(door: Door, url: str, header: str, start: int, stop: int) -> None:
    status, body, headers = await door.fetch(url, Range=header)
    assert (status, body) == (206, DATA[start:stop])
    assert headers["Content-Range"] == f"bytes {start}-{stop - 1}/200000"
    assert headers["Content-Length"] == str(stop - start)


async def test_several_ranges_come_as_parts(door: Door, url: str) -> None:
    status, body, headers = await door.fetch(url, Range="bytes=150000-150009, 0-4, -3")
    assert status == 206
    assert headers["Content-Length"] == str(len(body))
    message = message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    assert message.get_content_type() == "multipart/byteranges"
    parts = [part for part in message.walk() if part is not message]
    assert [part["Content-Range"] for part in parts] == [
        "bytes 150000-150009/200000",
        "bytes 0-4/200000",
        "bytes 199997-199999/200000",
    ]
    assert [part.get_payload(decode=True) for part in parts] == [DATA[150_000:150_010], DATA[:5], DATA[-3:]]


async def test_a_range_outside_the_file(door: Door, url: str) -> None:
    status, body, headers = await door.fetch(url, Range="bytes=200000-")
    assert (status, headers["Content-Range"]) == (416, "bytes */200000")
    assert b"invalid_range" in body


async def test_ranges_that_make_no_sense_give_the_whole(door: Door, url: str) -> None:
    for header in ("bytes=x-y", "lines=1-2", "bytes=5-1"):
        assert (await door.fetch(url, Range=header))[:2] == (200, DATA)


async def test_conditions(door: Door, url: str) -> None:
    _, _, headers = await door.fetch(url)
    etag, modified = headers["ETag"], headers["Last-Modified"]
    for condition in ({"If_None_Match": etag}, {"If_None_Match": f"W/{etag}"}, {"If_Modified_Since": modified}):
        status, body, got = await door.fetch(url, **condition)
        assert (status, body, got["ETag"]) == (304, b"", etag)
    assert (await door.fetch(url, If_None_Match='"other"'))[0] == 200
    assert (await door.fetch(url, If_Match='"other"'))[0] == 412
    for if_range, status in ((etag, 206), (modified, 206), ('"other"', 200), (f"W/{etag}", 200)):
        assert (await door.fetch(url, Range="bytes=0-1", If_Range=if_range))[0] == status


async def test_active_content_is_never_shown_inline(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """Even where the operator lets it in."""
    types = {"allowed_types": "text/html,image/svg+xml,text/plain"}
    html, svg = b"<!doctype html><html><script>alert(1)</script></html>", b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    async with running_archive(database_url, sandbox, tmp_path, **types) as running, open_door(running) as door:
        for data, content_type in ((html, "text/html"), (svg, "image/svg+xml")):
            status, answer = await door.send(data, Content_Type=content_type)
            assert (status, answer["media"]["content_type"]) == (201, content_type)
            _, _, headers = await door.fetch(answer["media"]["file_url"])
            assert headers["Content-Disposition"].startswith("attachment;")
            assert "sandbox" in headers["Content-Security-Policy"]


async def test_images_are_shown_inline(door: Door, tmp_path: Path) -> None:
    status, answer = await door.send(files.png(tmp_path).read_bytes(), Content_Type="image/png")
    assert (status, answer["media"]["file_type"], answer["media"]["category"]) == (201, "photo", "request_photo")
    _, _, headers = await door.fetch(answer["media"]["file_url"])
    assert headers["Content-Disposition"].startswith("inline;")


async def test_bytes_are_served_before_they_are_in_telegram(door: Door) -> None:
    async with door.running.sandbox.fault("flood", method="sendDocument", retry_after=3600):
        status, answer = await door.send(DATA, Prefer="respond-async")
        assert status == 202
        assert (await door.fetch(answer["media"]["file_url"], Range="bytes=60000-80000"))[1] == DATA[60_000:80_001]


async def test_delete_is_idempotent_and_final(door: Door, url: str) -> None:
    media_url = url.removesuffix("/file")
    for _ in range(2):
        async with door.client.delete(media_url) as response:
            assert (response.status, await response.read()) == (204, b"")
    for path in (url, media_url):
        status, answer = await door.get(path)
        assert (status, answer["code"]) == (410, "media_deleted")
    async with door.client.delete(media_url, headers={"X-API-Key": READ_ONLY}) as response:
        assert response.status == 403


async def test_media_of_a_request(door: Door) -> None:
    for index, category in enumerate(("request_document", "report_document", "report_document")):
        await door.send_form(
            ("request_number", "250926-001"), ("category", category), ("file", (f"{index}.txt", b"text %d" % index))
        )
    status, listed = await door.get("/api/v1/media/request/250926-001")
    assert (status, [item["filename"] for item in listed]) == (200, ["2.txt", "1.txt", "0.txt"])
    _, listed = await door.get("/api/v1/media/request/250926-001?category=report_document&limit=1&offset=1")
    assert [item["filename"] for item in listed] == ["1.txt"]
    assert (await door.get("/api/v1/media/request/250926-999"))[1] == []


async def test_attach_and_detach(door: Door, url: str) -> None:
    media_url = url.removesuffix("/file")
    link = media_url.replace("/media/", "/requests/250926-007/media/")
    for _ in range(2):
        async with door.client.put(link) as response:
            assert response.status == 200
            assert (await response.json())["request_numbers"] == ["250926-007"]
    assert len((await door.get("/api/v1/media/request/250926-007"))[1]) == 1
    for _ in range(2):
        async with door.client.delete(link) as response:
            assert response.status == 204
    assert (await door.get(media_url))[1]["request_numbers"] == []
    async with door.client.put(link.replace("250926-007", "250230-001")) as response:
        assert response.status == 422


async def test_a_source_that_fails_at_once_is_503(door: Door, url: str) -> None:
    async with door.running.sandbox.fault("flood", method="getFile", retry_after=30):
        status, body, headers = await door.fetch(url)
    assert status == 503
    assert b"source_unavailable" in body
    assert int(headers["Retry-After"]) > 0


async def test_a_source_that_fails_in_the_middle_cuts_the_connection(door: Door, url: str) -> None:
    """The client must not take half a file for the whole."""
    async with door.running.sandbox.fault("truncate", method="file"):
        answer = await _read_to_the_end(door, url)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head
    assert b"Content-Length: 200000" in head
    assert 0 < len(body) < 200_000
    assert DATA.startswith(body)


async def _read_to_the_end(door: Door, url: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(f"GET {url} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n".encode())
    held = bytearray()
    try:
        async with asyncio.timeout(5):
            while data := await reader.read(65536):
                held += data
    except ConnectionResetError:
        return bytes(held)
    finally:
        writer.close()
    return bytes(held)


async def test_a_reader_who_stops_is_left(archive: RunningArchive) -> None:
    async with open_door(archive, times=BodyTimes(idle=0.5)) as door:
        big = some_bytes(12_000_000)
        async with door.client.post(
            f"{UPLOAD}/stream", data=io.BytesIO(big), headers={"Content-Type": "text/plain", "Prefer": "respond-async"}
        ) as response:
            answer = await response.json()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1024)
        writer.write(f"GET {answer['media']['file_url']} HTTP/1.0\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n".encode())
        got = len(await reader.readexactly(1))
        await asyncio.sleep(4)  # eight times what the server waits for a reader
        try:
            async with asyncio.timeout(60):
                while data := await reader.read(1 << 20):
                    got += len(data)
        except ConnectionResetError:
            pass
        finally:
            writer.close()
        assert got < len(big)
