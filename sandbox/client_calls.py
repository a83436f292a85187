"""The wire of the sandbox's client: one call of the control API at a time."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]


class SandboxError(Exception):
    """The control API refused: its status and sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class ControlCalls:
    """An async context manager around one HTTP session."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._base = self.base_url + "/control"
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=120)
        self._session = await self._stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call of the control API; query values that are None are left out. Raises SandboxError."""
        assert self._session is not None
        known = {name: str(value) for name, value in query.items() if value is not None}
        form = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}
        async with self._session.request(method, self._base + path, params=known, **form) as answer:
            value = await answer.json(content_type=None)
            if not answer.ok:
                raise SandboxError(answer.status, str(value.get("error", value)))
            return value
