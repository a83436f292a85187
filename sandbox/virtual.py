"""Files without a disk: bytes that follow from a seed and an offset.

Every 64 KiB block starts with its own number, so that bytes in a wrong place are noticed.
"""

import random
from functools import lru_cache
from typing import Final

from sandbox.model import Json

_BASE: Final = 1024 * 1024
_BLOCK: Final = 64 * 1024
_STAMP: Final = 16
# The first bytes make type detection see what the file claims to be.
_SIGNATURES: Final = {
    "video/mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41",
    "video/quicktime": b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ",
    "video/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm",
    "audio/mpeg": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "audio/ogg": b"OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/gif": b"GIF89a",
    "application/pdf": b"%PDF-1.7\n",
    "application/zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
}


def describe(seed: int, mime_type: str, fill: str | None) -> Json:
    """What a StoredFile keeps: `fill` is None (seeded noise), "zero", or a text that is repeated."""
    return {"seed": seed, "mime_type": mime_type, "fill": fill}


@lru_cache(maxsize=8)
def _base(seed: int, fill: str | None) -> bytes:
    if fill == "zero":
        return bytes(_BASE)
    if fill:
        pattern = fill.encode()
        return (pattern * (_BASE // len(pattern) + 1))[:_BASE]
    return random.Random(seed).randbytes(_BASE)  # noqa: S311 - reproducible noise is the point


def read(virtual: Json, size: int, offset: int, length: int) -> bytes:
    """The bytes `offset … offset + length` of a file of `size` bytes, fewer at its end."""
    end = min(size, offset + length)
    if end <= offset:
        return b""
    first, last = offset // _BLOCK, (end - 1) // _BLOCK
    out = b"".join(_block(virtual, index) for index in range(first, last + 1))
    return out[offset - first * _BLOCK : end - first * _BLOCK]


def _block(virtual: Json, index: int) -> bytes:
    base = _base(virtual["seed"], virtual["fill"])
    at = index * _BLOCK % _BASE
    block = base[at : at + _BLOCK]
    if virtual["fill"] is None:
        block = b"%016x" % index + block[_STAMP:]
    if index == 0:
        signature = _SIGNATURES.get(virtual["mime_type"], b"")
        block = signature + block[len(signature) :]
    return block
