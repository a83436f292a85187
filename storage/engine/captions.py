"""What a channel message says: text for people, and a last line for programs, the manifest.

The manifest names the media and the part, so that a message can be found again after a lost answer
and the index rebuilt from the channel alone. The last part carries the totals too::

    mediagate:1 k=<media key, 32 hex> i=<index> o=<offset> s=<size> h=<sha256 hex> [n=<parts> t=<total> w=<sha256 hex>]

``s`` and ``h`` are ``-`` where a file came through Telegram and is too large to be fetched. ``w`` is left out for
a single part: it equals ``h``. Caption and manifest always fit 1024 characters (TELEGRAM.md, Limits): the
text for people is cut first.
"""

import hashlib
import json
import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.request_numbers import RequestNumber, hashtag

CAPTION_LIMIT = 1024
_DESCRIPTION_SHOWN = 300
_MANIFEST = re.compile(
    r"^mediagate:1 k=(?P<key>[0-9a-f]{32}) i=(?P<index>\d+) o=(?P<offset>\d+)"
    r" s=(?P<size>\d+|-) h=(?P<sha256>[0-9a-f]{64}|-)"
    r"(?: n=(?P<count>\d+) t=(?P<total>\d+|-)(?: w=(?P<whole>[0-9a-f]{64}))?)?$",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a caption tells people about a media."""

    filename: str
    content_type: str
    file_type: str
    category: str
    request_numbers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str | None = None
    who: str
    when: str

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FACTS}

    @property
    def digest(self) -> bytes:
        """The same for the same caption. Who and when never change, and are left out: clocks round differently."""
        told = {name: value for name, value in self.as_json().items() if name not in ("who", "when")}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()[:8]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Facts":
        lists = {name: tuple(value[name]) for name in ("request_numbers", "tags")}
        return cls(**{**value, **lists})


_FACTS = tuple(field.name for field in fields(Facts))


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The line for programs. ``count``, ``total`` and ``whole`` are set on the last part only."""

    media_key: UUID
    index: int
    offset: int
    size: int | None
    sha256: bytes | None
    count: int | None = None
    total: int | None = None
    whole: bytes | None = None

    def __str__(self) -> str:
        line = (
            f"mediagate:1 k={self.media_key.hex} i={self.index} o={self.offset} "
            f"s={_number(self.size)} h={_digest(self.sha256)}"
        )
        if self.count is not None:
            line += f" n={self.count} t={_number(self.total)}"
            if self.count > 1 and self.whole is not None:
                line += f" w={self.whole.hex()}"
        return line


def parse_manifest(caption: str | None) -> Manifest | None:
    """The manifest in a caption, or None where there is none. Never raises."""
    matches = [*_MANIFEST.finditer(caption or "")]
    if not matches:
        return None
    found = matches[-1]  # people may have quoted one above it
    size, count, total = found["size"], found["count"], found["total"]
    sha256 = None if found["sha256"] == "-" else bytes.fromhex(found["sha256"])
    whole = bytes.fromhex(found["whole"]) if found["whole"] else (sha256 if count == "1" else None)
    return Manifest(
        media_key=UUID(found["key"]),
        index=int(found["index"]),
        offset=int(found["offset"]),
        size=None if size == "-" else int(size),
        sha256=sha256,
        count=int(count) if count else None,
        total=int(total) if total and total != "-" else None,
        whole=whole,
    )


def caption(facts: Facts, manifest: Manifest) -> str:
    """The whole caption of a part, at most 1024 characters, plain text."""
    line = str(manifest)
    text = _for_people(facts, manifest)
    room = CAPTION_LIMIT - len(line) - 1
    if len(text) > room:
        text = text[: room - 1] + "…"
    return f"{text}\n{line}"


def part_filename(filename: str, index: int, *, single: bool) -> str:
    """A split file's parts are named so that ``cat name.* > name`` puts them together."""
    return filename if single else f"{filename}.{index + 1:04d}"


def _for_people(facts: Facts, manifest: Manifest) -> str:
    hashtags = [hashtag(RequestNumber(number)) for number in facts.request_numbers]
    hashtags += [f"#{word}" for tag in facts.tags if (word := re.sub(r"\W+", "_", tag).strip("_"))]
    part = f", part {manifest.index + 1}" if manifest.index or (manifest.count or 0) != 1 else ""
    if part and manifest.count:
        part += f" of {manifest.count}"
    lines = [
        f"{facts.filename} ({facts.file_type}, {facts.content_type}{part})",
        # Whose it is before what may be long: the end is cut first, and the owner has to come back from here.
        f"{facts.who}, {datetime.fromisoformat(facts.when):%Y-%m-%d %H:%M} UTC",
        " ".join([facts.category, *hashtags]),
    ]
    if facts.description:
        lines.append(_one_line(facts.description))
    return "\n".join(line for line in lines if line)


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _DESCRIPTION_SHOWN else text[: _DESCRIPTION_SHOWN - 1] + "…"


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _digest(value: bytes | None) -> str:
    return "-" if value is None else value.hex()
