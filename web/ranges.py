"""Ranges and conditions of RFC 9110, as arithmetic: no request, no response, no bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum
from functools import lru_cache

from storage.errors import InvalidRange

MOST_RANGES = 32
"""More ranges in one request are an attack or a mistake; the whole is served then, which RFC 9110 §14.2 allows."""

_SPEC = re.compile(r"(\d{0,19})-(\d{0,19})", re.ASCII)
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\U0010ffff]*)"')


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``start`` up to, but not including, ``stop``."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start


class Condition(Enum):
    """What the preconditions of a request come to."""

    HOLDS = "holds"
    NOT_MODIFIED = "not_modified"
    FAILED = "failed"


def parse_ranges(header: str | None, size: int) -> list[Span] | None:
    """The spans that a ``Range`` header asks for, in its order; None where the whole is to be served.

    Unknown units and malformed or excessive headers are ignored, as RFC 9110 §14.2 wants it. Ranges that overlap are
    merged, so that no byte is sent twice. Raises `InvalidRange` where no range has a byte of the media.
    """
    unit, found, specs = (header or "").partition("=")
    if not found or unit.strip().lower() != "bytes":
        return None
    items = [item.strip() for item in specs.split(",") if item.strip()]
    bounds = [_SPEC.fullmatch(item) for item in items]
    spans: list[Span] = []
    for bound in bounds:
        if bound is None or bound[0] == "-" or (bound[1] and bound[2] and int(bound[2]) < int(bound[1])):
            return None
        span = _span(bound[1], bound[2], size)
        if span.start < span.stop:
            spans.append(span)
    if not bounds or len(bounds) > MOST_RANGES:
        return None
    if not spans:
        raise InvalidRange(size=size)
    return _merged(spans)


def content_range(span: Span, size: int) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{size}"


def range_applies(if_range: str | None, etag: str, modified: datetime) -> bool:
    """Whether ``If-Range`` lets ranges be served: the very same strong tag, or the very same date."""
    if if_range is None:
        return True
    value = if_range.strip()
    if value.startswith(('"', "W/")):
        return value == etag
    return _date(value) == _whole_seconds(modified)


def evaluate(
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: str | None = None,
    if_unmodified_since: str | None = None,
    etag: str,
    modified: datetime,
) -> Condition:
    """The preconditions of a GET or HEAD in the order of RFC 9110 §13.2.2. ``etag`` is strong, with its quotes."""
    last = _whole_seconds(modified)
    if if_match is not None:
        if not _matches(if_match, etag, weak=False):
            return Condition.FAILED
    elif (since := _date(if_unmodified_since)) is not None and last > since:
        return Condition.FAILED
    if if_none_match is not None:
        return Condition.NOT_MODIFIED if _matches(if_none_match, etag, weak=True) else Condition.HOLDS
    since = _date(if_modified_since)
    return Condition.NOT_MODIFIED if since is not None and last <= since else Condition.HOLDS


@lru_cache(maxsize=1024)
def http_date(when: datetime) -> str:
    return format_datetime(_whole_seconds(when), usegmt=True)


def _span(first: str, last: str, size: int) -> Span:
    if not first:
        return Span(max(0, size - int(last)), size)
    return Span(int(first), min(size, int(last) + 1) if last else size)


def _merged(spans: Sequence[Span]) -> list[Span]:
    ordered = sorted(spans, key=lambda span: (span.start, span.stop))
    merged = [ordered[0]]
    for span in ordered[1:]:
        if span.start < merged[-1].stop:
            merged[-1] = Span(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    # The order asked for is kept where nothing overlapped: a client may want a file's end first.
    return merged if len(merged) < len(spans) else list(spans)


def _matches(header: str, etag: str, *, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    tags = _TAG.finditer(header)
    return any(f'"{tag[2]}"' == etag and (weak or not tag[1]) for tag in tags)


def _date(value: str | None) -> datetime | None:
    """None for no date and for what is none: such a header is ignored."""
    if not value:
        return None
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _whole_seconds(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(microsecond=0)
