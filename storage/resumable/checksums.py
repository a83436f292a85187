"""The checksums that a chunk may carry."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class _Sum(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


ALGORITHMS: dict[str, Callable[[], _Sum]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "crc32": _Crc32,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Checksum:
    """What a client says the bytes of a chunk amount to."""

    algorithm: str
    value: bytes

    def begin(self) -> _Sum:
        return ALGORITHMS[self.algorithm]()
