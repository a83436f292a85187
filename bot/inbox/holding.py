"""What this process has in hand, so that a recovery leaves it alone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Holding:
    """Ids held by tasks of this process; several may hold one."""

    def __init__(self) -> None:
        self._count: Counter[int] = Counter()

    @contextmanager
    def held(self, key: int) -> Iterator[None]:
        """Hold ``key``: from before its row is claimed until nothing is done with it any more."""
        self._count[key] += 1
        try:
            yield
        finally:
            self._count[key] -= 1
            if not self._count[key]:
                del self._count[key]

    def ids(self) -> list[int]:
        return list(self._count)
