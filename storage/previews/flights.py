"""Single flight: whoever wants what is being made waits for it, and it is made once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from types import TracebackType
from typing import Generic, Self, TypeVar

from storage.errors import Busy

T = TypeVar("T")

_RETRY_AFTER = 5.0


class Flights(Generic[T]):
    """Work by key. A flight goes on when those who wait for it leave; what it made is there for the next.

    An async context manager: its end cancels what still runs. ``most`` flights wait at once, more are refused.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: dict[Hashable, asyncio.Task[T]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def once(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What ``make`` returns or raises, of the flight under way where there is one. Raises `Busy`."""
        task = self._running.get(key)
        if task is None:
            if len(self._running) >= self._most:
                raise Busy(retry_after=_RETRY_AFTER)
            task = self._running[key] = asyncio.ensure_future(_awaited(make))
            task.add_done_callback(lambda done: self._landed(key, done))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # the process is ending, not the one who waits
                raise Busy(retry_after=_RETRY_AFTER) from None
            raise

    def _landed(self, key: Hashable, task: "asyncio.Task[T]") -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # looked at: perhaps nobody waits any more


async def _awaited(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
