"""`Spans` against a set of bytes."""

from hypothesis import given
from hypothesis import strategies as st

from storage.delivery.cache.spans import Spans

_RUNS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12)


@given(runs=_RUNS, at=st.integers(0, 80))
def test_spans_are_the_bytes_that_were_added(runs: list[tuple[int, int]], at: int) -> None:
    spans, there = Spans(), set[int]()
    for start, length in runs:
        new = set(range(start, start + length)) - there
        assert spans.add(start, start + length) == len(new)
        there |= new
    assert spans.total == len(there)
    reach = at
    while reach in there:
        reach += 1
    assert spans.reach(at) == reach
    if at not in there:
        later = [byte for byte in there if byte > at]
        assert spans.gap_end(at, 1000) == min(later, default=1000)
