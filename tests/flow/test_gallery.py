"""The page of a request, as programs see it: who its link lets in, what it gives away, and the ZIP of all of it."""

import asyncio
import io
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.delivery.request_links import RequestLinks
from storage.delivery.request_zip import RequestZips
from storage.domain import Caller, Inspection, PartState, Role
from storage.request_numbers import RequestNumber
from storage.tables import Audit, FileRef, Media, Part, Person
from tests import media as files
from tests.flow.archives import ARRIVAL, RunningArchive, accept, eventually, running_archive, some_bytes
from tests.flow.http_door import Door, open_door
from web.schemas.gallery import Gallery

STAFF, NUMBER = 1002, RequestNumber("250926-001")
MIB = 1024 * 1024
PATH = f"/api/v1/requests/{NUMBER}/media"


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(
        database_url, sandbox, tmp_path, part_size="8MiB", max_file_size="64MiB", staff_ids=str(STAFF)
    ) as running:
        yield running


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


@pytest.fixture
async def stranger(door: Door) -> AsyncIterator[aiohttp.ClientSession]:
    """A client without credentials."""
    async with aiohttp.ClientSession(door.url) as client:
        yield client


def page(door: Door, number: RequestNumber = NUMBER, person: int = STAFF) -> str:
    return f"/r/{door.deps.use_cases.request_links.make(person, number).token}"


async def keep(door: Door, name: str, data: bytes, *fields: tuple[str, str], number: str | None = NUMBER) -> int:
    given = [*fields, *([("request_number", number)] if number else [])]
    status, answer = await door.send_form(("file", (name, data)), *given)
    assert status in (201, 202), answer
    return int(answer["media_file_id"])


async def code(client: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with client.get(path) as response:
        return response.status, (await response.json(content_type=None))["code"]


async def content(client: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with client.get(f"{path}/request") as response:
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
    Gallery.model_validate(answer)
    return answer


async def unzipped(client: aiohttp.ClientSession, path: str) -> zipfile.ZipFile:
    async with client.get(f"{path}/zip") as response:
        assert (response.status, response.content_type) == (200, "application/zip")
        assert response.headers["Content-Disposition"] == f'attachment; filename="request-{NUMBER}.zip"'
        return zipfile.ZipFile(io.BytesIO(await response.read()))


async def test_the_page_shows_the_request(door: Door, stranger: aiohttp.ClientSession, tmp_path: Path) -> None:
    photo = files.jpeg(tmp_path).read_bytes()
    before = await keep(door, "leak.jpg", photo, ("description", "Under the sink"))
    after = await keep(door, "dry.jpg", photo, ("category", "completion_photo"))
    note = await keep(door, "act.txt", b"the work is done", ("category", "report_document"))
    link = page(door)
    async with stranger.get(link) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        headers = response.headers
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    shown = await content(stranger, link)
    assert [(one["id"], one["side"]) for one in shown["files"]] == [
        (before, "before"),
        (after, "after"),
        (note, "after"),
    ]
    assert shown["files"][0]["description"] == "Under the sink"
    assert shown["files"][0]["uploaded_by"] == "tests"
    assert {one["event"] for one in shown["timeline"]} == {"attached", "taken_in"}
    async with stranger.get(f"{link}/media/{before}/preview?size=320") as response:
        assert (response.status, response.content_type) == (200, "image/jpeg")
        assert response.headers["Cache-Control"] == "private, max-age=3600"
    async with stranger.get(f"{link}/media/{before}/file", headers={"Range": "bytes=2-9"}) as response:
        assert (response.status, await response.read()) == (206, photo[2:10])
    async with stranger.get(f"{link}/media/{note}/file?download=1") as response:
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert await response.read() == b"the work is done"


async def test_a_link_opens_one_request_and_what_is_attached_later(door: Door, stranger: aiohttp.ClientSession) -> None:
    link = page(door)
    assert (await content(stranger, link))["files"] == []
    own = await keep(door, "own.txt", b"own words")
    other = await keep(door, "other.txt", b"other words", number="250926-002")
    lone = await keep(door, "lone.txt", b"lone words", number=None)
    assert [one["id"] for one in (await content(stranger, link))["files"]] == [own]
    for foreign in (other, lone, 10**6):
        for end in ("file", "preview"):
            assert await code(stranger, f"{link}/media/{foreign}/{end}") == (404, "media_not_found")
    async with door.client.put(f"{PATH}/{lone}") as response:
        assert response.status == 200
    async with stranger.get(f"{link}/media/{lone}/file") as response:
        assert await response.read() == b"lone words"
    async with door.client.delete(f"{PATH}/{lone}") as response:
        assert response.status == 204
    assert await code(stranger, f"{link}/media/{lone}/file") == (404, "media_not_found")
    async with door.client.delete(f"/api/v1/media/{own}") as response:
        assert response.status == 204
    assert await code(stranger, f"{link}/media/{own}/file") == (410, "media_deleted")
    assert (await content(stranger, link))["files"] == []


async def test_guesses_and_old_links_open_nothing(door: Door, stranger: aiohttp.ClientSession) -> None:
    token = page(door).removeprefix("/r/")
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    for guess in [*changed, "x", "A" * 52, token + "A", token[:-1], "%F0%9F%92%A9", "A" * 4000]:
        assert await code(stranger, f"/r/{guess}/request") == (404, "link_not_found"), guess
    links = door.deps.use_cases.request_links
    old = links.make(STAFF, NUMBER, life=timedelta(seconds=-1)).token
    for end in ("request", "zip", "media/1/file", "media/1/preview"):
        assert await code(stranger, f"/r/{old}/{end}") == (410, "link_expired")


async def test_a_link_ends_with_its_makers_rights_or_the_key(door: Door, stranger: aiohttp.ClientSession) -> None:
    sessions = door.running.archive.sessions
    async with sessions.begin() as session:
        session.add(Person(telegram_id=77, role=Role.STAFF, first_name="Bobur"))
    link = page(door, person=77)
    assert await content(stranger, link)
    async with sessions.begin() as session:
        await session.execute(update(Person).values(role=Role.USER))
    assert await code(stranger, f"{link}/request") == (404, "link_not_found")
    roles = door.deps.use_cases.request_links._role_of
    other = RequestLinks(clock=SystemClock(), secret_key=b"another key", role_of=roles).make(STAFF, NUMBER)
    assert await code(stranger, f"/r/{other.token}/request") == (404, "link_not_found")


async def test_reads_are_in_the_audit_and_not_in_the_timeline(door: Door, stranger: aiohttp.ClientSession) -> None:
    media_id = await keep(door, "note.txt", b"words")
    link = page(door)
    await content(stranger, link)
    async with stranger.get(f"{link}/media/{media_id}/file") as response:
        await response.read()
    reads = select(Audit.action).where(Audit.actor == f"page:{STAFF}").order_by(Audit.id)

    async def noted() -> bool:
        async with door.running.archive.sessions.begin() as session:
            return list(await session.scalars(reads)) == ["request_read", "bytes_read"]

    await eventually(noted)
    assert {one["event"] for one in (await content(stranger, link))["timeline"]} == {"attached", "taken_in"}


async def test_a_zip_has_everything_and_names_what_it_lacks(
    door: Door, stranger: aiohttp.ClientSession, tmp_path: Path
) -> None:
    await keep(door, "Протечка №1 🙂.txt", b"one")
    await keep(door, "Протечка №1 🙂.txt", b"two")
    await keep(door, "done.txt", b"three", ("category", "completion_document"))
    huge = await keep(door, "huge.txt", b"four")
    torn = await keep(door, "torn.txt", b"five")
    await all_stored(door, torn)
    sessions = door.running.archive.sessions
    async with sessions.begin() as session:
        await session.execute(update(Media).where(Media.id == huge).values(inspection=Inspection.IMPOSSIBLE))
        await session.execute(update(Part).where(Part.media_id == torn).values(state=PartState.DAMAGED))
    found = await unzipped(stranger, page(door))
    assert found.testzip() is None
    told = found.read("MISSING.txt").decode()
    assert {name: found.read(name) for name in found.namelist() if name != "MISSING.txt"} == {
        "before/Протечка №1 🙂.txt": b"one",
        "before/Протечка №1 🙂 (2).txt": b"two",
        "after/done.txt": b"three",
    }
    assert f"{huge}  before/huge.txt: only in Telegram" in told
    assert f"{torn}  before/torn.txt: damaged" in told
    shown = {one["id"]: one["obstacle"] for one in (await content(stranger, page(door)))["files"]}
    assert (shown[huge], shown[torn]) == ("only_telegram", "damaged")


async def all_stored(door: Door, *ids: int) -> None:
    async def there() -> bool:
        return all([(await door.get(f"/api/v1/media/{one}"))[1]["stored"] for one in ids])

    await eventually(there)


async def test_what_vanished_from_the_channel_is_missing_not_the_end(
    door: Door, stranger: aiohttp.ClientSession
) -> None:
    first, second = await keep(door, "first.txt", b"one"), await keep(door, "second.txt", b"two")
    await all_stored(door, first, second)
    async with door.running.archive.sessions.begin() as session:
        part = (await session.scalars(select(Part).where(Part.media_id == first))).one()
        await session.execute(update(FileRef).where(FileRef.part_id == part.id).values(file_id="nonsense"))
    assert part.chat_id is not None
    assert part.message_id is not None
    await door.running.sandbox.delete(part.chat_id, part.message_id)
    found = await unzipped(stranger, page(door))
    assert found.namelist() == ["before/second.txt", "MISSING.txt"]
    assert f"{first}  before/first.txt: cannot be read now" in found.read("MISSING.txt").decode()


async def test_ninety_mebibytes_in_constant_memory(door: Door, stranger: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Each file is in four parts in Telegram, and read back from there; `unzip` agrees with every byte."""
    data = [some_bytes(30 * MIB, seed) for seed in range(3)]
    for at, one in enumerate(data):
        await accept(door.running, one, replace(ARRIVAL, filename=f"part {at}.txt"), wait=True)
    digests = [sha256(one).hexdigest() for one in data]
    del data
    target = tmp_path / "all.zip"
    tracemalloc.start()
    try:
        with target.open("wb") as out:
            async with stranger.get(f"{page(door)}/zip") as response:
                async for chunk in response.content.iter_chunked(256 * 1024):
                    out.write(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * MIB
    with zipfile.ZipFile(target) as found:
        assert [sha256(found.read(name)).hexdigest() for name in found.namelist()] == digests
    if unzip := shutil.which("unzip"):
        done = await asyncio.create_subprocess_exec(unzip, "-tq", target, stdout=subprocess.DEVNULL)
        assert await done.wait() == 0


async def test_a_client_that_leaves_ends_the_reading(door: Door, stranger: aiohttp.ClientSession) -> None:
    await accept(door.running, some_bytes(30 * MIB), wait=True)
    streams = door.deps.use_cases.request_zips
    async with stranger.get(f"{page(door)}/zip") as response:
        assert len(await response.content.readexactly(1000)) == 1000
        response.close()
    assert zipfile.ZipFile(io.BytesIO(await whole(streams, door))).testzip() is None


async def whole(zips: RequestZips, door: Door) -> bytes:
    files = await door.deps.use_cases.request_files.of_request(Caller.person(STAFF, Role.STAFF), NUMBER)
    return b"".join([piece async for piece in zips.stream(files)])
