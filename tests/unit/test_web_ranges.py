"""Ranges and conditions as RFC 9110 wants them, for any header."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidRange
from web.ranges import (
    MOST_RANGES,
    Condition,
    Span,
    content_range,
    evaluate,
    http_date,
    parse_ranges,
    range_applies,
)

ETAG = '"abc"'
NOON = datetime(2026, 9, 26, 12, 0, 0, 700_000, tzinfo=UTC)
sizes = st.integers(1, 10_000)
bounds = st.integers(0, 12_000)


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-99", [(0, 100)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=90-5000", [(90, 100)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-5000", [(0, 100)]),
        ("BYTES = 1-2", [(1, 3)]),
        ("bytes=0-1, 5-6", [(0, 2), (5, 7)]),
        ("bytes=5-6,0-1", [(5, 7), (0, 2)]),
        ("bytes=0-5,3-9", [(0, 10)]),
        ("bytes=0-1,500-600", [(0, 2)]),
        ("bytes=0-1,,", [(0, 2)]),
    ],
)
def test_what_a_range_header_asks_for(header: str, spans: list[tuple[int, int]]) -> None:
    assert parse_ranges(header, 100) == [Span(*span) for span in spans]


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "bytes", "bytes=", "items=0-5", "bytes=a-b", "bytes=5-2", "bytes=-", "bytes=0-1;2-3", "bytes=١-٢"),
        "bytes=" + ",".join(["0-0"] * (MOST_RANGES + 1)),
    ],
)
def test_what_is_no_range_header_is_ignored(header: str | None) -> None:
    assert parse_ranges(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=100-,200-300"])
def test_ranges_outside_the_file_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(InvalidRange) as caught:
        parse_ranges(header, 100)
    assert caught.value.fields == {"size": 100}


@given(sizes, bounds, st.none() | bounds)
def test_one_range_gives_what_slicing_gives(size: int, first: int, last: int | None) -> None:
    header = f"bytes={first}-{'' if last is None else last}"
    expected = range(size)[first : None if last is None else last + 1]
    if last is not None and last < first:
        assert parse_ranges(header, size) is None
    elif not expected:
        with pytest.raises(InvalidRange):
            parse_ranges(header, size)
    else:
        assert parse_ranges(header, size) == [Span(expected.start, expected.stop)]


@given(sizes, st.lists(st.tuples(bounds, bounds).map(sorted), min_size=1, max_size=MOST_RANGES))
def test_several_ranges_cover_what_was_asked_for_and_no_byte_twice(size: int, ranges: list[list[int]]) -> None:
    asked = {byte for first, last in ranges for byte in range(first, min(last + 1, size))}
    header = "bytes=" + ",".join(f"{first}-{last}" for first, last in ranges)
    if not asked:
        with pytest.raises(InvalidRange):
            parse_ranges(header, size)
        return
    spans = parse_ranges(header, size)
    assert spans is not None
    assert {byte for span in spans for byte in range(span.start, span.stop)} == asked
    assert sum(span.length for span in spans) == len(asked)
    if len(spans) < len(ranges):
        assert all(one.stop <= other.start for one, other in pairwise(sorted(spans, key=lambda s: s.start)))


@given(st.text(max_size=60), sizes)
def test_no_header_breaks_it(header: str, size: int) -> None:
    for text in (header, f"bytes={header}"):
        try:
            spans = parse_ranges(text, size)
        except InvalidRange:
            continue
        assert spans is None or all(0 <= span.start < span.stop <= size for span in spans)


def test_content_range_counts_inclusively() -> None:
    assert content_range(Span(0, 1), 100) == "bytes 0-0/100"


@pytest.mark.parametrize(
    ("given_headers", "expected"),
    [
        ({}, Condition.HOLDS),
        ({"if_none_match": ETAG}, Condition.NOT_MODIFIED),
        ({"if_none_match": 'W/"abc"'}, Condition.NOT_MODIFIED),
        ({"if_none_match": '"x", "abc"'}, Condition.NOT_MODIFIED),
        ({"if_none_match": "*"}, Condition.NOT_MODIFIED),
        ({"if_none_match": '"x"'}, Condition.HOLDS),
        ({"if_none_match": '"x"', "if_modified_since": http_date(NOON)}, Condition.HOLDS),
        ({"if_modified_since": http_date(NOON)}, Condition.NOT_MODIFIED),
        ({"if_modified_since": http_date(NOON - timedelta(seconds=1))}, Condition.HOLDS),
        ({"if_modified_since": "yesterday"}, Condition.HOLDS),
        ({"if_match": ETAG}, Condition.HOLDS),
        ({"if_match": "*"}, Condition.HOLDS),
        ({"if_match": 'W/"abc"'}, Condition.FAILED),
        ({"if_match": '"x"'}, Condition.FAILED),
        ({"if_unmodified_since": http_date(NOON)}, Condition.HOLDS),
        ({"if_unmodified_since": http_date(NOON - timedelta(days=1))}, Condition.FAILED),
        ({"if_match": ETAG, "if_unmodified_since": http_date(NOON - timedelta(days=1))}, Condition.HOLDS),
    ],
)
def test_preconditions_come_in_the_order_of_the_rfc(given_headers: dict[str, str], expected: Condition) -> None:
    assert evaluate(etag=ETAG, modified=NOON, **given_headers) is expected


@pytest.mark.parametrize(
    ("if_range", "applies"),
    [
        (None, True),
        (ETAG, True),
        ('W/"abc"', False),
        ('"x"', False),
        (http_date(NOON), True),
        (http_date(NOON + timedelta(seconds=1)), False),
        ("nonsense", False),
    ],
)
def test_if_range_wants_the_very_same(if_range: str | None, *, applies: bool) -> None:
    assert range_applies(if_range, ETAG, NOON) is applies
