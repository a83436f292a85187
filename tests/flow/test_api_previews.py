"""Previews over HTTP: of every kind that shows something, made once, kept on disk under a ceiling."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PIL import Image

from sandbox.client import SandboxClient
from tests import media as files
from tests.flow.conftest import eventually, running_archive
from tests.flow.http_door import Door, open_door


@pytest.fixture
async def door(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[Door]:
    async with running_archive(database_url, sandbox, tmp_path) as running, open_door(running) as opened:
        yield opened


async def upload(door: Door, path: Path) -> int:
    status, answer = await door.send_form(("file", (path.name, path.read_bytes())))
    assert status == 201, answer
    return int(answer["media_file_id"])


async def preview(door: Door, media_id: int, query: str = "") -> Image.Image:
    status, body, headers = await door.fetch(f"/api/v1/media/{media_id}/preview{query}")
    assert status == 200, body
    assert headers["Content-Type"] == "image/jpeg"
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def cached(door: Door) -> list[Path]:
    return sorted(path for path in (door.running.settings.data_dir / "cache" / "previews").rglob("*") if path.is_file())


SHOWN: dict[str, tuple[Callable[[Path], Path], tuple[int, int]]] = {
    "photo.jpg": (files.jpeg, (320, 200)),
    "photo.png": (files.png, (320, 200)),
    "photo.heic": (files.heic, (320, 200)),
    "photo.avif": (files.avif, (320, 200)),
    "moving.gif": (files.gif, (64, 48)),
    "picture.webp": (files.webp, (64, 48)),
    "video.mp4": (files.video, (64, 48)),
    "page.pdf": (files.pdf, (320, 160)),
}


async def test_images_videos_and_documents_have_a_picture(door: Door, tmp_path: Path) -> None:
    """And their ``preview_url`` says where."""
    for name, (make, size) in SHOWN.items():
        media_id = await upload(door, make(tmp_path))
        _, media = await door.get(f"/api/v1/media/{media_id}")
        assert media["preview_url"] == f"/api/v1/media/{media_id}/preview", name
        assert (await preview(door, media_id)).size == size, name


async def test_what_shows_nothing_has_none(door: Door, tmp_path: Path) -> None:
    for path in (files.audio(tmp_path), files.text(tmp_path), files.zipped(tmp_path)):
        media_id = await upload(door, path)
        _, media = await door.get(f"/api/v1/media/{media_id}")
        assert media["preview_url"] is None
        status, problem = await door.get(f"/api/v1/media/{media_id}/preview")
        assert (status, problem["code"]) == (404, "no_preview")
    await eventually(lambda: _nothing_cached(door))


async def test_sizes(door: Door, tmp_path: Path) -> None:
    """From 64 to 1280, never larger than the picture; anything else is named as wrong."""
    media_id = await upload(door, files.jpeg(tmp_path, orientation=6, width=2000, height=1000))
    for side in (64, 320, 642, 1280):
        assert (await preview(door, media_id, f"?size={side}")).size == (round(side / 2), side)
    for wrong in ("0", "63", "1281", "9999", "abc", "-5", "64.5", "1e3", "64&size=65"):
        status, problem = await door.get(f"/api/v1/media/{media_id}/preview?size={wrong}")
        assert (status, problem["errors"][0]["field"]) == (422, "size"), wrong
    status, problem = await door.get(f"/api/v1/media/{media_id}/preview?width=5")
    assert (status, problem["errors"][0]["field"]) == (422, "width")
    for missing in (media_id + 1, "x"):
        assert (await door.get(f"/api/v1/media/{missing}/preview"))[0] == 404


async def test_a_cold_gallery_fetches_each_source_once(door: Door, tmp_path: Path) -> None:
    """However many watch it, and in whatever sizes."""
    path = files.jpeg(tmp_path, width=1500, height=1000)
    media_id = await upload(door, path)
    await eventually(lambda: _is_shipped(door, media_id))
    before = await bytes_fetched(door)
    watching = [preview(door, media_id, f"?size={100 + index % 4}") for index in range(100)]
    assert {image.width for image in await asyncio.gather(*watching)} == {100, 101, 102, 103}
    assert await bytes_fetched(door) - before == path.stat().st_size
    sizes = [cached_file.name.partition("-")[2] for cached_file in cached(door)]
    assert sizes == ["100.jpg", "101.jpg", "102.jpg", "103.jpg", "640.jpg"]


async def _is_shipped(door: Door, media_id: int) -> bool:
    return bool((await door.get(f"/api/v1/media/{media_id}"))[1]["stored"])


async def bytes_fetched(door: Door) -> int:
    return int((await door.running.sandbox.stats())["bytes_out"])


async def test_an_entity_tag_saves_the_transfer(door: Door, tmp_path: Path) -> None:
    media_id = await upload(door, files.png(tmp_path))
    url = f"/api/v1/media/{media_id}/preview"
    _, _, headers = await door.fetch(url)
    assert headers["Cache-Control"] == "private, max-age=3600"
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, body, again = await door.fetch(url, If_None_Match=headers["ETag"])
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert (await door.fetch(f"{url}?size=64", If_None_Match=headers["ETag"]))[0] == 200
    assert (await door.fetch(url, If_Match='"other"'))[0] == 412
    async with door.client.head(url) as response:
        assert (response.status, response.headers["ETag"]) == (200, headers["ETag"])


async def test_a_deleted_media_has_no_preview_any_more(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """410 at once; once it is erased nothing of it is left on the disk."""
    async with (
        running_archive(database_url, sandbox, tmp_path, delete_grace="0") as running,
        open_door(running) as door,
    ):
        media_id = await upload(door, files.jpeg(tmp_path))
        await preview(door, media_id)
        await preview(door, media_id, "?size=64")
        assert len(cached(door)) == 3
        async with door.client.delete(f"/api/v1/media/{media_id}") as response:
            assert response.status == 204
        status, problem = await door.get(f"/api/v1/media/{media_id}/preview?size=64")
        assert (status, problem["code"]) == (410, "media_deleted")
        await eventually(lambda: _nothing_cached(door))


async def _nothing_cached(door: Door) -> bool:
    return not cached(door)


async def test_the_cache_has_a_ceiling(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """What was not used for longest goes first; a ceiling of nothing still serves."""
    async with (
        running_archive(database_url, sandbox, tmp_path, preview_cache_max_bytes="12KB") as running,
        open_door(running) as door,
    ):
        ids = [await upload(door, files.jpeg(tmp_path, orientation=number)) for number in range(1, 9)]
        for media_id in ids:
            await preview(door, media_id)
        kept = cached(door)
        assert 0 < sum(path.stat().st_size for path in kept) <= 12_000
        assert len(kept) < 2 * len(ids)
        before = await bytes_fetched(door)
        await preview(door, ids[-1])
        assert await bytes_fetched(door) == before, "the last one is still there"
    async with (
        running_archive(database_url, sandbox, tmp_path, preview_cache_max_bytes="0") as running,
        open_door(running) as door,
    ):
        assert (await preview(door, ids[0])).width == 320
        assert cached(door) == []


async def test_previews_survive_a_restart(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """From the disk, without Telegram; half-written files of a killed process are gone."""
    async with running_archive(database_url, sandbox, tmp_path) as running, open_door(running) as door:
        media_id = await upload(door, files.jpeg(tmp_path))
        await preview(door, media_id)
    (tmp_path / "data/cache/previews/tmp/half").write_bytes(b"half")
    async with running_archive(database_url, sandbox, tmp_path) as running, open_door(running) as door:
        before = await bytes_fetched(door)
        await preview(door, media_id)
        assert await bytes_fetched(door) == before
        assert not any(path.name == "half" for path in cached(door))


async def test_telegram_away_is_said_and_gets_over(door: Door, tmp_path: Path) -> None:
    media_id = await upload(door, files.jpeg(tmp_path))
    await eventually(lambda: _is_shipped(door, media_id))
    async with door.running.sandbox.fault("error", method="getFile", status=500):
        status, problem = await door.get(f"/api/v1/media/{media_id}/preview")
        assert (status, problem["code"]) == (503, "source_unavailable")
    assert (await preview(door, media_id)).width == 320
