"""Whether the process lives, and whether it can do its work. Open to anybody, so it says no more than that."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from web.deps import HealthLine

_REMEMBERED = 2.0
_LONGEST_CHECK = 10.0


class Health:
    """The checks, asked for at most every two seconds: anybody may call, and some of them ask Telegram."""

    def __init__(self, check: Callable[[], Awaitable[list[HealthLine]]]) -> None:
        self._check = check
        self._lock = asyncio.Lock()
        self._lines: list[HealthLine] = []
        self._until = 0.0

    async def lines(self) -> list[HealthLine]:
        async with self._lock:
            if time.monotonic() >= self._until:
                self._lines = await self._checked()
                self._until = time.monotonic() + _REMEMBERED
            return self._lines

    async def _checked(self) -> list[HealthLine]:
        try:
            async with asyncio.timeout(_LONGEST_CHECK):
                return await self._check()
        except TimeoutError:
            return [HealthLine(name="checks", ok=False, detail=f"did not end within {_LONGEST_CHECK:.0f} s")]

    async def live(self, _request: web.Request) -> web.Response:
        """``GET /health/live``: the loop turns."""
        return web.json_response({"status": "ok"})

    async def ready(self, _request: web.Request) -> web.Response:
        """``GET /health/ready``: each line of what the work needs; 503 when one is missing."""
        lines = await self.lines()
        ok = all(line.ok for line in lines)
        shown = [{"name": line.name, "ok": line.ok, "detail": line.detail} for line in lines]
        status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response({"status": _word(ok), "checks": shown}, status=status)

    async def summary(self, _request: web.Request) -> web.Response:
        """``GET /health``: one word, and the names of what is missing."""
        lines = await self.lines()
        failing = [line.name for line in lines if not line.ok]
        return web.json_response({"status": _word(not failing), "failing": failing})


def _word(ok: bool) -> str:
    return "ok" if ok else "degraded"
