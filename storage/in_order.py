"""Blocking work that is done in its order, while who asks for it goes on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class InOrder:
    """Runs blocking work in a thread, one thing after the other. After one that fails, all others fail as it did."""

    def __init__(self, thread: ThreadPoolExecutor, working: Callable[..., Any]) -> None:
        self._thread = thread
        self._working = working
        self._failed: BaseException | None = None

    def __call__(self, function: Callable[..., T], *args: object) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, self._unless_failed, function, *args)

    def _unless_failed(self, function: Callable[..., T], *args: object) -> T:
        if self._failed is not None:
            raise self._failed
        try:
            done: T = self._working(function, *args)
        except BaseException as error:
            self._failed = error
            raise
        return done
