"""What happens, for the chat page: fan-out to the open event streams."""

import asyncio
from collections.abc import Callable
from typing import Final

from sandbox.model import Json

_BACKLOG: Final = 1000  # a page that reads slower than this loses events, and reloads the chat anyway


class Events:
    def __init__(self) -> None:
        self._streams: dict[asyncio.Queue[Json], Callable[[Json], bool]] = {}

    def emit(self, event: Json) -> None:
        for queue, wants in self._streams.items():
            if not queue.full() and wants(event):
                queue.put_nowait(event)

    def subscribe(self, wants: Callable[[Json], bool]) -> asyncio.Queue[Json]:
        """A queue of the events that `wants` accepts, until it is unsubscribed."""
        queue: asyncio.Queue[Json] = asyncio.Queue(_BACKLOG)
        self._streams[queue] = wants
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Json]) -> None:
        del self._streams[queue]

    @property
    def watched(self) -> bool:
        return bool(self._streams)
