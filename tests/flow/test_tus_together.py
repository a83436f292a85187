"""Runs of a file that are uploaded side by side, and put together."""

from collections.abc import AsyncIterator

import pytest

from storage.tables import ResumableUpload
from tests.flow.archives import RunningArchive, count
from tests.flow.http_door import OTHER, UPLOAD, open_door
from tests.flow.tus import UPLOADS, Answer, Tus, metadata, text


@pytest.fixture
async def tus(archive: RunningArchive) -> AsyncIterator[Tus]:
    async with open_door(archive) as door:
        yield Tus(door)


async def run(tus: Tus, data: bytes) -> str:
    """A complete partial upload."""
    url = await tus.begin(len(data), Upload_Concat="partial", Upload_Metadata=None)
    if data:
        assert (await tus.patch(url, 0, data)).offset == len(data)
    return url


async def join(tus: Tus, *urls: str, **headers: str | None) -> Answer:
    given = {"Upload-Metadata": metadata(filename="notes.txt", category="other"), **headers}
    return await tus.call("POST", UPLOADS, Upload_Concat=f"final;{' '.join(urls)}", **given)


async def test_runs_become_one_media(tus: Tus) -> None:
    data = text(250_000)
    urls = [await run(tus, data[start:stop]) for start, stop in ((0, 90_000), (90_000, 90_001), (90_001, 250_000))]
    assert [shown["phase"] for shown in (await tus.door.get(f"{UPLOAD}/progress"))[1]] == ["receiving"] * 3
    answer = await join(tus, *urls)
    assert (answer.status, answer.offset) == (201, len(data))
    assert answer.media_id is not None
    assert await tus.bytes_of(answer.media_id) == data
    final = await tus.head(answer.headers["Location"])
    assert final.headers["Upload-Concat"] == f"final;{' '.join(urls)}"
    assert (final.headers["Upload-Length"], final.media_id) == ("250000", answer.media_id)
    assert [(await tus.head(url)).status for url in urls] == [410] * 3
    left = await tus.door.left_over()
    assert (left["media"], left["uploads"]) == (1, 1)


async def test_urls_may_be_absolute_and_a_run_empty(tus: Tus) -> None:
    urls = [await run(tus, text(100)), await run(tus, b"")]
    answer = await join(tus, *(f"https://media.example.com{url}" for url in urls))
    assert answer.media_id is not None
    assert await tus.bytes_of(answer.media_id) == text(100)


async def test_the_same_call_again_gives_the_same_upload(tus: Tus) -> None:
    """A client whose answer was lost must not lose its file, nor have it twice."""
    urls = [await run(tus, text(100)), await run(tus, text(100, 2))]
    first, again = await join(tus, *urls), await join(tus, *urls)
    assert (again.status, again.headers["Location"]) == (201, first.headers["Location"])
    assert again.media_id == first.media_id
    assert (await join(tus, *reversed(urls))).code == "unfinished_parts"
    assert (await tus.door.left_over())["media"] == 1


async def test_what_cannot_be_put_together(tus: Tus) -> None:
    done, begun = await run(tus, text(100)), await tus.begin(10, Upload_Concat="partial")
    whole = await tus.begin(10)
    for urls in ((done, begun), (done, whole), (done, f"{UPLOADS}/{'0' * 8}-0000-0000-0000-{'0' * 12}")):
        answer = await join(tus, *urls)
        assert (answer.status, answer.code) == (409, "unfinished_parts")
    assert (await join(tus, done, Upload_Length="100")).status == 400
    assert (await join(tus, done, X_API_Key=OTHER)).status == 409
    assert (await join(tus, await run(tus, b""))).code == "empty_file"
    assert (await tus.head(done)).offset == 100
    assert await count(tus.door.running, ResumableUpload) == 4


async def test_a_refused_type_leaves_the_runs(tus: Tus) -> None:
    url = await run(tus, b"MZ" + bytes(70_000))
    answer = await join(tus, url, Upload_Metadata=metadata(filename="a.exe"))
    assert (answer.status, answer.code) == (415, "type_not_allowed")
    assert (await tus.head(url)).offset == 70_002
    await tus.delete(url)
    left = await tus.door.left_over()
    assert (left["media"], left["uploads"], left["spool"], left["spooled"]) == (0, 0, 0, 0)


async def test_a_final_upload_takes_no_bytes(tus: Tus) -> None:
    final = (await join(tus, await run(tus, text(100)))).headers["Location"]
    answer = await tus.patch(final, 100, b"x")
    assert (answer.status, answer.code) == (403, "final_upload")


async def test_a_complete_run_takes_no_more(tus: Tus) -> None:
    url = await run(tus, text(100))
    assert (await tus.patch(url, 100, b"x")).status == 413
    assert (await tus.patch(url, 100, b"")).status == 204
    assert (await tus.head(url)).headers["Upload-Concat"] == "partial"
