"""Which content types may come in: the setting ``ALLOWED_TYPES``."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from storage.content.lookup import normalise, row_of
from storage.content.table import TABLE, Family

_WILDCARDS = ("image/*", "video/*", "audio/*")
_FAMILIES = frozenset(
    {Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.PDF, Family.OFFICE, Family.TEXT, Family.ARCHIVE}
)

DEFAULT_ALLOWED: tuple[str, ...] = (
    *_WILDCARDS,
    *(
        row.mime
        for row in TABLE
        if row.family in _FAMILIES
        and not row.active
        and not row.executable
        and f"{row.mime.partition('/')[0]}/*" not in _WILDCARDS
    ),
)
"""Images, video, audio, PDF, office and plain text, archives; no programs, no active content."""


@dataclass(frozen=True)
class Policy:
    """A list of allowed content types, wildcards included.

    A wildcard never lets in programs or what a browser would run: an SVG is an image by its name, but a
    program to a browser, so ``image/*`` does not cover it. Name such a type in full to allow it.
    """

    patterns: tuple[str, ...]

    @classmethod
    def parse(cls, allowed: str | Iterable[str]) -> Self:
        """From a comma-separated text or several patterns. Raises ValueError that says what is wrong with which."""
        items = allowed.split(",") if isinstance(allowed, str) else allowed
        patterns = tuple(dict.fromkeys(_pattern(item.strip()) for item in items if item.strip()))
        if not patterns:
            raise ValueError("no content type is allowed: name at least one, for example image/*")
        return cls(patterns)

    @classmethod
    def default(cls) -> Self:
        return cls.parse(DEFAULT_ALLOWED)

    def allows(self, mime: str) -> bool:
        """Whether a file of this content type (or alias of one) may come in."""
        row = row_of(mime)
        if row.mime in self.patterns:
            return True
        if row.active or row.executable:
            return False
        return f"{row.mime.partition('/')[0]}/*" in self.patterns or "*/*" in self.patterns

    def __str__(self) -> str:
        return ",".join(self.patterns)


def _pattern(item: str) -> str:
    name = normalise("*/*" if item == "*" else item) if item not in {"*", "*/*"} else "*/*"
    top, _slash, rest = (name or "").partition("/")
    if name is None or ";" in item or ("*" in rest and rest != "*"):
        raise ValueError(f"{item!r} is not a content type: write it like image/png, or image/* for all of a kind")
    return name if rest == "*" else row_of(f"{top}/{rest}").mime
