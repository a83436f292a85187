"""The cache's directory.

``cold/`` is for what was not opened again since it was written, and of this process only;
``<hh>/<media key>.<index>`` for what is kept.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

COLD = "cold"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A part that an earlier process kept. Nobody has looked into it yet."""

    key: tuple[UUID, int]
    path: Path
    size: int


def found(root: Path) -> list[Kept]:
    """What is kept, in the order of its last use, oldest first; what an earlier process did not keep is removed."""
    cold = root / COLD
    cold.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    unlink(cold.iterdir())
    entries = []
    for path in root.glob("[0-9a-f][0-9a-f]/*"):
        stat = path.stat()
        with suppress(ValueError):
            key = UUID(hex=path.stem), int(path.suffix[1:])
            entries.append((stat.st_mtime, Kept(key=key, path=path, size=stat.st_size)))
    return [kept for _, kept in sorted(entries, key=lambda entry: entry[0])]


def move_in(path: Path, root: Path, key: tuple[UUID, int]) -> Path:
    """Where the file is now."""
    place = root / key[0].hex[:2] / f"{key[0].hex}.{key[1]:06d}"
    place.parent.mkdir(mode=0o700, exist_ok=True)
    return path.replace(place)


def digest_of(path: Path) -> bytes:
    """Its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def touch(path: Path) -> None:
    """Used just now: the order of use is exact to a minute after a restart."""
    with suppress(OSError):
        os.utime(path)


def unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
