"""Width, height and duration come from the bytes, after the acknowledgement; and Telegram's own thumbnails."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.details import NO_DETAILS
from storage.domain import Caller, FileType, Role
from storage.intake.adopting import TelegramFile
from storage.tables import Media
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


async def measures(door: Door, media_id: int) -> tuple[Any, Any, Any]:
    _, media = await door.get(f"/api/v1/media/{media_id}")
    return media["width"], media["height"], media["duration"]


async def is_measured(door: Door, media_id: int, *wanted: object) -> bool:
    width, height, duration = await measures(door, media_id)
    return (width, height, duration and round(duration, 1)) == wanted


async def test_everything_that_has_a_measure_gets_it(door: Door, tmp_path: Path) -> None:
    photo = await upload(door, files.jpeg(tmp_path, orientation=6))
    video = await upload(door, files.video(tmp_path))
    sound = await upload(door, files.audio(tmp_path))
    await eventually(lambda: is_measured(door, photo, 400, 640, None))
    await eventually(lambda: is_measured(door, video, 64, 48, 0.5))
    await eventually(lambda: is_measured(door, sound, None, None, 0.5))


async def test_an_image_in_several_parts(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    picture = tmp_path / "noise.png"
    Image.effect_noise((500, 400), 60).save(picture)
    async with (
        running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running,
        open_door(running) as door,
    ):
        media_id = await upload(door, picture)
        await eventually(lambda: is_measured(door, media_id, 500, 400, None))
        status, body, _ = await door.fetch(f"/api/v1/media/{media_id}/preview?size=100")
        assert (status, Image.open(io.BytesIO(body)).size) == (200, (100, 80))


async def test_what_was_left_over_is_measured_by_the_sweep(door: Door, tmp_path: Path) -> None:
    """A job that was lost, or a media of an older release."""
    video = await upload(door, files.video(tmp_path))
    await eventually(lambda: is_measured(door, video, 64, 48, 0.5))
    long_ago = SystemClock().now() - timedelta(hours=1)
    async with door.running.archive.sessions.begin() as session:
        forgotten = {"width": None, "height": None, "duration": None, "measured": False, "uploaded_at": long_ago}
        await session.execute(update(Media).values(**forgotten))

    async def swept() -> bool:
        # A wake-up while the first job still ends is swallowed; the next minute's sweep brings another.
        await door.running.archive.sweeper.sweep()
        return await is_measured(door, video, 64, 48, 0.5)

    await eventually(swept)


async def test_a_video_too_large_to_fetch_shows_telegrams_thumbnail(door: Door, tmp_path: Path) -> None:
    """And one without a thumbnail has no preview."""
    bot = (await door.running.sandbox.state())["bots"][0]["id"]
    thumbnail = files.jpeg(tmp_path, width=320, height=200)
    person = int((await door.running.sandbox.person())["id"])
    await door.running.sandbox.start(person)
    sent = (await door.running.sandbox.send_files(person, [thumbnail], kind="document"))[0]
    document = sent["document"]
    caller = Caller.person(person, Role.USER)
    large = {
        "bot_id": bot,
        "chat_id": person,
        "file_unique_id": "large",
        "file_type": FileType.VIDEO,
        "mime_type": "video/mp4",
        "file_size": 500_000_000,
        "width": 1280,
        "height": 720,
        "duration": 60.0,
    }
    adopting = door.deps.use_cases.adopting
    with_thumbnail = TelegramFile(
        message_id=9001,
        file_id=document["file_id"],
        thumbnail_file_id=document["file_id"],
        thumbnail_size=document["file_size"],
        **large,
    )
    adopted = (await adopting.adopt(caller, with_thumbnail, NO_DETAILS)).media
    _, media = await door.get(f"/api/v1/media/{adopted.id}")
    assert (media["delivery"], media["file_url"]) == ("telegram_only", None)
    assert media["preview_url"] is not None
    status, body, _ = await door.fetch(f"/api/v1/media/{adopted.id}/preview?size=100")
    assert status == 200
    assert Image.open(io.BytesIO(body)).size == (100, 63)
    without = TelegramFile(message_id=9002, file_id="x", **{**large, "file_unique_id": "other"})
    adopted = (await adopting.adopt(caller, without, NO_DETAILS)).media
    _, media = await door.get(f"/api/v1/media/{adopted.id}")
    assert media["preview_url"] is None
    status, problem = await door.get(f"/api/v1/media/{adopted.id}/preview")
    assert (status, problem["code"]) == (404, "no_preview")
