"""Entities that Telegram finds by itself, and lengths. Offsets count UTF-16 units."""

import re
from typing import Final

from sandbox.model import Json

# TELEGRAM.md, Sending and files: a hashtag needs a letter and ends at `-`.
_PATTERNS: Final = (
    ("bot_command", re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("url", re.compile(r"(?<![\w@])https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]", re.IGNORECASE)),
    ("hashtag", re.compile(r"(?<![\w#@&])#(?=\w*[^\W\d])\w{1,256}(?![#\w])")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{2,31}(?!\w)")),
)


class EntityParseError(Exception):
    """What stands after `can't parse entities: `."""


def utf16(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def found_in(text: str, known: list[Json]) -> list[Json]:
    """`known` and what is found outside of it, in the order of the text."""
    taken = [(one["offset"], one["offset"] + one["length"]) for one in known if one["type"] in _CLOSED]
    entities = list(known)
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start = utf16(text[: match.start()])
            end = start + utf16(match[0])
            if all(end <= low or high <= start for low, high in taken):
                taken.append((start, end))
                entities.append({"offset": start, "length": end - start, "type": kind})
    return sorted(entities, key=lambda one: (one["offset"], -one["length"]))


_CLOSED: Final = ("code", "pre", "text_link", "text_mention")


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Without white space at both ends, as the server does it; entities move along, empty ones go."""
    lead = len(text) - len(text.lstrip())
    shown = text.strip()
    length = utf16(shown)
    moved = []
    for one in entities:
        start = max(0, one["offset"] - lead)
        end = min(length, one["offset"] + one["length"] - lead)
        if end > start:
            moved.append({**one, "offset": start, "length": end - start})
    return shown, moved
