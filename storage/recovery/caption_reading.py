"""Reading back what `storage.engine.captions` wrote: all that is known of a media where its row is lost.

What a caption cannot say exactly: tags are as their hashtags are (``night shift`` comes back as ``night_shift``), a
description is one line of at most 300 characters, times are to the minute. What was cut for room is said to be.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from storage.domain import Category, FileType
from storage.request_numbers import InvalidRequestNumber, parse_request_number

UNKNOWN_OWNER = "service:recovered"
"""Whose what is that does not say it: only services and admins see it."""

_TITLE = re.compile(
    r"(?P<name>.+) \((?P<kind>[a-z_]+), (?P<type>[^\s(),]+/[^\s(),]+)(?:, part \d+(?: of \d+)?)?\)", re.DOTALL
)
_SENDER = re.compile(r"(?P<who>(?:telegram|user|service):.+), (?P<when>\d{4}-\d\d-\d\d \d\d:\d\d) UTC")
_REQUEST = re.compile(r"#r(\d{6})_(\d{3,9})")
_CUT = "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """``cut``: something had no room, or could not be read, so that there was more. ``uploaded_at`` None: not said."""

    filename: str
    content_type: str
    file_type: FileType
    category: Category
    request_numbers: tuple[str, ...]
    tags: tuple[str, ...]
    description: str | None
    owner: str
    uploaded_at: datetime | None
    cut: bool


def read_caption(caption: str, media_key: UUID) -> Remembered:
    """What the text for people says. Never raises: what is not there gets a stand-in, and ``cut``."""
    lines = caption.rstrip().split("\n")[:-1]
    title = _TITLE.fullmatch(lines[0]) if lines else None
    # Whose it is stands on the second line; on the third in captions from before backups.
    second, third = (*lines[1:3], "", "")[:2]
    sender = _SENDER.fullmatch(second) or _SENDER.fullmatch(third)
    words = (second if sender is None or sender.string == third else third).split(" ")
    text = "\n".join(lines)
    kind = _kind(title["kind"] if title else "")
    category = _category(words[0] if words else "")
    numbers, tags = _hashtags(words[1:])
    description = "\n".join(lines[3:])
    return Remembered(
        filename=title["name"] if title else f"recovered-{media_key.hex[:8]}",
        content_type=title["type"] if title else "application/octet-stream",
        file_type=kind or FileType.DOCUMENT,
        category=category or Category.OTHER,
        request_numbers=numbers,
        tags=tags,
        description=description or None,
        owner=sender["who"] if sender else UNKNOWN_OWNER,
        uploaded_at=None if sender is None else _time(sender["when"]),
        cut=None in (title, sender, kind, category) or text.endswith(_CUT),
    )


def _kind(word: str) -> FileType | None:
    return FileType(word) if word in set(FileType) else None


def _category(word: str) -> Category | None:
    return Category(word) if word in set(Category) else None


def _hashtags(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Request numbers and tags; a last one that was cut is neither."""
    numbers, tags = [], []
    for word in words:
        if not word.startswith("#") or word.endswith(_CUT):
            continue
        number = _request(word)
        if number is None:
            tags.append(word[1:])
        else:
            numbers.append(number)
    return tuple(dict.fromkeys(numbers)), tuple(dict.fromkeys(tags))


def _request(word: str) -> str | None:
    match = _REQUEST.fullmatch(word)
    if match is None:
        return None
    try:
        return parse_request_number(f"{match[1]}-{match[2]}")
    except InvalidRequestNumber:
        return None


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError:
        return None
