"""Sets of message ids that are mostly runs: small as JSON however many ids there are."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence


class IdRanges:
    """Ids from 1 on. ``runs`` are pairs of a first and a last id."""

    def __init__(self, runs: Iterable[Sequence[int]] = ()) -> None:
        self._runs: list[tuple[int, int]] = []
        for first, last in sorted((int(run[0]), int(run[1])) for run in runs):
            self.add(first, last)

    def add(self, first: int, last: int | None = None) -> None:
        """Put in one id, or all from ``first`` to ``last``."""
        last = first if last is None else last
        if last < first:
            return
        at = bisect_right(self._runs, (first, last))
        while at > 0 and self._runs[at - 1][1] >= first - 1:
            at -= 1
        end = at
        while end < len(self._runs) and self._runs[end][0] <= last + 1:
            first, last = min(first, self._runs[end][0]), max(last, self._runs[end][1])
            end += 1
        self._runs[at:end] = [(first, last)]

    def discard(self, one: int) -> None:
        """Take an id out, if it is in."""
        for at, (first, last) in enumerate(self._runs):
            if first <= one <= last:
                self._runs[at : at + 1] = [run for run in ((first, one - 1), (one + 1, last)) if run[0] <= run[1]]
                return

    def __contains__(self, one: int) -> bool:
        at = bisect_right(self._runs, (one, one))
        near = self._runs[max(at - 1, 0) : at + 1]
        return any(first <= one <= last for first, last in near)

    def gaps(self, until: int) -> Iterator[int]:
        """The ids up to ``until`` that are not in, as of now."""
        following = 1
        for first, last in [*self._runs, (until + 1, until + 1)]:
            yield from range(following, min(first, until + 1))
            following = last + 1

    def as_json(self) -> list[list[int]]:
        return [[first, last] for first, last in self._runs]
