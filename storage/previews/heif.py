"""Metadata of HEIC and AVIF, blanked where it stands: every offset in the file stays right.

Exif and XMP are items (ISO 14496-12 §8.11): ``iinf`` names them, ``iloc`` says in which extents of the file, or of
``idat``, their bytes are. Those bytes are overwritten; how the picture is turned is said elsewhere (``irot``).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from storage.previews.values import UnusableImage

_EMPTY_EXIF = bytes(4) + b"MM\0*" + bytes((0, 0, 0, 8)) + bytes(6)
"""An item says where its TIFF header begins; this one has a directory without entries. Decoders refuse mere zeros."""

_METADATA = {b"Exif": _EMPTY_EXIF, b"mime": b"", b"uri ": b""}
_MOST_META = 16 * 1024 * 1024
_BLANKED = frozenset({b"uuid", b"free", b"skip", b"udta"})
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Box:
    """``start`` and ``stop`` of the content within its buffer or file."""

    name: bytes
    start: int
    stop: int


class _Reader:
    """Big-endian numbers from a buffer, in order."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def number(self, size: int) -> int:
        if self.at + size > len(self._data):
            raise UnusableImage("a box ends too early")
        self.at += size
        return int.from_bytes(self._data[self.at - size : self.at], "big")


def blank_metadata(file: BinaryIO) -> None:
    """Overwrite the bytes of all metadata items. Raises `UnusableImage` where the boxes do not add up."""
    size, found = file.seek(0, os.SEEK_END), False
    for box in _file_boxes(file, size):
        if box.name in _BLANKED:
            _blank(file, box.start, box.stop - box.start, size, b"")
        if box.name == b"moov":  # a sequence: its tracks may carry metadata of their own
            raise UnusableImage("it is a sequence of images")
        if box.name == b"meta":
            if box.stop - box.start > _MOST_META:
                raise UnusableImage("its list of items is too long")
            file.seek(box.start)
            _blank_items(file, file.read(box.stop - box.start), box.start, size)
            found = True
    if not found:
        raise UnusableImage("it has no list of items")


def _blank_items(file: BinaryIO, meta: bytes, base: int, size: int) -> None:
    boxes = {box.name: box for box in _boxes(meta, 4, len(meta))}
    if b"iinf" not in boxes or b"iloc" not in boxes:
        raise UnusableImage("it has no list of items")
    left = {number: _METADATA[kind] for number, kind in _items(meta, boxes[b"iinf"]) if kind in _METADATA}
    idat = boxes.get(b"idat")
    for number, in_idat, offset, length in _extents(meta, boxes[b"iloc"]):
        if number not in left:
            continue
        if in_idat and idat is None:
            raise UnusableImage("an item is nowhere")
        start = offset + (base + idat.start if in_idat and idat is not None else 0)
        extent = length or size - start
        _blank(file, start, extent, size, left[number])
        left[number] = left[number][extent:]


def _blank(file: BinaryIO, start: int, length: int, size: int, beginning: bytes) -> None:
    """Spaces, which XMP may be made of, behind what an item has to begin with."""
    if start < 0 or length < 0 or start + length > size:
        raise UnusableImage("an item is outside of the file")
    file.seek(start)
    file.write(beginning[:length])
    length -= len(beginning)
    while length > 0:
        file.write(b" " * min(length, _PIECE))
        length -= _PIECE


def _file_boxes(file: BinaryIO, size: int) -> Iterator[_Box]:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        box = _box(file.read(16), 0, size - at)
        yield _Box(box.name, at + box.start, at + box.stop)
        at += box.stop


def _boxes(data: bytes, at: int, stop: int) -> Iterator[_Box]:
    while at + 8 <= stop:
        box = _box(data, at, stop)
        yield box
        at = box.stop


def _box(data: bytes, at: int, stop: int) -> _Box:
    reader = _Reader(data, at)
    length, name = reader.number(4), data[at + 4 : at + 8]
    reader.at += 4
    if length == 1:
        length = reader.number(8)
    elif length == 0:
        length = stop - at
    if length < reader.at - at or at + length > stop:
        raise UnusableImage("a box is longer than what it is in")
    return _Box(name, reader.at, at + length)


def _items(meta: bytes, iinf: _Box) -> Iterator[tuple[int, bytes]]:
    """Item ids with their types. Types came with version 2 of ``infe``; HEIF knows no older one."""
    version = meta[iinf.start]
    for box in _boxes(meta, iinf.start + (6 if version == 0 else 8), iinf.stop):
        reader = _Reader(meta, box.start)
        infe = reader.number(1)
        reader.at += 3
        number = reader.number(2 if infe <= 2 else 4)  # noqa: PLR2004 - versions of infe
        reader.at += 2
        yield number, meta[reader.at : reader.at + 4]


def _extents(meta: bytes, iloc: _Box) -> Iterator[tuple[int, bool, int, int]]:
    """Item id, whether it is in ``idat``, offset and length (0: all the rest) of each extent."""
    reader = _Reader(meta, iloc.start)
    version = reader.number(1)
    reader.at += 3
    sizes = reader.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = 4 if version >= 2 else 2  # noqa: PLR2004 - versions of iloc
    for _ in range(reader.number(wide)):
        number = reader.number(wide)
        method = reader.number(2) & 15 if version else 0
        reader.at += 2
        base = reader.number(base_size)
        for _extent in range(reader.number(2)):
            reader.at += index_size
            offset = base + reader.number(offset_size)
            yield number, method == 1, offset, reader.number(length_size)
