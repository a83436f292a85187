"""Which bytes of a file are there."""

from bisect import bisect_right


class Spans:
    """Runs of bytes ``[start, stop)``: disjoint, in order, none touching another."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []
        self.total = 0

    def reach(self, at: int) -> int:
        """The end of the run that holds the byte ``at``; ``at`` itself where that is not there."""
        position = bisect_right(self._spans, at, key=lambda span: span[0]) - 1
        if position < 0:
            return at
        return max(at, self._spans[position][1])

    def gap_end(self, at: int, stop: int) -> int:
        """Where the first run after ``at`` begins, at most ``stop``."""
        position = bisect_right(self._spans, at, key=lambda span: span[0])
        if position == len(self._spans):
            return stop
        return min(stop, self._spans[position][0])

    def add(self, start: int, stop: int) -> int:
        """Note that ``[start, stop)`` is there; how many of these bytes were not."""
        if start >= stop:
            return 0
        before = self.total
        apart, joined = [], [start, stop]
        for span in self._spans:
            if span[1] < start or span[0] > stop:
                apart.append(span)
            else:
                joined = [min(joined[0], span[0]), max(joined[1], span[1])]
        self._spans = sorted([*apart, (joined[0], joined[1])])
        self.total = sum(last - first for first, last in self._spans)
        return self.total - before
