"""Thumbnails, made by real worker processes."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
import uvloop
from PIL import Image
from pillow_heif import register_heif_opener
from structlog.testing import capture_logs

from storage.previews import ThumbnailMaker
from tests import media


@pytest.fixture
async def maker() -> AsyncIterator[ThumbnailMaker]:
    async with ThumbnailMaker(timeout=10) as made:
        yield made


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    return image.convert("RGB")


def workers() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def reddish(colour: float | tuple[int, ...] | None) -> bool:
    assert isinstance(colour, tuple)
    red, green, blue = colour
    return red > 180 and green < 90 and blue < 90


async def test_every_kind_of_photo_gets_a_thumbnail(maker: ThumbnailMaker, tmp_path: Path) -> None:
    makers: list[tuple[str, Callable[[Path], Path]]] = [
        ("image/jpeg", media.jpeg),
        ("image/png", media.png),
        ("image/webp", media.webp),
        ("image/gif", media.gif),
        ("image/heic", media.heic),
        ("image/avif", media.avif),
    ]
    register_heif_opener()
    bitmap = tmp_path / "a.bmp"
    media.picture().save(bitmap)
    for mime, path in [*((mime, make(tmp_path)) for mime, make in makers), ("image/bmp", bitmap)]:
        made = await maker.jpeg_thumbnail(path, mime)
        assert made is not None, mime
        with Image.open(path) as source:
            assert (made.source_width, made.source_height) == source.size, mime
        small = opened(made.data)
        assert max(small.size) <= 320
        assert len(made.data) < 200_000
        assert reddish(small.getpixel((small.width // 4, small.height - 5))), mime


async def test_photos_are_turned_upright(maker: ThumbnailMaker, tmp_path: Path) -> None:
    """As a viewer shows them, in pixels and in the reported size, for each of the eight EXIF orientations."""
    for orientation in range(1, 9):
        path = media.jpeg(tmp_path, orientation=orientation)
        made = await maker.jpeg_thumbnail(path, "image/jpeg")
        assert made is not None
        turned = orientation >= 5
        assert (made.source_width, made.source_height) == ((400, 640) if turned else (640, 400))
        small = opened(made.data)
        assert small.size == ((200, 320) if turned else (320, 200))
        left, right = small.getpixel((40, 100)), small.getpixel((small.width - 40, 100))
        top, bottom = small.getpixel((100, 40)), small.getpixel((100, small.height - 40))
        red_side = {1: left, 2: right, 3: right, 4: left, 5: top, 6: top, 7: bottom, 8: bottom}[orientation]
        assert reddish(red_side), orientation
        assert not small.getexif()


async def test_small_images_stay_small_and_transparent_ones_become_white(maker: ThumbnailMaker, tmp_path: Path) -> None:
    tiny = tmp_path / "tiny.png"
    Image.new("RGBA", (3, 2), (0, 0, 0, 0)).save(tiny)
    made = await maker.jpeg_thumbnail(tiny, "image/png")
    assert made is not None
    assert opened(made.data).size == (3, 2)
    assert opened(made.data).getpixel((0, 0)) == (255, 255, 255)


async def test_noise_fits_into_the_bytes_telegram_takes(maker: ThumbnailMaker, tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    Image.frombytes("RGB", (320, 320), os.urandom(320 * 320 * 3)).save(path)
    made = await maker.jpeg_thumbnail(path, "image/png", max_bytes=30_000)
    assert made is not None
    assert len(made.data) < 30_000


async def test_what_is_no_image_costs_nothing(maker: ThumbnailMaker, tmp_path: Path) -> None:
    for mime in ("application/pdf", "video/mp4", "image/svg+xml", "image/vnd.adobe.photoshop", "nonsense"):
        assert await maker.jpeg_thumbnail(media.pdf(tmp_path), mime) is None
    assert workers() == [], "no process was started for them"


async def test_broken_and_disguised_files_give_none_and_a_log_line(maker: ThumbnailMaker, tmp_path: Path) -> None:
    svg = media.text(tmp_path, "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", name="a.svg")
    files = [tmp_path / "missing.jpg", media.text(tmp_path), media.pdf(tmp_path), svg]
    with capture_logs() as logs:
        for path in files:
            assert await maker.jpeg_thumbnail(path, "image/jpeg") is None
    assert [line["event"] for line in logs] == ["thumbnail_failed"] * len(files)
    assert all(line["reason"] for line in logs)
    assert await maker.jpeg_thumbnail(media.jpeg(tmp_path), "image/jpeg") is not None


async def test_a_decompression_bomb_is_stopped_by_its_header(maker: ThumbnailMaker, tmp_path: Path) -> None:
    path = _png_bomb(tmp_path / "bomb.png", 30_000)
    with capture_logs() as logs:
        started = time.monotonic()
        assert await maker.jpeg_thumbnail(path, "image/png") is None
    assert time.monotonic() - started < 5
    assert "30000x30000" in logs[0]["reason"]


def _png_bomb(path: Path, side: int) -> Path:
    """A valid PNG header for side x side pixels, with too little data behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    data = zlib.compress(bytes(1000))
    return media.write(
        path,
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""),
    )


async def test_a_file_that_hangs_is_given_up_and_the_next_one_works(tmp_path: Path) -> None:
    """Opening a pipe that nobody writes to blocks inside C code, where no Python signal handler runs."""
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    async with ThumbnailMaker(timeout=1) as maker:
        with capture_logs() as logs:
            assert await maker.jpeg_thumbnail(pipe, "image/jpeg") is None
        assert [line["event"] for line in logs] == ["thumbnail_failed"]
        assert await maker.jpeg_thumbnail(media.jpeg(tmp_path), "image/jpeg") is not None


async def test_a_worker_killed_at_work_costs_one_thumbnail(maker: ThumbnailMaker, tmp_path: Path) -> None:
    assert await maker.jpeg_thumbnail(media.jpeg(tmp_path), "image/jpeg") is not None
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    working = asyncio.create_task(maker.jpeg_thumbnail(pipe, "image/jpeg"))
    await asyncio.sleep(0.4)
    workers()[0].send_signal(signal.SIGKILL)
    assert await working is None
    assert await maker.jpeg_thumbnail(media.jpeg(tmp_path), "image/jpeg") is not None


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.5])
async def test_a_worker_killed_while_idle_costs_nothing(wait: float, maker: ThumbnailMaker, tmp_path: Path) -> None:
    path = media.jpeg(tmp_path)
    assert await maker.jpeg_thumbnail(path, "image/jpeg") is not None
    workers()[0].send_signal(signal.SIGKILL)
    await asyncio.sleep(wait)
    assert await maker.jpeg_thumbnail(path, "image/jpeg") is not None


async def test_a_worker_out_of_memory_does_no_harm(tmp_path: Path) -> None:
    """An image that unpacks to more than the worker may use fails there alone; with more memory it works."""
    async with ThumbnailMaker(memory=400 * 1024 * 1024) as maker:
        assert await maker.jpeg_thumbnail(media.png(tmp_path), "image/png") is not None
        progressive = tmp_path / "big.jpg"
        Image.new("L", (12_000, 9_000)).save(progressive, progressive=True)
        with capture_logs() as logs:
            assert await maker.jpeg_thumbnail(progressive, "image/jpeg") is None
        assert [line["event"] for line in logs] == ["thumbnail_failed"]
        assert await maker.jpeg_thumbnail(media.png(tmp_path), "image/png") is not None
    async with ThumbnailMaker() as maker:
        assert await maker.jpeg_thumbnail(progressive, "image/jpeg") is not None


async def test_leaving_ends_everything_within_two_seconds(tmp_path: Path) -> None:
    """Also while a worker hangs; the call that waits gets None."""
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    async with ThumbnailMaker() as maker:
        waiting = asyncio.create_task(maker.jpeg_thumbnail(pipe, "image/jpeg"))
        await asyncio.sleep(1)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert await asyncio.wait_for(waiting, 1) is None
    assert workers() == []
    assert await maker.jpeg_thumbnail(media.jpeg(tmp_path), "image/jpeg") is None


async def test_a_cancelled_call_is_cancelled(maker: ThumbnailMaker, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    waiting = asyncio.create_task(maker.jpeg_thumbnail(pipe, "image/jpeg"))
    await asyncio.sleep(0.5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await maker.jpeg_thumbnail(media.jpeg(tmp_path), "image/jpeg") is not None


def test_it_works_under_uvloop_with_several_callers(tmp_path: Path) -> None:
    async def many() -> list[bool]:
        async with ThumbnailMaker(workers=2) as maker:
            path = media.jpeg(tmp_path)
            calls = [maker.jpeg_thumbnail(path, "image/jpeg") for _ in range(6)]
            return [made is not None for made in await asyncio.gather(*calls)]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(many()) == [True] * 6


def test_the_parent_never_loads_a_decoder() -> None:
    code = "import sys, storage.previews; sys.exit(any(name in sys.modules for name in ('pyvips', 'av', 'PIL')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
