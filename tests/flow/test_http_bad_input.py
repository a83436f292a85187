"""What is wrong is refused in words, and leaves nothing: no row, no byte in the spool."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from sandbox.client import SandboxClient
from tests import media
from tests.flow.archives import some_bytes
from tests.flow.conftest import RunningArchive, eventually, running_archive
from tests.flow.http_door import KEY, OTHER, READ_ONLY, UPLOAD, Door, open_door
from web.deps import BodyTimes

TEXT = b"Some text.\n"
HEAD = f"POST {UPLOAD}/stream HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nContent-Type: text/plain\r\n".encode()
FORM = HEAD.replace(b"text/plain", b"multipart/form-data; boundary=b")


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened
        assert await opened.is_clean()


@pytest.fixture
async def small(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[Door]:
    """A door that takes files of 300 kB, and holds a megabyte."""
    limits = {"part_size": "64KiB", "max_file_size": "300KB", "spool_max_bytes": "1MB"}
    async with running_archive(database_url, sandbox, tmp_path, **limits) as running, open_door(running) as opened:
        yield opened
        assert await opened.is_clean()


def problem_of(answer: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the JSON in what came over a bare socket."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


async def test_an_empty_file(door: Door) -> None:
    assert (await door.send(b""))[1]["code"] == "empty_file"
    status, answer = await door.send_form(("file", ("empty.txt", b"")), ("tags", "a"))
    assert (status, answer["code"]) == (400, "empty_file")


async def test_no_file_part(door: Door) -> None:
    for path in (f"{UPLOAD}/stream", f"{UPLOAD}/multiple"):
        status, answer = await door.send_form(("tags", "a"), ("description", "b"), path=path)
        assert (status, answer["code"]) == (400, "missing_file")


async def test_two_files_on_the_single_call(door: Door) -> None:
    status, answer = await door.send_form(("file", ("a.txt", TEXT)), ("file", ("b.txt", TEXT)))
    assert (status, answer["code"], answer["limit"]) == (400, "too_many_files", 1)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--b\r\n\r\n--b--"),
        ("multipart/form-data; boundary=", b"--b\r\n\r\n--b--"),
        (
            "multipart/form-data; boundary=other",
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--',
        ),
        ("multipart/form-data; boundary=b", b"no form at all"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nno headers\r\n\r\nx\r\n--b--\r\n"),
    ],
)
async def test_a_wrong_boundary(door: Door, content_type: str, body: bytes) -> None:
    status, answer = await door.send(body, Content_Type=content_type)
    assert (status, answer["code"]) == (400, "malformed_body")


async def test_a_form_without_its_end(door: Door) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + some_bytes(200_000)
    status, answer = await door.send(body, Content_Type="multipart/form-data; boundary=b")
    assert (status, answer["code"]) == (400, "incomplete_body")


@pytest.mark.parametrize("head", [HEAD, FORM])
@pytest.mark.parametrize("framing", [b"Content-Length: 500000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
async def test_a_body_cut_short_leaves_nothing(door: Door, head: bytes, framing: bytes) -> None:
    """The client dies in the middle, several parts in."""
    body = some_bytes(200_000)
    if head is FORM:
        body = b'--b\r\nContent-Disposition: form-data; name="tags"\r\n\r\na\r\n--b\r\n' + (
            b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + body
        )
    if b"chunked" in framing:
        body = f"{len(body):x}\r\n".encode() + body + b"\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(head + framing + body)
    await writer.drain()
    await eventually(lambda: _has_parts(door))
    writer.transport.abort()
    await eventually(door.is_clean)


async def _has_parts(door: Door) -> bool:
    return len(door.running.spooled_files()) > 0


async def test_a_length_over_the_limit_is_refused_before_the_body(small: Door) -> None:
    """The answer comes though not one byte of the body was sent."""
    answer = await small.talk(HEAD + b"Content-Length: 300001\r\n\r\n")
    status, problem = problem_of(answer)
    assert (status, problem["code"], problem["limit"]) == (413, "file_too_large", 300_000)
    status, problem = problem_of(await small.talk(FORM + b"Content-Length: 99300001\r\n\r\n"))
    assert (status, problem["code"]) == (413, "file_too_large")


async def test_a_lie_about_the_length_is_cut_off_at_the_limit(small: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield some_bytes(10_000)

    sent = aiohttp.ClientSession(small.url, headers={"X-API-Key": KEY})
    async with sent, sent.post(f"{UPLOAD}/stream", data=endless(), headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 413
        assert (await response.json(content_type=None))["code"] == "file_too_large"
        assert response.headers["Connection"] == "close"


async def test_one_large_file_among_several_fails_alone(small: Door) -> None:
    files = [("files", ("a.txt", TEXT)), ("files", ("big.txt", some_bytes(400_000))), ("files", ("c.txt", b"c\n"))]
    status, answer = await small.send_form(*files, path=f"{UPLOAD}/multiple")
    assert status == 207
    assert [item["status"] for item in answer] == [201, 413, 201]
    for item in (answer[0], answer[2]):
        async with small.running.archive.sessions.begin() as session:
            await _forget(session, item["media_file_id"])


async def _forget(session: Any, media_id: int) -> None:
    from sqlalchemy import delete

    from storage.tables import Audit, Media, Part, Upload

    await session.execute(delete(Part).where(Part.media_id == media_id))
    await session.execute(delete(Upload).where(Upload.media_id == media_id))
    await session.execute(delete(Media).where(Media.id == media_id))
    await session.execute(delete(Audit))


async def test_a_type_that_is_not_allowed(door: Door, tmp_path: Path) -> None:
    status, answer = await door.send(
        media.linux_program(tmp_path).read_bytes(), Content_Type="application/octet-stream"
    )
    assert (status, answer["code"]) == (415, "type_not_allowed")


async def test_a_program_declared_as_an_image(door: Door, tmp_path: Path) -> None:
    program = media.windows_program(tmp_path).read_bytes()
    status, answer = await door.send(program, Content_Type="image/png")
    assert (status, answer["code"]) == (415, "type_contradiction")
    status, answer = await door.send_form(("file", ("photo.jpg", program)))
    assert (status, answer["code"]) == (415, "type_contradiction")


@pytest.mark.parametrize("number", ["260231-001", "250926-01", "250926", "abc", "25-0926-001", "250926-001 or 1=1"])
async def test_wrong_request_numbers(door: Door, number: str) -> None:
    for position in (0, 1):
        fields: list[Any] = [("file", ("a.txt", some_bytes(100_000)))]
        fields.insert(position, ("request_number", number))
        status, answer = await door.send_form(*fields)
        assert (status, answer["code"]) == (422, "invalid_request_number")
    status, answer = await door.get(f"/api/v1/media/request/{number}")
    assert status == 422


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ([("colour", "red")], ["colour"]),
        ([("colour", ("red.txt", b"x"))], ["colour"]),
        ([("tags", '["a"')], ["tags"]),
        ([("tags", '{"a": 1}')], ["tags"]),
        ([("tags", "[1, 2]")], ["tags"]),
        ([("tags", "x" * 65)], ["tags"]),
        ([("tags", '["\\ud800"]')], ["tags"]),
        ([("category", "selfie"), ("description", "x" * 2001)], ["category", "description"]),
        ([("description", "nul\x00")], ["description"]),
        ([("external_id", "x" * 201)], ["external_id"]),
        ([("on_duplicate", "replace")], ["on_duplicate"]),
        ([("tags", "a"), ("tags", "b")], ["tags"]),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_wrong_fields_are_named(door: Door, fields: list[Any], named: list[str], *, late: bool) -> None:
    file = ("file", ("a.txt", TEXT))
    status, answer = await door.send_form(*([file, *fields] if late else [*fields, file]))
    assert (status, answer["code"]) == (422, "invalid_fields")
    assert sorted({error["field"] for error in answer["errors"]}) == named


async def test_wrong_query_parameters_are_named(door: Door) -> None:
    status, answer = await door.send(TEXT, path=f"{UPLOAD}/stream?colour=red&filename=a.txt")
    assert (status, answer["errors"][0]["field"]) == (422, "colour")
    status, answer = await door.send(TEXT, path=f"{UPLOAD}/stream?filename=a&filename=b")
    assert (status, answer["errors"][0]["field"]) == (422, "filename")


async def test_a_field_that_is_no_text(door: Door) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="tags"\r\n\r\n\xff\xfe\r\n--b--\r\n'
    status, answer = await door.send(body, Content_Type="multipart/form-data; boundary=b")
    assert (status, answer["errors"]) == (422, [{"field": "tags", "reason": "is not UTF-8"}])


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X_Upload_ID": "not-a-uuid"}, 422, "invalid_fields"),
        ({"Idempotency_Key": "with space"}, 422, "invalid_fields"),
        ({"Content_Digest": "sha-256=:AAAA:"}, 422, "invalid_fields"),
        ({"Content_Digest": "sha-256=:" + "A" * 43 + "=:"}, 400, "digest_mismatch"),
        ({"Repr_Digest": "md5=:x:, sha-256=:" + "A" * 43 + "=:"}, 400, "digest_mismatch"),
        ({"Content_Encoding": "gzip"}, 400, "malformed_body"),
        ({"Expect": "200-ok"}, 417, "expectation_failed"),
    ],
)
async def test_wrong_headers(door: Door, headers: dict[str, str], status: int, code: str) -> None:
    got, answer = await door.send(some_bytes(100_000), **headers)
    assert (got, answer["code"]) == (status, code)


async def test_without_a_key_nothing_is_read(door: Door) -> None:
    for credentials in (b"", b"X-API-Key: wrong\r\n", b"X-API-Key: \r\n", b"Authorization: Bearer abc\r\n"):
        request = HEAD.replace(f"X-API-Key: {KEY}\r\n".encode(), credentials)
        answer = await door.talk(request + b"Content-Length: 1000000\r\n\r\n")
        status, problem = problem_of(answer)
        assert (status, problem["code"]) == (401, "unauthenticated")
        assert b"WWW-Authenticate: ApiKey" in answer


async def test_a_scope_that_is_missing(door: Door) -> None:
    status, answer = await door.send(TEXT, X_API_Key=READ_ONLY)
    assert (status, answer["code"], answer["scope"]) == (403, "missing_scope", "media:write")


async def test_100_continue_comes_only_after_the_headers_were_checked(small: Door) -> None:
    refused = HEAD + b"Expect: 100-continue\r\nContent-Length: 300001\r\n\r\n"
    assert (await small.talk(refused)).startswith(b"HTTP/1.1 413")
    no_key = HEAD.replace(KEY.encode(), b"wrong") + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    assert (await small.talk(no_key)).startswith(b"HTTP/1.1 401")
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.transport.abort()


async def test_a_full_spool_asks_to_come_back(small: Door) -> None:
    spool = small.running.archive.spool
    spool.take(900_000)
    async with small.client.post(f"{UPLOAD}/stream", data=bytes(200_000)) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert (await response.json(content_type=None))["code"] == "spool_full"
    status, answer = await small.send_form(("file", ("a.txt", some_bytes(200_000))))
    assert (status, answer["code"]) == (503, "spool_full")
    status, limits = await small.get(f"{UPLOAD}/limits")
    assert (status, limits["streaming_available"]) == (200, True)
    spool._used -= 900_000


async def test_while_shutting_down_nothing_new_is_taken(door: Door) -> None:
    door.deps.use_cases.intake.closing = True
    status, answer = await door.send(TEXT)
    assert (status, answer["code"]) == (503, "shutting_down")
    assert (await door.get("/health/live"))[0] == 200


@pytest.mark.parametrize("media_id", ["1", "999999999", "0", "-1", "abc", "99999999999999999999999", "1.5", "١"])
async def test_an_unknown_media(door: Door, media_id: str) -> None:
    for path in (f"/api/v1/media/{media_id}", f"/api/v1/media/{media_id}/file"):
        status, answer = await door.get(path)
        assert (status, answer["code"]) == (404, "media_not_found")
    async with door.client.delete(f"/api/v1/media/{media_id}") as response:
        assert response.status == 404
    async with door.client.put(f"/api/v1/requests/250926-001/media/{media_id}") as response:
        assert response.status == 404


async def test_another_callers_upload_looks_like_none(door: Door) -> None:
    for upload_id in (str(uuid4()), "nonsense"):
        status, answer = await door.get(f"{UPLOAD}/progress/{upload_id}")
        assert (status, answer["code"]) == (404, "upload_not_found")
    upload_id = str(uuid4())
    await door.send(b"", X_Upload_ID=upload_id)
    assert (await door.get(f"{UPLOAD}/progress/{upload_id}"))[1]["phase"] == "failed"
    assert (await door.get(f"{UPLOAD}/progress/{upload_id}", X_API_Key=OTHER))[0] == 404


async def test_unknown_paths_and_methods_are_problems(door: Door) -> None:
    async with door.client.get("/api/v1/nothing/here") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
        assert (await response.json(content_type=None))["instance"] == f"urn:uuid:{response.headers['X-Request-ID']}"
    async with door.client.put(f"{UPLOAD}/stream", headers={"X-Request-ID": "my-id_1"}) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
        assert response.headers["X-Request-ID"] == "my-id_1"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "offset=-1", "category=x", "colour=1", "limit=1&limit=2"]
)
async def test_wrong_list_parameters(door: Door, query: str) -> None:
    status, answer = await door.get(f"/api/v1/media/request/250926-001?{query}")
    assert (status, answer["code"]) == (422, "invalid_fields")


async def test_who_sends_nothing_is_sent_away(archive: RunningArchive) -> None:
    async with open_door(archive, times=BodyTimes(idle=0.3, keepalive=0.5)) as door:
        status, problem = problem_of(await door.talk(HEAD + b"Content-Length: 1000\r\n\r\nabc", within=30))
        assert (status, problem["code"]) == (408, "too_slow")
        assert await door.talk(HEAD[:40], within=30) == b""
        await eventually(door.is_clean)


async def test_who_trickles_is_sent_away(archive: RunningArchive) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0.05)

    async with open_door(archive, times=BodyTimes(idle=0.3)) as door:
        async with door.client.post(f"{UPLOAD}/stream", data=trickle()) as response:
            assert response.status == 408
        assert await door.is_clean()


async def test_no_channel_for_the_category(archive: RunningArchive) -> None:
    from sqlalchemy import delete

    from storage.tables import ChannelBinding

    async with archive.archive.sessions.begin() as session:
        await session.execute(delete(ChannelBinding))
    async with open_door(archive) as door:
        status, answer = await door.send(some_bytes(200_000))
        assert (status, answer["code"]) == (503, "channel_not_bound")
        assert await door.is_clean()
