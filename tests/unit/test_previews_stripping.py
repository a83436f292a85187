"""Metadata goes, pixels stay; what cannot be read is not passed off as clean."""

import io
import struct
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from pillow_heif import from_pillow, register_heif_opener

from storage.previews.stripping import exif_of, orientation_of, strip
from storage.previews.values import UnusableImage
from tests import media

SECRET = b"Tashkent, Amir Temur 1"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x010E] = SECRET.decode()
    made[0x0112] = orientation
    made.get_ifd(0x8825).update({1: "N", 2: (41.0, 18.0, 4.0), 3: "E", 4: (69.0, 16.0, 47.0)})
    return made


def cleaned(path: Path, mime: str) -> bytes:
    target = path.with_suffix(".clean")
    strip(str(path), mime, str(target))
    return target.read_bytes()


def pixels(data: bytes) -> bytes:
    register_heif_opener()
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("suffix", "mime", "options"),
    [
        ("jpg", "image/jpeg", {"progressive": True, "comment": SECRET, "xmp": XMP}),
        ("jpg", "image/jpeg", {"restart_marker_rows": 1}),
        ("png", "image/png", {}),
        ("webp", "image/webp", {"xmp": XMP}),
        ("webp", "image/webp", {"lossless": True}),
        ("avif", "image/avif", {"xmp": XMP}),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_only_the_pixels_and_how_they_are_turned_are_left(
    suffix: str, mime: str, options: dict[str, Any], orientation: int, tmp_path: Path
) -> None:
    path = tmp_path / f"photo.{suffix}"
    if suffix == "png":
        info = PngInfo()
        info.add_text("Comment", SECRET.decode())
        info.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=False)
        options = {"pnginfo": info}
    media.picture().save(path, exif=exif(orientation), **options)
    before, after = path.read_bytes(), cleaned(path, mime)
    assert SECRET in before
    assert SECRET not in after
    assert pixels(after) == pixels(before)
    left = Image.open(io.BytesIO(after)).getexif()
    assert not left.get_ifd(0x8825)
    if suffix != "avif":  # there the orientation is a property of the picture itself
        assert dict(left) == ({} if orientation == 1 else {0x0112: orientation})


def test_heic_keeps_every_offset(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    from_pillow(media.picture()).save(path, exif=exif().tobytes(), xmp=XMP, quality=80)
    before, after = path.read_bytes(), cleaned(path, "image/heic")
    assert SECRET in before
    assert SECRET not in after
    assert (len(after), pixels(after)) == (len(before), pixels(before))


def test_colours_are_kept(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for suffix, mime in (("jpg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp")):
        path = tmp_path / f"photo.{suffix}"
        media.picture().save(path, icc_profile=profile, exif=exif())
        assert Image.open(io.BytesIO(cleaned(path, mime))).info["icc_profile"] == profile


def test_what_stands_behind_the_picture_is_left_behind(tmp_path: Path) -> None:
    """Phones put a second image there, with the place in it."""
    for make, mime in ((media.jpeg, "image/jpeg"), (media.png, "image/png"), (media.webp, "image/webp")):
        path = make(tmp_path)
        before = path.read_bytes()
        path.write_bytes(before + SECRET)
        assert SECRET not in cleaned(path, mime)


@pytest.mark.parametrize("make", [media.jpeg, media.png, media.webp, media.heic, media.avif])
def test_a_file_that_ends_early_is_refused(make: object, tmp_path: Path) -> None:
    assert callable(make)
    path: Path = make(tmp_path)
    data = path.read_bytes()
    mime = {".jpg": "image/jpeg"}.get(path.suffix, f"image/{path.suffix[1:]}")
    for length in (0, 1, 12, 40, len(data) // 2):
        path.write_bytes(data[:length])
        with pytest.raises(UnusableImage):
            cleaned(path, mime)


def test_other_types_are_refused(tmp_path: Path) -> None:
    for make, mime in ((media.gif, "image/gif"), (media.png, "image/jpeg"), (media.jpeg, "image/png")):
        with pytest.raises(UnusableImage):
            cleaned(make(tmp_path), mime)


@given(st.integers(1, 8))
def test_the_orientation_survives_its_own_block(orientation: int) -> None:
    assert orientation_of(exif_of(orientation)) == orientation


@given(st.binary(max_size=200))
def test_any_bytes_have_some_orientation_or_none(data: bytes) -> None:
    assert 0 <= orientation_of(data) <= 8
    assert 0 <= orientation_of(b"II*\0\x08\0\0\0" + data) <= 8


@given(st.binary(max_size=400), st.sampled_from(["image/jpeg", "image/png", "image/webp", "image/heic"]))
def test_any_bytes_are_cleaned_or_refused(data: bytes, mime: str) -> None:
    """Never anything else, also behind a beginning that is right."""
    heads = {
        "image/jpeg": b"\xff\xd8",
        "image/png": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(17),
        "image/webp": b"RIFF\x90\x01\0\0WEBP",
        "image/heic": b"\0\0\0\x10ftypheic\0\0\0\0",
    }
    source = Path(tempfile.gettempdir()) / "mediagate-strip-test"
    try:
        source.write_bytes(heads[mime] + data)
        try:
            cleaned(source, mime)
        except UnusableImage:
            return
    finally:
        source.unlink(missing_ok=True)
        source.with_suffix(".clean").unlink(missing_ok=True)
