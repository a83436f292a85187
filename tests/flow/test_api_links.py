"""Signed links: bytes for whoever has one, until its time or its downloads are over, or it is revoked."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.tables import Audit, Link
from tests import media as files
from tests.flow.archives import some_bytes
from tests.flow.conftest import RunningArchive, eventually, running_archive
from tests.flow.http_door import READ_ONLY, UPLOAD, Door, open_door

DATA = some_bytes(200_000)


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield replace(opened, deps=replace(opened.deps))


@pytest.fixture
async def stranger(door: Door) -> AsyncIterator[aiohttp.ClientSession]:
    """A client without credentials."""
    async with aiohttp.ClientSession(door.url) as client:
        yield client


@pytest.fixture
async def media_id(door: Door) -> int:
    _, answer = await door.send(DATA, Content_Disposition="attachment; filename=notes.txt")
    return int(answer["media_file_id"])


async def make(door: Door, media_id: int, **terms: Any) -> Any:
    async with door.client.post(f"/api/v1/media/{media_id}/links", json=terms) as response:
        assert response.status == 201, await response.text()
        return await response.json()


async def fetch(client: aiohttp.ClientSession, link: Any, **headers: str) -> tuple[int, bytes]:
    path = "/d/" + link["url"].rpartition("/d/")[2]
    async with client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()}) as response:
        return response.status, await response.read()


async def code(client: aiohttp.ClientSession, link: Any, **headers: str) -> tuple[int, str]:
    path = "/d/" + link["url"].rpartition("/d/")[2]
    async with client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()}) as response:
        return response.status, (await response.json(content_type=None))["code"]


async def test_a_link_needs_no_credentials(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    link = await make(door, media_id)
    async with stranger.get("/d/" + link["url"].rpartition("/")[2]) as response:
        assert (response.status, await response.read()) == (200, DATA)
        headers = response.headers
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("inline;")
    assert headers["Cache-Control"] == "private, no-cache"
    assert await fetch(stranger, link, If_None_Match=headers["ETag"]) == (304, b"")
    assert await fetch(stranger, link, Range="bytes=10-19") == (206, DATA[10:20])
    async with stranger.head("/d/" + link["url"].rpartition("/")[2]) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "200000")
    saved = await make(door, media_id, download=True)
    async with stranger.get("/d/" + saved["url"].rpartition("/")[2]) as response:
        assert response.headers["Content-Disposition"].startswith("attachment;")


async def test_the_url_is_a_link_for_an_hour(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    status, answer = await door.get(f"/api/v1/media/{media_id}/url")
    assert status == 200
    assert (answer["media_file_id"], answer["local_only"]) == (media_id, True)
    assert answer["file_url"].startswith(door.deps.public_url + "/d/")
    assert await fetch(stranger, {"url": answer["file_url"]}) == (200, DATA)
    _, links = await door.get(f"/api/v1/media/{media_id}/links")
    assert [link["url"] for link in links] == [answer["file_url"]]


async def test_guesses_are_not_found(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    """Whatever of a token is changed, also only how it is spelt."""
    token = (await make(door, media_id))["url"].rpartition("/")[2]
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    others = ["x", "a" * 54, token + "A", token[:-1], token + "==", token.upper(), "%00" * 18, "%F0%9F%92%A9"]
    for guess in [*changed, *others]:
        assert await code(stranger, {"url": f"/d/{guess}"}) == (404, "link_not_found"), guess


async def test_an_expired_link_is_gone(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    """Also when its row is."""
    link = await make(door, media_id, expires_in=1)
    assert (await fetch(stranger, link))[0] == 200
    await asyncio.sleep(1.1)
    assert await code(stranger, link) == (410, "link_expired")
    links, long_ago = door.deps.use_cases.links, SystemClock().now() - timedelta(days=2)
    async with door.running.archive.sessions.begin() as session:
        await session.execute(update(Link).values(expires_at=long_ago))
    await links.forget()
    assert (await door.get(f"/api/v1/media/{media_id}/links"))[1] == []
    assert await code(stranger, link) == (410, "link_expired")


async def test_downloads_are_counted_once(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    link = await make(door, media_id, max_downloads=2)
    assert await fetch(stranger, link) == (200, DATA)
    assert await fetch(stranger, link, Range="bytes=0-99999") == (206, DATA[:100_000])
    assert await fetch(stranger, link, Range="bytes=100000-") == (206, DATA[100_000:])
    _, links = await door.get(f"/api/v1/media/{media_id}/links")
    assert links[0]["downloads"] == 1
    another = {"User_Agent": "another program"}
    parallel = [fetch(stranger, link, Range=f"bytes={at}-{at + 49999}", **another) for at in range(0, 200_000, 50_000)]
    assert b"".join(body for _, body in await asyncio.gather(*parallel)) == DATA
    assert await code(stranger, link) == (410, "link_used_up")
    assert await code(stranger, link, User_Agent="a third one", Range="bytes=0-1") == (410, "link_used_up")
    async with stranger.head("/d/" + link["url"].rpartition("/")[2], headers={"User-Agent": "a third"}) as response:
        assert response.status == 410


async def test_ranges_do_not_read_the_file_for_ever(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    """A download is the file once, and once more for what got lost on the way."""
    link = await make(door, media_id, max_downloads=1)
    assert (await fetch(stranger, link, Range="bytes=0-"))[0] == 206
    assert (await fetch(stranger, link, Range="bytes=0-"))[0] == 206
    assert await code(stranger, link, Range="bytes=0-") == (410, "link_used_up")


async def test_many_at_once_get_no_more_than_is_allowed(door: Door, media_id: int) -> None:
    link = await make(door, media_id, max_downloads=3)
    async with aiohttp.ClientSession(door.url) as client:
        answers = await asyncio.gather(*(fetch(client, link, User_Agent=f"client {n}") for n in range(10)))
    assert sorted(status for status, _ in answers) == [200] * 3 + [410] * 7


async def test_looking_costs_no_download(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    link = await make(door, media_id, max_downloads=1)
    path = "/d/" + link["url"].rpartition("/")[2]
    async with stranger.head(path) as response:
        etag = response.headers["ETag"]
    assert await fetch(stranger, link, If_None_Match=etag) == (304, b"")
    assert (await code(stranger, link, Range="bytes=999999-"))[0] == 416
    assert await fetch(stranger, link) == (200, DATA)


async def test_a_revoked_link_is_not_found(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    link = await make(door, media_id)
    headers = {"X-API-Key": READ_ONLY}
    async with door.client.delete(f"/api/v1/links/{link['id']}", headers=headers) as response:
        assert response.status == 403
    for _ in range(2):
        async with door.client.delete(f"/api/v1/links/{link['id']}") as response:
            assert response.status == 204
    assert await code(stranger, link) == (404, "link_not_found")
    assert (await door.get(f"/api/v1/media/{media_id}/links"))[1] == []
    for unknown in ("0", "99999", "x", "9" * 30):
        async with door.client.delete(f"/api/v1/links/{unknown}") as response:
            assert response.status == 404


async def test_a_deleted_media_ends_its_links(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    link = await make(door, media_id)
    async with door.client.delete(f"/api/v1/media/{media_id}") as response:
        assert response.status == 204
    assert await code(stranger, link) == (410, "media_deleted")
    async with door.client.post(f"/api/v1/media/{media_id}/links", json={}) as response:
        assert response.status == 410


async def test_wrong_terms_are_named(door: Door, media_id: int) -> None:
    wrong: list[dict[str, Any]] = [
        {"expires_in": 0}, {"expires_in": "1h"}, {"expires_in": 10**12}, {"max_downloads": 0}, {"download": "yes"},
        {"strip_gps": True}, {"surprise": 1},
    ]  # fmt: skip
    for terms in wrong:
        async with door.client.post(f"/api/v1/media/{media_id}/links", json=terms) as response:
            assert response.status == 422, terms
            assert (await response.json())["errors"][0]["field"] == next(iter(terms))
    async with door.client.post("/api/v1/media/99999/links", json={}) as response:
        assert response.status == 404


async def test_what_happens_is_written_down(door: Door, stranger: aiohttp.ClientSession, media_id: int) -> None:
    link = await make(door, media_id)
    await fetch(stranger, link)
    async with door.client.delete(f"/api/v1/links/{link['id']}"):
        pass
    async with door.running.archive.sessions.begin() as session:
        rows = (await session.scalars(select(Audit).where(Audit.action.like("link_%")).order_by(Audit.id))).all()
    assert [(row.action, row.actor, row.media_id) for row in rows] == [
        ("link_created", "service:tests", media_id),
        ("link_used", f"link:{link['id']}", media_id),
        ("link_revoked", "service:tests", media_id),
    ]
    token = link["url"].rpartition("/")[2]
    assert not any(token in str(row.detail) for row in rows)


async def test_the_log_does_not_show_tokens(
    door: Door, stranger: aiohttp.ClientSession, media_id: int, capsys: pytest.CaptureFixture[str]
) -> None:
    link = await make(door, media_id)
    await fetch(stranger, link)
    shown = capsys.readouterr()
    assert "request_served" in shown.out + shown.err
    assert link["url"].rpartition("/")[2] not in shown.out + shown.err


async def test_a_picture_without_its_place(door: Door, stranger: aiohttp.ClientSession, tmp_path: Path) -> None:
    """The same pixels, in ranges too, and nothing of where it was taken; made once, and gone with its media."""
    path = tmp_path / "home.jpg"
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (41.0, 18.0, 4.0), 3: "E", 4: (69.0, 16.0, 47.0)})
    exif[0x010E] = "At home"
    exif[0x0112] = 6
    files.picture().save(path, exif=exif)
    _, answer = await door.send_form(("file", ("home.jpg", path.read_bytes())))
    link = await make(door, answer["media_file_id"], strip_gps=True)
    status, body = await fetch(stranger, link)
    assert status == 200
    assert b"At home" not in body
    image = Image.open(io.BytesIO(body))
    assert dict(image.getexif()) == {0x0112: 6}
    assert image.tobytes() == Image.open(path).tobytes()
    assert await fetch(stranger, link, Range="bytes=5-99") == (206, body[5:100])
    plain = await make(door, answer["media_file_id"])
    assert (await fetch(stranger, plain))[1] == path.read_bytes()


async def test_a_picture_that_cannot_be_cleaned_is_not_given_away(
    door: Door, stranger: aiohttp.ClientSession, tmp_path: Path
) -> None:
    cut = files.jpeg(tmp_path).read_bytes()[:-500]
    _, answer = await door.send_form(("file", ("cut.jpg", cut)))
    link = await make(door, answer["media_file_id"], strip_gps=True)
    for _ in range(2):
        assert await code(stranger, link) == (409, "not_cleanable")
    await eventually(lambda: _no_temporary_files(door))


async def _no_temporary_files(door: Door) -> bool:
    return not any((door.running.settings.data_dir / "cache/previews/tmp").iterdir())


async def test_active_content_is_never_inline(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    async with (
        running_archive(database_url, sandbox, tmp_path, allowed_types="text/html") as running,
        open_door(running) as door,
        aiohttp.ClientSession(door.url) as client,
    ):
        status, answer = await door.send(
            b"<!doctype html><html><script>1</script></html>", path=f"{UPLOAD}/stream", Content_Type="text/html"
        )
        assert status == 201
        link = await make(door, answer["media_file_id"])
        async with client.get("/d/" + link["url"].rpartition("/")[2]) as response:
            assert response.headers["Content-Disposition"].startswith("attachment;")
            assert "sandbox" in response.headers["Content-Security-Policy"]
