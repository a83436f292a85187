"""What `mediagate put` and `mediagate get` share: a session towards a server, and errors a person can read."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

Progress = Callable[[int, int | None], None]
"""Called with bytes done and bytes in total (None: not known)."""

CHUNK = 1 << 20
_STALL_SECONDS = 300.0
"""How long nothing may move. An upload's answer waits for Telegram, at most the server's ARCHIVE_WAIT."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where Mediagate is (``http://host:port``), and a key for it."""

    url: str
    api_key: str


class TransferError(Exception):
    """The transfer failed. ``str()`` is one line for a person; ``status`` and ``code`` are the server's, if any."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


@asynccontextmanager
async def open_session(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    # No limit on the whole: a file takes what it takes. watch() guards against a stall.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
    headers = {"X-API-Key": server.api_key, "Accept-Encoding": "identity"}
    try:
        async with aiohttp.ClientSession(f"{server.url.rstrip('/')}/", timeout=timeout, headers=headers) as session:
            yield session
    except (aiohttp.InvalidURL, ValueError) as exc:
        raise TransferError(f"{server.url!r} is no address of a server") from exc


@asynccontextmanager
async def watch(server: Server) -> AsyncIterator[Callable[[], None]]:
    """Yield what to call when something moved; turn what a network does into TransferError."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_STALL_SECONDS) as limit:
            yield lambda: limit.reschedule(loop.time() + _STALL_SECONDS)
    except aiohttp.ClientConnectorError as exc:
        raise TransferError(f"cannot reach {server.url}: {exc.strerror or exc}; is Mediagate running there?") from exc
    except TimeoutError as exc:
        raise TransferError(f"{server.url} did not move for {_STALL_SECONDS:.0f} seconds") from exc
    except (aiohttp.ClientError, ConnectionError) as exc:
        if isinstance(exc.__cause__, TransferError):  # what went wrong with the body, wrapped by aiohttp
            raise exc.__cause__ from None
        raise TransferError("the connection was lost; the same command tries again") from exc


async def read_json(response: aiohttp.ClientResponse) -> dict[str, Any]:
    await refuse_errors(response)
    answer = await response.json()
    if not isinstance(answer, dict):
        raise TransferError("the server's answer is not what Mediagate answers", status=response.status)
    return answer


async def refuse_errors(response: aiohttp.ClientResponse) -> None:
    """Turn problem+json, or any other answer that is no success, into TransferError."""
    if 200 <= response.status < 300:  # noqa: PLR2004  the range of success
        return
    problem: dict[str, Any] = {}
    if response.content_type.endswith("json"):
        answer = await response.json(content_type=None)
        problem = answer if isinstance(answer, dict) else {}
    told = problem.get("detail") or problem.get("title") or response.reason
    code = problem.get("code")
    message = f"{told} ({response.status}{f' {code}' if code else ''})"
    if retry := response.headers.get("Retry-After"):
        message += f"; try again in {retry} seconds"
    raise TransferError(message, status=response.status, code=code)
