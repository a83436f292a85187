"""Calls over one HTTP session: credentials, time-outs, errors, and further tries where they do no harm."""

import json as json_codec
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeVar, cast

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from mediagate_client.errors import ApiError, NotReached, Unavailable, api_error

T = TypeVar("T")

_ANSWER_LIMIT = 16 * 1024 * 1024
_LONGEST_WAIT = 60.0
_NETWORK = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)
TRIES = 5

QueryValue = str | int | float
_backoff = wait_random_exponential(multiplier=0.5, max=10)


class Transport:
    """One session. ``timeout`` is the seconds without any byte after which a connection counts as dead."""

    def __init__(
        self, base_url: str, *, key: str | None, token: Callable[[], Awaitable[str]] | None, timeout: float, tries: int
    ) -> None:
        self._base = base_url.rstrip("/")
        self._key = key
        self._token = token
        self._tries = tries
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=timeout, sock_read=timeout),
            headers={"User-Agent": "mediagate-client"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def call(
        self, method: str, path: str, *, query: Mapping[str, QueryValue | None] | None = None, json: Any = None
    ) -> Any:
        """A call that may be repeated: reading, or setting what stays set. Returns the JSON, None for 204."""

        async def once() -> Any:
            async with self.open(method, path, query=query, json=json) as response:
                return None if response.status == HTTPStatus.NO_CONTENT else await read_json(response)

        return await self.again(once)

    async def again(self, once: Callable[[], Awaitable[T]]) -> T:
        """``once``, repeated while the gateway is away or asks to wait. Raises what the last try raised."""
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(self._tries),
            wait=_wait,
            retry=retry_if_exception_type((NotReached, Unavailable)),
            reraise=True,
        ):
            with attempt:
                return await once()
        raise AssertionError  # reraise leaves no other way out

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, QueryValue | None] | None = None,
        json: Any = None,
        body: AsyncIterator[bytes] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One try. Raises `ApiError` for an answer that is a problem, `NotReached` for none."""
        given = {**(headers or {}), **await self._credentials()}
        params = {name: str(value) for name, value in (query or {}).items() if value is not None}
        try:
            async with self._session.request(
                method, self._base + path, params=params, json=json, data=body, headers=given, allow_redirects=False
            ) as response:
                if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                    raise await _problem(response)
                yield response
        except _NETWORK as error:
            raise NotReached(f"{method} {path}: {str(error) or type(error).__name__}") from error

    async def _credentials(self) -> dict[str, str]:
        if self._token is not None:
            return {"Authorization": f"Bearer {await self._token()}"}
        return {} if self._key is None else {"X-API-Key": self._key}


async def read_json(response: aiohttp.ClientResponse) -> Any:
    """The answer, if it is not larger than any of the gateway's answers."""
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > _ANSWER_LIMIT:
            raise NotReached("the answer is larger than any of Mediagate's")
    try:
        return json_codec.loads(data)
    except ValueError as error:
        raise NotReached("the answer is not JSON: is this Mediagate's address?") from error


async def _problem(response: aiohttp.ClientResponse) -> ApiError:
    try:
        found = await read_json(response)
    except NotReached:
        found = {}
    problem = cast("dict[str, Any]", found if isinstance(found, dict) else {})
    return api_error(response.status, problem, response.headers.get("Retry-After"))


def _wait(state: RetryCallState) -> float:
    """What the gateway asked for, else a growing, random time, in seconds."""
    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, Unavailable) and error.retry_after is not None:
        return min(error.retry_after, _LONGEST_WAIT)
    return _backoff(state)
