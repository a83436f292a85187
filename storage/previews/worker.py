"""What runs inside a preview process: it may crash, hang or run out of memory without harm to anybody else.

Nothing is imported at the top that the parent does not need; libvips, Pillow and libheif are loaded in the worker.
"""

import io
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_PIXELS = 200_000_000
"""Images of more pixels are refused by their header: a PNG of 100 KB can unpack to gigabytes."""

_QUALITIES = (82, 70, 55, 40, 25)
_WHITE = 255
_LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif")
_ROTATED = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height
_PILLOW_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "JPEG2000", "AVIF", "HEIF")


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """A JPEG, and the width and height of its source in pixels as a viewer shows it (turned upright)."""

    data: bytes
    source_width: int
    source_height: int


class UnusableImage(Exception):
    """No thumbnail can be made of the file; the text says why."""


def prepare(memory: int) -> None:
    """Run once in a new worker: limit its memory in bytes, let signals kill it at once, and load libvips.

    The limit is on address space, the only one Linux enforces for a process without cgroups.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would wait for C code that hangs
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["VIPS_CONCURRENCY"] = "1"
    _vips()


def make_thumbnail(path: str, max_side: int, max_bytes: int, alarm_after: int) -> Thumbnail:
    """Make the thumbnail of one file. Raises `UnusableImage`, and nothing that the parent could not unpickle.

    The alarm ends a worker that hangs although its parent, who would have ended it, is gone.
    """
    signal.alarm(alarm_after)
    try:
        return _thumbnail(path, max_side, max_bytes)
    except UnusableImage:
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise anything, and the parent lacks their classes
        raise UnusableImage(f"{type(error).__name__}: {error}"[:300].strip()) from None
    finally:
        signal.alarm(0)


def _thumbnail(path: str, max_side: int, max_bytes: int) -> Thumbnail:
    try:
        return _by_vips(path, max_side, max_bytes)
    except _vips().Error:
        return _by_pillow(path, max_side, max_bytes)


def _vips() -> Any:
    """Libvips with nothing but the decoders of photographs: SVG, PDF and the like can reach out of their file."""
    import pyvips  # noqa: PLC0415 - only workers load it, see above

    pyvips.cache_set_max(0)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    return pyvips


def _by_vips(path: str, max_side: int, max_bytes: int) -> Thumbnail:
    vips = _vips()
    header = vips.Image.new_from_file(path, access="sequential")
    width, height = header.width, header.get_page_height()
    _check_size(width, height)
    if header.get_typeof("orientation") and header.get("orientation") in _ROTATED:
        width, height = height, width
    small = vips.Image.thumbnail(path, max_side, height=max_side, size="down", output_profile="srgb")
    small = small.colourspace("srgb")
    if small.hasalpha():
        small = small.flatten(background=[_WHITE] * 3)
    small = small.cast("uchar").copy_memory()  # sources are sequential: pixels come once, qualities may be several
    data = _smallest(lambda quality: small.jpegsave_buffer(Q=quality, keep="none"), max_bytes)
    return Thumbnail(data=data, source_width=width, source_height=height)


def _by_pillow(path: str, max_side: int, max_bytes: int) -> Thumbnail:
    """For what libvips was built without: HEIC in some builds, BMP, icons, JPEG 2000."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only workers load it, see above
    from pillow_heif import register_heif_opener  # noqa: PLC0415

    register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with Image.open(path, formats=_PILLOW_FORMATS) as source:
        _check_size(*source.size)
        source.draft("RGB", (2 * max_side, 2 * max_side))
        upright = ImageOps.exif_transpose(source)
        width, height = upright.size
        upright.thumbnail((max_side, max_side))
        small = Image.new("RGBA", upright.size, "white")
        small.alpha_composite(upright.convert("RGBA"))

    def save(quality: int) -> bytes:
        buffer = io.BytesIO()
        small.convert("RGB").save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()

    return Thumbnail(data=_smallest(save, max_bytes), source_width=width, source_height=height)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnusableImage(f"{width}x{height} pixels are more than {MAX_PIXELS}")


def _smallest(save: Callable[[int], bytes], max_bytes: int) -> bytes:
    """The best quality that fits. Photographs fit at the first try."""
    for quality in _QUALITIES:
        data = save(quality)
        if len(data) < max_bytes:
            return data
    raise UnusableImage(f"no quality is smaller than {max_bytes} bytes")
