"""What goes into a preview process and what comes out of it: values that can be pickled."""

from dataclasses import dataclass

Spans = tuple[tuple[int, int], ...]


class UnusableImage(Exception):
    """Nothing can be made of the file; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What a viewer shows: pixels, turned upright, and seconds. None where there is none, or nobody can tell."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """A JPEG, and the width and height of its source in pixels as a viewer shows it (turned upright)."""

    data: bytes
    source_width: int
    source_height: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to look into. Of a large video only ``spans`` of bytes (start, stop) are there, the rest is zeros."""

    path: str
    mime: str
    spans: Spans = ()
