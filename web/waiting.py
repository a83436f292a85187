"""Waiting that ends when the application does, so that a shutdown waits for work and not for watchers."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from web.deps import CLOSING


async def set_closing(app: web.Application) -> None:
    """For ``on_shutdown``, which runs before open requests are waited for."""
    app[CLOSING].set()


async def unless_closing(app: web.Application, waiting: Coroutine[Any, Any, bool]) -> bool:
    """What ``waiting`` gives; False as soon as the application ends, and the waiting with it."""
    tasks = asyncio.ensure_future(waiting), asyncio.ensure_future(app[CLOSING].wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done() and tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
