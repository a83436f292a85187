"""What the messages of a backup say: words for people, and a line for programs that no media's line can be taken for.

::

    mediagate-backup:1 k=<backup key, 32 hex> i=<index> o=<offset> s=<size> h=<sha256 hex> [n=<pieces>]

``n`` is on the last message only, the list of the others (`storage.recovery.indexes`). With it a backup is whole.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

_LINE = re.compile(
    r"^mediagate-backup:1 k=(?P<key>[0-9a-f]{32}) i=(?P<index>\d{1,9}) o=(?P<offset>\d{1,18})"
    r" s=(?P<size>\d{1,18}) h=(?P<sha256>[0-9a-f]{64})(?: n=(?P<count>\d{1,9}))?$",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PieceManifest:
    """The line for programs. ``count`` is None for a piece of the dump itself."""

    key: UUID
    index: int
    offset: int
    size: int
    sha256: bytes
    count: int | None = None

    def __str__(self) -> str:
        line = f"mediagate-backup:1 k={self.key.hex} i={self.index} o={self.offset} s={self.size} h={self.sha256.hex()}"
        return line if self.count is None else f"{line} n={self.count}"


def parse_piece(caption: str | None) -> PieceManifest | None:
    """The line in a caption, or None where there is none. Never raises."""
    matches = [*_LINE.finditer(caption or "")]
    if not matches:
        return None
    found = matches[-1]
    return PieceManifest(
        key=UUID(found["key"]),
        index=int(found["index"]),
        offset=int(found["offset"]),
        size=int(found["size"]),
        sha256=bytes.fromhex(found["sha256"]),
        count=None if found["count"] is None else int(found["count"]),
    )


def piece_caption(manifest: PieceManifest, made_at: datetime, *, pieces: int) -> str:
    """The whole caption of one message of a backup of ``pieces``."""
    day = f"{made_at:%Y-%m-%d %H:%M} UTC"
    if manifest.count is None:
        words = f"Backup of {day}, part {manifest.index + 1} of {pieces}, encrypted"
    else:
        words = (
            f"Backup of {day}\n"
            f"The list of its parts ({pieces}). To restore: `mediagate restore`, with the recovery passphrase"
        )
    return f"{words}\n{manifest}"


def piece_filename(made_at: datetime, index: int, *, pieces: int) -> str:
    """As with split files, ``cat mediagate-….age.* > mediagate.age`` puts the parts together."""
    name = f"mediagate-{made_at:%Y-%m-%d-%H%M%S}"
    return f"{name}.json" if index == pieces else f"{name}.age.{index + 1:04d}"
