"""tus 1.0.0 as API.md promises it, and what happens to whoever does not keep to it."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event

from storage.tables import ResumableUpload, Upload
from tests.flow.archives import RunningArchive, count
from tests.flow.http_door import OTHER, READ_ONLY, UPLOAD, open_door
from tests.flow.tus import CHUNK, UPLOADS, Tus, checksum, metadata, text

PROGRAM = b"MZ" + bytes(69_998)
Headers = dict[str, str | None]


@pytest.fixture
async def tus(archive: RunningArchive) -> AsyncIterator[Tus]:
    async with open_door(archive) as door:
        yield Tus(door)


async def test_a_file_in_chunks_becomes_a_media(tus: Tus) -> None:
    """Byte for byte, with what the metadata said; every offset on the way is told as it is."""
    data = text(300_000)
    url = await tus.begin(
        len(data), Upload_Metadata=metadata(filename="отчёт.txt", tags="a,b", request_number="250926-001")
    )
    for start in range(0, len(data), 70_001):
        chunk = data[start : start + 70_001]
        answer = await tus.patch(url, start, chunk)
        assert (answer.status, answer.offset) == (204, start + len(chunk))
        assert (await tus.head(url)).offset == start + len(chunk)
    assert answer.media_id is not None
    assert await tus.bytes_of(answer.media_id) == data
    _, media = await tus.door.get(f"/api/v1/media/{answer.media_id}")
    assert (media["filename"], media["tags"], media["request_numbers"]) == ("отчёт.txt", ["a", "b"], ["250926-001"])
    assert media["sha256"] == hashlib.sha256(data).hexdigest()


async def test_parts_are_in_telegram_before_the_last_byte_came(tus: Tus) -> None:
    url = await tus.begin(300_000)
    await tus.patch(url, 0, text(250_000))
    async with asyncio.timeout(10):
        while True:
            _, shown = await tus.door.get(f"{UPLOAD}/progress/{url.rpartition('/')[2]}")
            if shown["stored_parts"] >= 3:
                break
            await asyncio.sleep(0.05)
    assert (shown["phase"], shown["received_bytes"], shown["total_bytes"]) == ("receiving", 250_000, 300_000)
    assert shown["stored_bytes"] <= 250_000
    assert shown["media_id"] is None


async def test_creation_with_the_whole_file(tus: Tus) -> None:
    answer = await tus.create(1000, text(1000))
    assert (answer.status, answer.offset) == (201, 1000)
    assert answer.media_id is not None
    assert await tus.bytes_of(answer.media_id) == text(1000)


async def test_creation_with_the_first_bytes(tus: Tus) -> None:
    answer = await tus.create(1000, text(1000)[:300])
    assert (answer.status, answer.offset, answer.media_id) == (201, 300, None)
    assert (await tus.patch(answer.headers["Location"], 300, text(1000)[300:])).media_id is not None


async def test_a_refused_creation_leaves_nothing(tus: Tus) -> None:
    answer = await tus.create(70_000, PROGRAM, Upload_Metadata=metadata(filename="a.exe"))
    assert (answer.status, answer.code) == (415, "type_not_allowed")
    assert await count(tus.door.running, Upload) == 0
    assert tus.door.running.spooled_files() == []


async def test_a_deferred_length_is_told_with_a_later_chunk(tus: Tus) -> None:
    url = await tus.begin(None)
    assert (await tus.head(url)).headers["Upload-Defer-Length"] == "1"
    await tus.patch(url, 0, text(1000)[:400])
    answer = await tus.patch(url, 400, text(1000)[400:], Upload_Length=1000)
    assert (answer.status, answer.media_id is not None) == (204, True)
    assert (await tus.head(url)).headers["Upload-Length"] == "1000"


async def test_a_deferred_length_is_told_after_the_last_byte(tus: Tus) -> None:
    url = await tus.begin(None)
    await tus.patch(url, 0, text(1000))
    assert (await tus.patch(url, 1000, b"", Upload_Length=999)).status == 422
    assert (await tus.patch(url, 1000, b"", Upload_Length=1000)).media_id is not None


async def test_a_length_cannot_be_changed(tus: Tus) -> None:
    url = await tus.begin(1000)
    assert (await tus.patch(url, 0, text(10), Upload_Length=2000)).status == 422
    assert (await tus.patch(url, 0, text(10), Upload_Length=1000)).status == 204


async def test_head_says_what_was_said(tus: Tus) -> None:
    said = metadata(filename="a.txt", category="other", description="ä")
    url = await tus.begin(10, Upload_Metadata=said)
    answer = await tus.head(url)
    assert (answer.status, answer.offset) == (200, 0)
    assert answer.headers["Upload-Metadata"] == said
    assert (answer.headers["Upload-Length"], answer.headers["Cache-Control"]) == ("10", "no-store")
    assert "GMT" in answer.headers["Upload-Expires"]
    assert answer.headers["Tus-Resumable"] == "1.0.0"


async def test_options_tells_everybody_what_is_spoken(tus: Tus) -> None:
    url = await tus.begin(10)
    for answer in (await tus.options(), await tus.options(url)):
        assert answer.status == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256,md5,crc32"
        assert int(answer.headers["Tus-Max-Size"]) == tus.door.deps.max_file_size
        spoken = set(answer.headers["Tus-Extension"].split(","))
        assert spoken == {"creation", "creation-with-upload", "creation-defer-length", "termination", "checksum",
                          "expiration", "concatenation"}  # fmt: skip


async def test_another_version_is_told_which_there_is(tus: Tus) -> None:
    url = await tus.begin(10)
    for version in (None, "0.2.2"):
        answers = [
            await tus.create(10, Tus_Resumable=version),
            await tus.patch(url, 0, b"x", Tus_Resumable=version),
            await tus.head(url, Tus_Resumable=version),
            await tus.delete(url, Tus_Resumable=version),
        ]
        assert [(answer.status, answer.headers["Tus-Version"]) for answer in answers] == [(412, "1.0.0")] * 4


WRONG_CREATIONS: list[tuple[Headers, int]] = [
    ({"Upload_Length": None}, 400),
    ({"Upload_Length": "ten"}, 400),
    ({"Upload_Length": "-1"}, 400),
    ({"Upload_Length": "9" * 30}, 400),
    ({"Upload_Length": "10", "Upload_Defer_Length": "1"}, 400),
    ({"Upload_Length": None, "Upload_Defer_Length": "2"}, 400),
    ({"Upload_Length": str(1 << 50)}, 413),
    ({"Upload_Length": "0"}, 400),
    ({"Upload_Metadata": "filename !!!"}, 400),
    ({"Upload_Metadata": f"filename {base64.b64encode(bytes([255])).decode()}"}, 400),
    ({"Upload_Metadata": "filename YQ==,filename YQ=="}, 400),
    ({"Upload_Metadata": "filename YQ==,,tags YQ=="}, 400),
    ({"Upload_Metadata": metadata(colour="red")}, 422),
    ({"Upload_Metadata": metadata(category="nonsense")}, 422),
    ({"Upload_Metadata": metadata(request_number="999999-001")}, 422),
    ({"Upload_Metadata": metadata(filename="a\0b")}, 422),
    ({"Upload_Concat": "both"}, 400),
    ({"Upload_Concat": "final;"}, 400),
    ({"Upload_Concat": "final;/api/v1/uploads/nonsense", "Upload_Length": None}, 400),
]


async def test_a_wrong_creation_is_refused_by_name(tus: Tus) -> None:
    for headers, status in WRONG_CREATIONS:
        answer = await tus.create(10, **headers)
        assert answer.status == status, (headers, answer.json)
        assert answer.json["detail"]
    assert await count(tus.door.running, ResumableUpload) == 0


WRONG_CHUNKS: list[tuple[Headers, int, str]] = [
    ({"Content_Type": "text/plain"}, 415, "unsupported_media_type"),
    ({"Content_Type": None}, 415, "unsupported_media_type"),
    ({"Upload_Offset": None}, 400, "invalid_header"),
    ({"Upload_Offset": "x"}, 400, "invalid_header"),
    ({"Upload_Offset": "5"}, 409, "wrong_offset"),
    ({"Upload_Checksum": "rot13 YQ=="}, 400, "invalid_header"),
    ({"Upload_Checksum": "sha1 YQ=="}, 400, "invalid_header"),
    ({"Content_Encoding": "gzip"}, 400, "malformed_body"),
]


async def test_a_wrong_chunk_is_refused_and_changes_nothing(tus: Tus) -> None:
    url = await tus.begin(10)
    for headers, status, code in WRONG_CHUNKS:
        answer = await tus.patch(url, 0, b"abc", **headers)
        assert (answer.status, answer.code) == (status, code), headers
    assert (await tus.head(url)).offset == 0


async def test_bytes_over_the_length_are_refused(tus: Tus) -> None:
    url = await tus.begin(10)
    assert (await tus.patch(url, 0, text(11))).status == 413
    assert (await tus.head(url)).offset == 0


async def test_a_chunked_body_is_held_to_the_length(tus: Tus) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield text(100)

    url = await tus.begin(500)
    assert (await tus.patch(url, 0, pieces())).status == 413
    reached = (await tus.head(url)).offset
    assert reached < 500
    deferred = Tus(tus.door)
    url = await deferred.begin(1000)
    assert (await deferred.patch(url, 0, pieces())).media_id is not None


async def test_a_chunk_with_a_wrong_checksum_never_was(tus: Tus) -> None:
    """Exactly that chunk: what came before stays, and the right one follows. Over the ends of parts too."""
    data = text(200_000)
    for algorithm in ("sha1", "sha256", "md5", "crc32"):
        url = await tus.begin(len(data))
        first = await tus.patch(url, 0, data[:1000], Upload_Checksum=checksum(data[:1000], algorithm))
        assert first.offset == 1000
        right = checksum(data[1000:], algorithm)
        wrong = await tus.patch(url, 1000, text(199_000, 9), Upload_Checksum=right)
        assert (wrong.status, wrong.code) == (460, "checksum_mismatch")
        assert (await tus.head(url)).offset == 1000
        answer = await tus.patch(url, 1000, data[1000:], Upload_Checksum=right)
        assert answer.media_id is not None
        assert await tus.bytes_of(answer.media_id) == data


async def test_damaged_bytes_are_not_taken_for_another_type(tus: Tus) -> None:
    """The checksum is looked at before the type: what was damaged on the way may come again."""
    data = text(100_000)
    url = await tus.begin(len(data))
    wrong = await tus.patch(url, 0, b"MZ" + bytes(99_998), Upload_Checksum=checksum(data))
    assert wrong.status == 460
    assert (await tus.patch(url, 0, data, Upload_Checksum=checksum(data))).media_id is not None


async def test_a_type_that_is_not_allowed_ends_the_upload(tus: Tus) -> None:
    url = await tus.begin(200_000, Upload_Metadata=metadata(filename="a.exe"))
    answer = await tus.patch(url, 0, PROGRAM)
    assert (answer.status, answer.code) == (415, "type_not_allowed")
    gone = await tus.patch(url, 0, b"x")
    assert (gone.status, gone.code, gone.json["reason"]) == (410, "upload_gone", "refused")
    assert (await tus.head(url)).status == 410
    assert tus.door.running.spooled_files() == []


async def test_a_declared_type_that_contradicts_ends_the_upload(tus: Tus) -> None:
    url = await tus.begin(1000, Upload_Metadata=metadata(filename="a.png", filetype="image/png"))
    answer = await tus.patch(url, 0, text(1000))
    assert (answer.status, answer.code) == (415, "type_contradiction")


async def test_an_empty_file_is_refused(tus: Tus) -> None:
    """At its creation, which a client would take for the end; with a deferred length when that is told."""
    assert (await tus.create(0)).code == "empty_file"
    url = await tus.begin(None)
    assert (await tus.patch(url, 0, b"", Upload_Length=0)).code == "empty_file"
    assert (await tus.head(url)).status == 410


async def test_a_complete_upload_takes_no_more(tus: Tus) -> None:
    url = await tus.begin(100)
    first = await tus.patch(url, 0, text(100))
    assert (await tus.patch(url, 100, b"x")).status == 413
    assert (await tus.patch(url, 0, b"x")).status == 409
    again = await tus.patch(url, 100, b"")
    assert (again.status, again.media_id) == (204, first.media_id)
    assert (await tus.head(url)).media_id == first.media_id


async def test_termination(tus: Tus) -> None:
    url = await tus.begin(300_000)
    await tus.patch(url, 0, text(200_000))
    assert (await tus.delete(url)).status == 204
    assert (await tus.delete(url)).status == 410
    assert (await tus.head(url)).status == 410
    assert (await tus.patch(url, 0, b"x")).code == "upload_gone"
    left = await tus.door.left_over()
    assert (left["uploads"], left["parts"], left["spool"], left["spooled"]) == (0, 0, 0, 0)


async def test_terminating_a_complete_upload_leaves_its_media(tus: Tus) -> None:
    url = await tus.begin(100)
    media_id = (await tus.patch(url, 0, text(100))).media_id
    assert (await tus.delete(url)).status == 204
    assert (await tus.head(url)).status == 410
    assert media_id is not None
    assert await tus.bytes_of(media_id) == text(100)


async def test_method_override(tus: Tus) -> None:
    url = await tus.begin(100)
    sent: dict[str, str | int | None] = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": 0, "Content-Type": CHUNK}
    assert (await tus.call("POST", url, text(50), **sent)).offset == 50
    assert (await tus.call("POST", url, X_HTTP_Method_Override="HEAD")).offset == 50
    assert (await tus.call("POST", url, X_HTTP_Method_Override="DELETE")).status == 204
    assert (await tus.call("POST", url, X_HTTP_Method_Override="BREW")).status == 405


async def test_a_chunk_of_an_upload_at_rest_begins_no_transaction(tus: Tus) -> None:
    """It is read, and moved on, by a statement each."""
    url, begun = await tus.begin(300), 0
    await tus.patch(url, 0, text(100))
    engine = tus.door.running.archive.sessions.kw["bind"].sync_engine

    def note(_connection: object) -> None:
        nonlocal begun
        begun += 1

    event.listen(engine, "begin", note)
    assert (await tus.patch(url, 100, text(100))).offset == 200
    event.remove(engine, "begin", note)
    assert begun == 0
    assert (await tus.head(url)).offset == 200


async def test_others_uploads_are_not_there(tus: Tus) -> None:
    url = await tus.begin(100)
    for answer in (
        await tus.head(url, X_API_Key=OTHER),
        await tus.patch(url, 0, b"x", X_API_Key=OTHER),
        await tus.delete(url, X_API_Key=OTHER),
        await tus.head(f"{UPLOADS}/{'0' * 8}-0000-0000-0000-{'0' * 12}"),
        await tus.head(f"{UPLOADS}/nonsense"),
    ):
        assert answer.status == 404
    assert (await tus.head(url, X_API_Key=None)).status == 401
    assert (await tus.create(10, X_API_Key=READ_ONLY)).status == 403


async def test_an_own_duplicate_is_given_instead(tus: Tus) -> None:
    data = text(200_000)
    first = await tus.whole(data)
    said = metadata(filename="n.txt", on_duplicate="return")
    second = await tus.whole(data, Upload_Metadata=said)
    assert second.media_id == first.media_id
    assert (await tus.door.left_over())["media"] == 1
