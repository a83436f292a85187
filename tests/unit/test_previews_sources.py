"""What workers make of videos, sounds and PDFs, of all kinds of images, and of files that mean harm."""

import io
import os
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageCms
from pillow_heif import from_pillow

from storage.previews.kinds import demuxer_of, drawable, measurable
from storage.previews.pool import WorkerPool
from storage.previews.values import Measure, Source, UnusableImage
from storage.previews.worker import draw_previews, measure
from tests import media


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> None:
    av.logging.set_level(None)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    async with WorkerPool(workers=1, timeout=10, memory=1536 * 1024 * 1024) as made:
        yield made


async def drawn(pool: WorkerPool, path: Path, mime: str, *sides: int) -> list[Image.Image]:
    jpegs = await pool.run(draw_previews, Source(path=str(path), mime=mime), sides or (320,))
    return [Image.open(io.BytesIO(jpeg)).convert("RGB") for jpeg in jpegs]


def close_to(image: Image.Image, colour: tuple[int, int, int]) -> bool:
    pixel = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return all(abs(got - wanted) < 40 for got, wanted in zip(pixel, colour, strict=True))


def film(
    path: Path, colours: list[tuple[int, int, int]], *, size: tuple[int, int] = (64, 48),
    options: dict[str, str] | None = None, ratio: Fraction | None = None,
) -> Path:  # fmt: skip
    """One frame for each colour, ten a second."""
    with av.open(str(path), "w", options=options or {}) as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if ratio is not None:
            stream.codec_context.sample_aspect_ratio = ratio
        for index, colour in enumerate(colours):
            frame = av.VideoFrame(*size, "rgb24")
            line = bytes(colour) * size[0]
            frame.planes[0].update(line.ljust(frame.planes[0].line_size, b"\0") * size[1])
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


async def test_all_that_has_a_measure_is_measured(pool: WorkerPool, tmp_path: Path) -> None:
    for mime, make in media.SAMPLES.items():
        if not measurable(mime):
            continue
        found = await pool.run(measure, Source(path=str(make(tmp_path)), mime=mime))
        assert (found.width is not None) == (not mime.startswith("audio/")), mime
        if not mime.startswith("image/"):
            assert found.duration == pytest.approx(0.5, abs=0.1), mime


async def test_a_video_that_begins_in_the_dark(pool: WorkerPool, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [(0, 0, 0)] * 5 + [(200, 40, 40)] * 5)
    assert close_to((await drawn(pool, path, "video/mp4"))[0], (200, 40, 40))
    night = film(tmp_path / "b.mp4", [(0, 0, 0)] * 5)
    assert close_to((await drawn(pool, night, "video/mp4"))[0], (0, 0, 0))


async def test_a_video_held_upright(pool: WorkerPool, tmp_path: Path) -> None:
    """Turned as the display matrix says (ISO 14496-12 §8.3.2), in the picture and in the numbers."""
    path = film(tmp_path / "a.mp4", [(0, 200, 0)] * 3)
    data = path.read_bytes()
    plain = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    turned = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 48 << 16, 0, 0x40000000)
    at = data.index(plain, data.index(b"tkhd"))
    path.write_bytes(data[:at] + turned + data[at + len(plain) :])
    assert await pool.run(measure, Source(path=str(path), mime="video/mp4")) == Measure(
        width=48, height=64, duration=0.3
    )
    assert (await drawn(pool, path, "video/mp4"))[0].size == (48, 64)


async def test_a_video_whose_pixels_are_no_squares(pool: WorkerPool, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", [(0, 200, 0)] * 3, ratio=Fraction(2, 1))
    assert (await pool.run(measure, Source(path=str(path), mime="video/mp4"))).width == 128
    assert (await drawn(pool, path, "video/mp4"))[0].size == (128, 48)


async def test_a_video_of_which_only_the_ends_are_there(pool: WorkerPool, tmp_path: Path) -> None:
    """The index behind the frames, and a hole where most frames are."""
    noise = [(index * 7 % 256, 120, index * 13 % 256) for index in range(40)]
    path = film(tmp_path / "a.mp4", noise, size=(640, 480))
    data = path.read_bytes()
    moov = data.index(b"moov") - 4
    spans = ((0, 6000), (moov, len(data)))
    hollow = data[:6000] + bytes(moov - 6000) + data[moov:]
    path.write_bytes(hollow)
    source = Source(path=str(path), mime="video/mp4", spans=spans)
    assert await pool.run(measure, source) == Measure(width=640, height=480, duration=4.0)
    picture = Image.open(io.BytesIO((await pool.run(draw_previews, source, (1280,)))[0]))
    assert close_to(picture, noise[0])


async def test_a_truncated_video(pool: WorkerPool, tmp_path: Path) -> None:
    """Where the index is at the beginning there still is a picture, else there is none."""
    colours = [(200, 120, 40)] * 20
    first = film(tmp_path / "first.mp4", colours, size=(320, 240), options={"movflags": "faststart"})
    first.write_bytes(first.read_bytes()[:-500])
    assert close_to((await drawn(pool, first, "video/mp4"))[0], (200, 120, 40))
    last = film(tmp_path / "last.mp4", colours)
    last.write_bytes(last.read_bytes()[:-500])
    with pytest.raises(UnusableImage):
        await drawn(pool, last, "video/mp4")
    with pytest.raises(UnusableImage):
        await pool.run(measure, Source(path=str(last), mime="video/mp4"))


async def test_a_playlist_that_calls_itself_a_video_opens_nothing(pool: WorkerPool, tmp_path: Path) -> None:
    """FFmpeg's own guess would open what it names."""
    secret = media.video(tmp_path)
    lists = {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        "a.ffconcat": f"ffconcat version 1.0\nfile '{secret}'\n",
    }
    for name, text in lists.items():
        path = tmp_path / name
        path.write_text(text)
        for mime in ("video/mp4", "video/webm", "video/mpeg", "video/mp2t", "video/x-msvideo", "video/ogg"):
            with pytest.raises(UnusableImage):
                await drawn(pool, path, mime)


async def test_a_pdf_of_ten_thousand_pages(pool: WorkerPool, tmp_path: Path) -> None:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 10_003))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count 10000 >>" % kids]
    objects += [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>"] * 10_000
    assert (await drawn(pool, pdf_of(tmp_path, objects), "application/pdf"))[0].size == (320, 160)


async def test_a_pdf_with_a_page_of_the_size_of_a_town(pool: WorkerPool, tmp_path: Path) -> None:
    catalogue = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 20000000 10000000] >>"
    size = (await drawn(pool, pdf_of(tmp_path, [*catalogue, page]), "application/pdf"))[0].size
    assert max(size) <= 320


async def test_pdfs_that_cannot_be_read(pool: WorkerPool, tmp_path: Path) -> None:
    for data in (b"%PDF-1.4\n", b"%PDF-1.4\n" + os.urandom(5000), media.pdf(tmp_path).read_bytes()[:60]):
        path = tmp_path / "broken.pdf"
        path.write_bytes(data)
        with pytest.raises(UnusableImage):
            await drawn(pool, path, "application/pdf")


def pdf_of(folder: Path, objects: list[bytes]) -> Path:
    body, offsets = b"%PDF-1.4\n", []
    chunks, at = [body], len(body)
    for number, content in enumerate(objects, 1):
        offsets.append(at)
        chunks.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        at += len(chunks[-1])
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return media.write(folder / "many.pdf", b"".join(chunks) + end % (count, table, count, at))


async def test_an_image_too_large_to_decode_is_measured_all_the_same(pool: WorkerPool, tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9) * 3
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    with pytest.raises(UnusableImage, match="30000x30000"):
        await drawn(pool, path, "image/png")
    found = await pool.run(measure, Source(path=str(path), mime="image/png"))
    assert (found.width, found.height) == (30_000, 30_000)


async def test_a_file_that_is_two_things_is_what_its_type_says(pool: WorkerPool, tmp_path: Path) -> None:
    path = tmp_path / "polyglot.jpg"
    path.write_bytes(media.jpeg(tmp_path).read_bytes() + media.pdf(tmp_path).read_bytes())
    assert (await drawn(pool, path, "image/jpeg"))[0].size == (320, 200)
    with pytest.raises(UnusableImage):
        await drawn(pool, path, "video/mp4")


@pytest.mark.parametrize(
    ("suffix", "save"),
    [
        ("tiff", lambda image, path: image.save(path, compression="tiff_lzw")),
        ("bmp", lambda image, path: image.save(path)),
        ("jp2", lambda image, path: image.save(path)),
        ("jpg", lambda image, path: image.convert("CMYK").save(path)),
        ("png", lambda image, path: image.convert("P").save(path)),
        ("webp", lambda image, path: image.save(path, save_all=True, append_images=[image], lossless=True)),
    ],
)
async def test_other_ways_to_write_an_image(
    suffix: str, save: Callable[[Image.Image, Path], None], pool: WorkerPool, tmp_path: Path
) -> None:
    path = tmp_path / f"image.{suffix}"
    save(Image.new("RGB", (500, 250), (200, 60, 40)), path)
    large, small = await drawn(pool, path, f"image/{'jpeg' if suffix == 'jpg' else suffix}", 1280, 100)
    assert (large.size, small.size) == ((500, 250), (100, 50))
    assert close_to(small, (200, 60, 40))


async def test_colours_are_brought_to_srgb(pool: WorkerPool, tmp_path: Path) -> None:
    """The same numbers mean other colours in another profile: here red and green are each other's."""
    swapped = swapped_profile()
    for suffix in ("jpg", "heic"):
        path = tmp_path / f"image.{suffix}"
        image = Image.new("RGB", (200, 100), (210, 30, 30))
        if suffix == "heic":
            image.info["icc_profile"] = swapped
            from_pillow(image).save(path, quality=95, icc_profile=swapped)
        else:
            image.save(path, quality=95, icc_profile=swapped)
        shown = (await drawn(pool, path, "image/heic" if suffix == "heic" else "image/jpeg"))[0]
        assert close_to(shown, (30, 210, 30)), suffix


def swapped_profile() -> bytes:
    """SRGB with its red and green primaries under each other's names."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = data.index(b"rXYZ", 128), data.index(b"gXYZ", 128)
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def test_what_may_be_looked_into() -> None:
    assert drawable("image/jpeg", 1000)
    assert not drawable("image/jpeg", 10**9)
    assert drawable("video/mp4", 2 * 10**9)
    assert not drawable("video/mp4", None)
    assert not drawable("image/svg+xml", 10)
    assert not drawable("audio/mpeg", 10)
    assert not measurable("application/pdf")
    assert demuxer_of("audio/x-m4a") == "mov"
