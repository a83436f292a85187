"""A hundred requests that come in the same moment are begun over several turns of the event loop.

Each of them costs a millisecond, and what else is ready would wait for all of them.
"""

import asyncio
from collections import deque

_MOST = 8
"""Of one turn."""


class Turns:
    """Whose turn it is, in the order of asking."""

    def __init__(self) -> None:
        self._left = _MOST
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self) -> None:
        """Return at once, or in the first turn that has a place."""
        if self._left == _MOST:
            asyncio.get_running_loop().call_soon(self._next)
        if self._left and not self._waiting:
            self._left -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        await mine

    def _next(self) -> None:
        self._left = _MOST
        while self._left and self._waiting:
            mine = self._waiting.popleft()
            if not mine.done():  # cancelled
                mine.set_result(None)
                self._left -= 1
        if self._left < _MOST:
            asyncio.get_running_loop().call_soon(self._next)
