"""Images, in a worker: libvips first, Pillow for what it was built without."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage.previews.values import UnusableImage

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_PIXELS = 200_000_000
"""Images of more pixels are refused by their header: a PNG of 100 KB can unpack to gigabytes."""

_QUALITIES = (82, 70, 55, 40, 25)
_WHITE = 255
_LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif")
_ROTATED = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height
_ORIENTATION = 0x0112
_PILLOW_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "JPEG2000", "AVIF", "HEIF")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """JPEGs in the order of the sides asked for, and the pixels of their source, upright."""

    jpegs: tuple[bytes, ...]
    width: int
    height: int


def draw(path: str, sides: tuple[int, ...], max_bytes: int | None = None) -> Drawn:
    """JPEGs with their longest side at most as given (the largest first), upright, in sRGB, on white."""
    try:
        return _by_vips(path, sides, max_bytes)
    except load_vips().Error:
        return _by_pillow(path, sides, max_bytes)


def squares(path: str, sides: tuple[int, ...]) -> list[bytes]:
    """Square JPEGs with these sides (the largest first) of the middle of an image, upright, in sRGB, on white.

    One that is smaller is enlarged, so that every size is what it is called.
    """
    vips = load_vips()
    try:
        header = vips.Image.new_from_file(path, access="sequential")
        _check_size(header.width, header.get_page_height())
        square = _flat(vips.Image.thumbnail(path, sides[0], height=sides[0], crop="centre", output_profile="srgb"))
    except vips.Error:
        return _squares_by_pillow(path, sides)
    return [_vips_saver(square.thumbnail_image(side, height=side))(_QUALITIES[0]) for side in sides]


def size_of(path: str) -> tuple[int, int]:
    """Width and height as a viewer shows it, from the header alone: no pixel is decoded, whatever it claims."""
    vips = load_vips()
    try:
        return _vips_size(vips.Image.new_from_file(path, access="sequential"))
    except vips.Error:
        with _opened(path, most=None) as image:
            swapped = image.getexif().get(_ORIENTATION) in _ROTATED
            return (image.height, image.width) if swapped else image.size


def save_all(picture: "Picture", sides: tuple[int, ...]) -> list[bytes]:
    """A JPEG for each of ``sides``, the largest first, none larger than the picture."""
    jpegs = []
    for side in sides:
        picture.thumbnail((side, side))
        jpegs.append(_saver(picture)(_QUALITIES[0]))
    return jpegs


def load_vips() -> Any:
    """Libvips with nothing but the decoders of photographs: SVG, PDF and the like can reach out of their file."""
    import pyvips  # noqa: PLC0415 - only workers load it

    pyvips.cache_set_max(0)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    return pyvips


def _by_vips(path: str, sides: tuple[int, ...], max_bytes: int | None) -> Drawn:
    vips = load_vips()
    header = vips.Image.new_from_file(path, access="sequential")
    _check_size(header.width, header.get_page_height())
    width, height = _vips_size(header)
    small = vips.Image.thumbnail(path, sides[0], height=sides[0], size="down", output_profile="srgb")
    small = _flat(small)
    jpegs = []
    for side in sides:
        image = small.thumbnail_image(side, height=side, size="down")
        jpegs.append(_smallest(_vips_saver(image), max_bytes))
    return Drawn(jpegs=tuple(jpegs), width=width, height=height)


def _flat(image: Any) -> Any:
    """In sRGB and on white, in memory: sources are sequential, pixels come once, JPEGs may be several."""
    image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=[_WHITE] * 3)
    return image.cast("uchar").copy_memory()


def _vips_saver(image: Any) -> Callable[[int], bytes]:
    def save(quality: int) -> bytes:
        data: bytes = image.jpegsave_buffer(Q=quality, keep="none")
        return data

    return save


def _vips_size(header: Any) -> tuple[int, int]:
    width, height = header.width, header.get_page_height()
    swapped = header.get_typeof("orientation") and header.get("orientation") in _ROTATED
    return (height, width) if swapped else (width, height)


def _squares_by_pillow(path: str, sides: tuple[int, ...]) -> list[bytes]:
    from PIL import Image, ImageOps  # noqa: PLC0415 - only workers load it

    with _opened(path, most=MAX_PIXELS) as source:
        _check_size(*source.size)
        upright = _in_srgb(ImageOps.fit(ImageOps.exif_transpose(source), (sides[0], sides[0])))
        square = Image.new("RGBA", upright.size, "white")
        square.alpha_composite(upright.convert("RGBA"))
    picture = square.convert("RGB")
    return [_saver(picture.resize((side, side)))(_QUALITIES[0]) for side in sides]


def _by_pillow(path: str, sides: tuple[int, ...], max_bytes: int | None) -> Drawn:
    """For what libvips was built without: HEIC in some builds, BMP, icons, JPEG 2000."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only workers load it

    with _opened(path, most=MAX_PIXELS) as source:
        _check_size(*source.size)
        source.draft("RGB", (2 * sides[0], 2 * sides[0]))
        upright = ImageOps.exif_transpose(source)
        width, height = upright.size
        upright.thumbnail((sides[0], sides[0]))
        upright = _in_srgb(upright)
        small = Image.new("RGBA", upright.size, "white")
        small.alpha_composite(upright.convert("RGBA"))
    picture, jpegs = small.convert("RGB"), []
    for side in sides:
        picture.thumbnail((side, side))
        jpegs.append(_smallest(_saver(picture), max_bytes))
    return Drawn(jpegs=tuple(jpegs), width=width, height=height)


def _opened(path: str, *, most: int | None) -> "Picture":
    from PIL import Image  # noqa: PLC0415 - only workers load it
    from pillow_heif import register_heif_opener  # noqa: PLC0415

    register_heif_opener()
    Image.MAX_IMAGE_PIXELS = most
    return Image.open(path, formats=_PILLOW_FORMATS)


def _in_srgb(image: "Picture") -> "Picture":
    """Phones write HEIC in Display P3: shown as if it were sRGB, its colours are dull."""
    from PIL import ImageCms  # noqa: PLC0415 - only workers load it

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB")) or image
    except (ImageCms.PyCMSError, OSError):  # a broken profile is no reason for no picture
        return image


def _saver(picture: "Picture") -> Callable[[int], bytes]:
    def save(quality: int) -> bytes:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()

    return save


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnusableImage(f"{width}x{height} pixels are more than {MAX_PIXELS}")


def _smallest(save: Callable[[int], bytes], max_bytes: int | None) -> bytes:
    """The best quality that fits. Photographs fit at the first try."""
    for quality in _QUALITIES:
        data = save(quality)
        if max_bytes is None or len(data) < max_bytes:
            return data
    raise UnusableImage(f"no quality is smaller than {max_bytes} bytes")
