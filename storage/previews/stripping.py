"""Taking out of an image what says where, when and with what it was taken, in a worker.

Nothing is decoded: the pixels, their colour profile and the orientation stay as they are, and everything else that may
carry a place goes (Exif, XMP, IPTC, comments, maker notes, a second image behind the first). A file that
does not follow its format is refused: what cannot be read cannot be cleaned.

Sources: JPEG ITU-T T.81 annex B, Exif 2.32 §4.5, PNG 3rd edition §5 and §11, RFC 9649 (WebP), ISO 14496-12.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from storage.previews.heif import blank_metadata
from storage.previews.values import UnusableImage

STRIPPABLE = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif"})
"""The types this works for."""

_PIECE = 1024 * 1024
_ORIENTATION = 0x0112
_UPRIGHT = 1
_MOST_ORIENTATIONS = 8
_EXIF_HEAD = b"Exif\0\0"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_DROPPED = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"caBX"})
_PNG_LONGEST = 2**31 - 1
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_RST0, _RST7, _TEM, _APP15, _COM = 0xD0, 0xD7, 0x01, 0xEF, 0xFE
_FILL = 0xFF
_STUFFED = frozenset({0, _FILL})


def strip(path: str, mime: str, target: str) -> None:
    """Write the cleaned image to ``target``. Raises `UnusableImage` for another type or a broken file."""
    with Path(path).open("rb") as source, Path(target).open("w+b") as out:
        match mime:
            case "image/jpeg":
                _strip_jpeg(source, out)
            case "image/png":
                _strip_png(source, out)
            case "image/webp":
                _strip_webp(source, out)
            case "image/heic" | "image/heif" | "image/avif":
                _copy(source, out, os.fstat(source.fileno()).st_size)
            case _:
                raise UnusableImage(f"nothing is known of metadata in {mime}")
    if mime in ("image/heic", "image/heif", "image/avif"):
        with Path(target).open("r+b") as copy:
            blank_metadata(copy)


def _strip_jpeg(source: BinaryIO, out: BinaryIO) -> None:
    """Segments one by one; what follows the end of the image (previews, a second image) is left behind."""
    if _exactly(source, 2) != bytes((0xFF, _SOI)):
        raise UnusableImage("it does not begin as a JPEG")
    out.write(bytes((0xFF, _SOI)))
    orientation = 0
    while True:
        marker = _marker(source)
        if marker == _EOI:
            out.write(bytes((0xFF, _EOI)))
            return
        if marker == _TEM or _RST0 <= marker <= _RST7:
            out.write(bytes((0xFF, marker)))
            continue
        length = int.from_bytes(_exactly(source, 2), "big")
        if length < 2:  # noqa: PLR2004 - the length counts its own two bytes
            raise UnusableImage("a segment has no length")
        body = _exactly(source, length - 2)
        if marker == _APP1 and body.startswith(_EXIF_HEAD) and not orientation:
            orientation = orientation_of(body[len(_EXIF_HEAD) :])
            if orientation > _UPRIGHT:
                _segment(out, _APP1, _EXIF_HEAD + exif_of(orientation))
        if _is_kept(marker, body):
            _segment(out, marker, body)
        if marker == _SOS:
            _copy_scan(source, out)


def _is_kept(marker: int, body: bytes) -> bool:
    """Of the application segments those that say how colours are to be read."""
    if marker == _APP0:
        return body.startswith(b"JFIF\0")
    if marker == _APP2:
        return body.startswith(b"ICC_PROFILE\0")
    return marker == _APP14 or not (_APP0 <= marker <= _APP15 or marker == _COM)


def _marker(source: BinaryIO) -> int:
    if _exactly(source, 1) != b"\xff":
        raise UnusableImage("there is something between two segments")
    code = _FILL
    while code == _FILL:  # any number of them may come before a marker
        code = _exactly(source, 1)[0]
    return code


def _segment(out: BinaryIO, marker: int, body: bytes) -> None:
    out.write(bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body)


def _copy_scan(source: BinaryIO, out: BinaryIO) -> None:
    """Entropy-coded bytes up to the next marker that is none of theirs."""
    held = b""
    while piece := source.read(_PIECE):
        data, start = held + piece, 0
        while (at := data.find(b"\xff", start)) >= 0 and at + 1 < len(data):
            following = data[at + 1]
            if following in _STUFFED or _RST0 <= following <= _RST7:
                start = at + (1 if following == _FILL else 2)
                continue
            out.write(data[:at])
            source.seek(at - len(data), os.SEEK_CUR)
            return
        keep = 1 if data.endswith(b"\xff") else 0
        out.write(data[: len(data) - keep])
        held = data[len(data) - keep :]
    raise UnusableImage("it ends in the middle of the picture")


def _strip_png(source: BinaryIO, out: BinaryIO) -> None:
    if _exactly(source, len(_PNG_MAGIC)) != _PNG_MAGIC:
        raise UnusableImage("it does not begin as a PNG")
    out.write(_PNG_MAGIC)
    while True:
        head = _exactly(source, 8)
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if length > _PNG_LONGEST:
            raise UnusableImage("a chunk is too long")
        if name in _PNG_DROPPED:
            body = _exactly(source, min(length, _PIECE))
            _pass_over(source, length - len(body) + 4)
            orientation = orientation_of(body) if name == b"eXIf" else 0
            if orientation > _UPRIGHT:
                exif = exif_of(orientation)
                out.write(struct.pack(">I", len(exif)) + name + exif + struct.pack(">I", zlib.crc32(name + exif)))
            continue
        out.write(head)
        _copy(source, out, length + 4)
        if name == b"IEND":
            return


def _strip_webp(source: BinaryIO, out: BinaryIO) -> None:
    head = _exactly(source, 12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise UnusableImage("it does not begin as a WebP")
    left = int.from_bytes(head[4:8], "little") - 4
    out.write(head)
    orientation = 0
    flags_at = -1
    for name, length in _riff_chunks(source, left):
        if name == b"VP8X":
            flags_at = out.tell() + 8
        if name == b"EXIF":
            body = _exactly(source, min(length, _PIECE))
            orientation = orientation or orientation_of(body.removeprefix(_EXIF_HEAD))
            _pass_over(source, length + length % 2 - len(body))
        elif name in _WEBP_KEPT:
            out.write(name + struct.pack("<I", length))
            _copy(source, out, length)
            _pass_over(source, length % 2)
            out.write(bytes(length % 2))
        else:
            _pass_over(source, length + length % 2)
    _finish_webp(out, flags_at, orientation)


def _finish_webp(out: BinaryIO, flags_at: int, orientation: int) -> None:
    exif = exif_of(orientation) if orientation > _UPRIGHT and flags_at >= 0 else b""
    if exif:
        out.write(b"EXIF" + struct.pack("<I", len(exif)) + exif + bytes(len(exif) % 2))
    size = out.tell()
    out.seek(4)
    out.write(struct.pack("<I", size - 8))
    if flags_at >= 0:
        out.seek(flags_at)
        flags = out.read(1)[0] & ~(_WEBP_EXIF | _WEBP_XMP)
        out.seek(flags_at)
        out.write(bytes((flags | (_WEBP_EXIF if exif else 0),)))


def _riff_chunks(source: BinaryIO, left: int) -> Iterator[tuple[bytes, int]]:
    while left >= 8:  # noqa: PLR2004 - name and length
        head = _exactly(source, 8)
        length = int.from_bytes(head[4:], "little")
        left -= 8 + length + length % 2
        if left < -1:  # some writers leave the last padding byte out
            raise UnusableImage("a chunk is longer than the file")
        yield head[:4], length


def orientation_of(tiff: bytes) -> int:
    """The orientation (1-8) that an Exif block says in its first directory; 0 where it says none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:  # noqa: PLR2004 - header and the number of entries
        return 0
    at = struct.unpack_from(f"{order}I", tiff, 4)[0]
    if at + 2 > len(tiff):
        return 0
    for index in range(struct.unpack_from(f"{order}H", tiff, at)[0]):
        entry = at + 2 + 12 * index
        if entry + 12 > len(tiff):
            return 0
        tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if tag == _ORIENTATION:
            return value if _UPRIGHT <= value <= _MOST_ORIENTATIONS else 0
    return 0


def exif_of(orientation: int) -> bytes:
    """An Exif block that says nothing but the orientation."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


def _exactly(source: BinaryIO, count: int) -> bytes:
    data = source.read(count)
    if len(data) < count:
        raise UnusableImage("it ends too early")
    return data


def _copy(source: BinaryIO, out: BinaryIO, count: int) -> None:
    while count > 0:
        data = _exactly(source, min(count, _PIECE))
        out.write(data)
        count -= len(data)


def _pass_over(source: BinaryIO, count: int) -> None:
    source.seek(count, os.SEEK_CUR)
