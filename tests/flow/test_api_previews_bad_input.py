"""Files that mean harm: a clear answer, the gateway alive, nothing left on the disk."""

import asyncio
import os
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from sandbox.client import SandboxClient
from tests import media as files
from tests.flow.conftest import eventually, running_archive
from tests.flow.http_door import Door, open_door


@pytest.fixture
async def door(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[Door]:
    async with running_archive(database_url, sandbox, tmp_path) as running, open_door(running) as opened:
        yield opened


async def upload(door: Door, name: str, data: bytes) -> int:
    status, answer = await door.send_form(("file", (name, data)))
    assert status == 201, answer
    return int(answer["media_file_id"])


async def is_clean(door: Door) -> bool:
    return not any(path.is_file() for path in (door.running.settings.data_dir / "cache" / "previews").rglob("*"))


def png_of(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_what_cannot_be_drawn_is_said_and_leaves_nothing(door: Door, tmp_path: Path) -> None:
    """Asked a second time, it is not fetched again."""
    video = files.video(tmp_path).read_bytes()
    harmful = {
        "square.png": png_of(30_000, 30_000, zlib.compress(bytes(30_000 * 3751), 9)),
        "line.png": png_of(2**31 - 1, 1, zlib.compress(bytes(1000))),
        "broken.jpg": files.jpeg(tmp_path).read_bytes()[:40] + os.urandom(5000),
        "cut.mp4": video[: len(video) * 2 // 3],
        "broken.pdf": b"%PDF-1.7\n" + os.urandom(9000),
    }
    ids = {name: await upload(door, name, data) for name, data in harmful.items()}
    for name, media_id in ids.items():
        status, problem = await door.get(f"/api/v1/media/{media_id}/preview")
        assert (status, problem["code"]) == (404, "no_preview"), name
    await eventually(lambda: is_clean(door))
    before = (await door.running.sandbox.stats())["bytes_out"]
    for media_id in ids.values():
        assert (await door.get(f"/api/v1/media/{media_id}/preview"))[0] == 404
    assert (await door.running.sandbox.stats())["bytes_out"] == before
    good = await upload(door, "good.jpg", files.jpeg(tmp_path).read_bytes())
    assert (await door.fetch(f"/api/v1/media/{good}/preview"))[0] == 200


async def test_a_worker_that_is_killed_costs_one_answer(door: Door, tmp_path: Path) -> None:
    """503 at the worst, then it works: the media is not to blame."""
    ids = [await upload(door, f"{side}.jpg", files.jpeg(tmp_path, width=side).read_bytes()) for side in (300, 400)]
    assert (await door.fetch(f"/api/v1/media/{ids[0]}/preview"))[0] == 200
    watching = asyncio.create_task(door.fetch(f"/api/v1/media/{ids[1]}/preview"))
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()
    assert (await watching)[0] in (200, 503)
    await eventually(lambda: is_served(door, ids[1]))


async def is_served(door: Door, media_id: int) -> bool:
    return (await door.fetch(f"/api/v1/media/{media_id}/preview"))[0] == 200


async def test_a_reader_who_leaves_does_not_stop_the_others(door: Door, tmp_path: Path) -> None:
    picture = tmp_path / "large.png"
    files.picture(6000, 4000).save(picture)
    media_id = await upload(door, "large.png", picture.read_bytes())
    first = asyncio.create_task(door.fetch(f"/api/v1/media/{media_id}/preview"))
    await asyncio.sleep(0.05)
    others = [asyncio.create_task(door.fetch(f"/api/v1/media/{media_id}/preview")) for _ in range(3)]
    await asyncio.sleep(0.05)
    first.cancel()
    assert [status for status, _, _ in await asyncio.gather(*others)] == [200] * 3
