"""Width and height from an image's header, and JPEGs as Telegram makes them of pictures."""

import io
import struct
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

Size = tuple[int, int]
THUMB_SIDE: Final = 320  # TELEGRAM.md, Limits
PHOTO_SIDES: Final = (320, 800, 1280)  # the longer side of a photo's sizes; larger pictures are scaled down
_QUALITY: Final = 85
_UNREADABLE: Final = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)
HEADER_BYTES: Final = 512 * 1024  # a JPEG's frame header comes after its EXIF data
_PNG, _GIF_HEAD, _WEBP_HEAD = 24, 10, 30
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset((*range(0xD0, 0xD9), 0x01, 0xFF))


def dimensions(head: bytes) -> Size | None:
    """Width and height of a JPEG, PNG, WebP or GIF by its first bytes; None for anything else."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= _PNG:
        return struct.unpack(">II", head[16:24])
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= _GIF_HEAD:
        return struct.unpack("<HH", head[6:10])
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= _WEBP_HEAD:
        return _webp(head)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(head)
    return None


def _webp(head: bytes) -> Size | None:
    match head[12:16]:
        case b"VP8X":
            return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", head[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return None


def _jpeg(head: bytes) -> Size | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 - every JPEG marker starts with FF
        marker = head[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        bare = marker in _JPEG_BARE
        at += 1 if marker == 0xFF else 2 if bare else 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]  # noqa: PLR2004 - FF is padding here
    return None


def fitted(size: Size, side: int) -> Size:
    """`size` scaled down into a square of `side` pixels."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def sides_of(size: Size) -> list[Size]:
    """The sizes that a photo of `size` comes in, the smallest first."""
    largest = fitted(size, PHOTO_SIDES[-1])
    return [fitted(size, side) for side in PHOTO_SIDES if side < max(largest)] + [largest]


def photo_sizes(path: Path) -> list[tuple[bytes, Size]]:
    """A picture as JPEGs of every size it comes in, the smallest first; empty for what cannot be read. Blocks."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (PHOTO_SIDES[-1], PHOTO_SIDES[-1]))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except _UNREADABLE:
        return []
    return [(_jpeg_of(upright, size), size) for size in sides_of(upright.size)]


def shrink(path: Path, side: int) -> tuple[bytes, Size] | None:
    """A small JPEG of the image at `path`; None for what cannot be read. Blocks."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (side, side))
            size = fitted(image.size, side)
            return _jpeg_of(image.convert("RGB"), size), size
    except _UNREADABLE:
        return None


def _jpeg_of(image: Image.Image, size: Size) -> bytes:
    out = io.BytesIO()
    image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def painted(size: Size, colour: str) -> bytes:
    """A JPEG of one colour (a name or #rrggbb). Raises ValueError for no colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
