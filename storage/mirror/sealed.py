"""How a file in an encrypted mirror looks, so that any range of it can be read without the rest.

::

    "MGMIRR01" (8 bytes)  salt (32)  chunk 0  chunk 1  …  last chunk

A chunk is 64 KiB of plain text, the last one 1 byte to 64 KiB, sealed with AES-256-GCM: 16 bytes longer, nothing else.
Its nonce is its number (11 bytes, big-endian) and one byte that is 1 for the last chunk and else 0; the header is the
additional data. So a chunk that was changed, moved, exchanged with another file's or left out at the end is noticed
when it is read. Every file has a key of its own: HKDF-SHA256 of the text of MIRROR_KEY with the file's salt and
``mediagate mirror: file`` as info. It is the STREAM construction that age uses too, with another cipher.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"MGMIRR01"
CHUNK = 64 * 1024
TAG = 16
_SALT = 32
HEADER = len(MAGIC) + _SALT
_SEALED = CHUNK + TAG
_KEY = 32


class BrokenSeal(Exception):
    """Not what was written: cut, changed, of another file, or sealed with another key. ``str()`` says which chunk."""


@dataclass(frozen=True, slots=True)
class MirrorKey:
    """What MIRROR_KEY gives: keys for files, their names, and a check that tells a wrong one."""

    secret: bytes

    def of_file(self, salt: bytes) -> bytes:
        return self._derived(b"mediagate mirror: file", salt)

    def name(self, digest: bytes) -> bytes:
        """32 bytes to name a file by: whoever has the directory cannot ask it for a file that they know."""
        return hmac.digest(self._derived(b"mediagate mirror: names", None), digest, hashlib.sha256)

    def check(self, mirror_id: UUID) -> str:
        """For the marker file: tells that a key is the right one, and nothing about it."""
        key = self._derived(b"mediagate mirror: check", None)
        return hmac.digest(key, mirror_id.bytes, hashlib.sha256).hex()

    def _derived(self, info: bytes, salt: bytes | None) -> bytes:
        return HKDF(algorithm=SHA256(), length=_KEY, salt=salt, info=info).derive(self.secret)


class Sealer:
    """Seals a stream: `header`, what each `update` gives, `finish`. At least one byte has to be sealed."""

    def __init__(self, key: MirrorKey) -> None:
        self.header = MAGIC + secrets.token_bytes(_SALT)
        self._aead = AESGCM(key.of_file(self.header[len(MAGIC) :]))
        self._waiting = bytearray()
        self._number = 0

    def update(self, data: bytes | memoryview) -> Iterator[bytes]:
        """The chunks that are full now. A full one waits until it is known that it is not the last."""
        self._waiting += data
        done = 0
        with memoryview(self._waiting) as waiting:
            while len(waiting) - done > CHUNK:
                yield self._seal(waiting[done : done + CHUNK], last=False)
                done += CHUNK
        del self._waiting[:done]

    def finish(self) -> bytes:
        return self._seal(self._waiting, last=True)

    def _seal(self, plain: bytearray | memoryview, *, last: bool) -> bytes:
        sealed = self._aead.encrypt(_nonce(self._number, last=last), plain, self.header)
        self._number += 1
        return sealed


class SealedFile:
    """Reads ranges of a sealed file. Blocking. Raises `BrokenSeal` wherever something is wrong."""

    def __init__(self, fd: int, key: MirrorKey) -> None:
        self._fd = fd
        self._header = os.pread(fd, HEADER, 0)
        if len(self._header) < HEADER or not self._header.startswith(MAGIC):
            raise BrokenSeal("header")
        self._chunks, self.size = _measured(os.fstat(fd).st_size)
        self._aead = AESGCM(key.of_file(self._header[len(MAGIC) :]))

    def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes from ``offset`` on; the chunks they are in are held at once."""
        stop = min(offset + length, self.size)
        if offset >= stop:
            return b""
        first, last = offset // CHUNK, (stop - 1) // CHUNK
        sealed = memoryview(os.pread(self._fd, (last - first + 1) * _SEALED, HEADER + first * _SEALED))
        plain = b"".join(
            self._open(number, sealed[(number - first) * _SEALED : (number - first + 1) * _SEALED])
            for number in range(first, last + 1)
        )
        return plain[offset - first * CHUNK : stop - first * CHUNK]

    def _open(self, number: int, sealed: memoryview) -> bytes:
        try:
            return self._aead.decrypt(_nonce(number, last=number == self._chunks - 1), sealed, self._header)
        except (InvalidTag, ValueError) as error:
            raise BrokenSeal(f"chunk {number}") from error


def sealed_size(size: int) -> int:
    """The length of the file that ``size`` bytes, at least one, become."""
    return HEADER + size + TAG * -(-size // CHUNK)


def _measured(length: int) -> tuple[int, int]:
    """How many chunks a file of ``length`` bytes has, and how many bytes they hold."""
    body = length - HEADER
    chunks = -(-body // _SEALED)
    if chunks < 1 or body - (chunks - 1) * _SEALED <= TAG:
        raise BrokenSeal("length")
    return chunks, body - chunks * TAG


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
