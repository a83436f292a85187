"""Which bytes are of use to more than one reader: those that several want at a time, and those fetched before."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from storage.delivery.cache.part_file import Key
from storage.delivery.cache.spans import Spans

_MOST_FETCHED = 10_000
"""Parts of which it is remembered what was fetched."""


class Demand:
    """Who reads what of a media now, and what was fetched of a part so far."""

    def __init__(self) -> None:
        self._read: dict[UUID, list[tuple[int, int]]] = {}
        self._fetched: OrderedDict[Key, Spans] = OrderedDict()

    @contextmanager
    def noted(self, media_key: UUID, start: int, stop: int) -> Iterator[None]:
        """While this lasts somebody reads ``[start, stop)`` of a media."""
        ranges = self._read.setdefault(media_key, [])
        ranges.append((start, stop))
        try:
            yield
        finally:
            ranges.remove((start, stop))
            if not ranges:
                del self._read[media_key]

    def is_shared(self, media_key: UUID, start: int, stop: int) -> bool:
        """Whether several read of ``[start, stop)`` at this time, or are to come there."""
        ranges = self._read.get(media_key, ())
        return sum(first < stop and start < last for first, last in ranges) > 1

    def fetched(self, key: Key) -> Spans:
        """What was fetched of a part, whether it was kept or not; to be added to."""
        known = self._fetched.setdefault(key, Spans())
        self._fetched.move_to_end(key)
        if len(self._fetched) > _MOST_FETCHED:
            self._fetched.popitem(last=False)
        return known
