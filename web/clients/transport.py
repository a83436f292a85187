"""The small transport under all clients of other services.

Every call has a time per try and one in all, and is tried again, after a growing and jittered wait, only where that
is safe. A service that fails again and again is left alone for a while. Redirects are not followed (they could lead
to an inside address), certificates are checked, answers are bounded, and whatever goes wrong becomes one error of
`storage.errors`: `PeerUnavailable` where there is no usable answer, `PeerRefused` where the service said no.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from yarl import URL

from storage.errors import PeerRefused, PeerUnavailable
from web.clients.calls import Answer, Call, Peer, parsed, unusable
from web.tracing import traceparent

log = structlog.get_logger(__name__)

_CONNECT = 3.0
_LONGEST_WAIT = 2.0
"""Seconds between two tries; a service that asks for more is not asked again by this call."""

_MANY, _CREDENTIALS, _BROKEN = 429, (401, 403), 500
_SUCCESS, _REDIRECTS = range(200, 300), range(300, 400)


class _Failed(Exception):
    """One try failed. ``again``: another may do better, where that is safe; ``unsent``: it had no effect."""

    def __init__(
        self, reason: str, *, again: bool = False, unsent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.unsent = unsent
        self.retry_after = retry_after


@asynccontextmanager
async def peer_session(ca_file: Path | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    """The session that all transports share. ``ca_file``: certificates of the company's own, besides the usual ones."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=str(ca_file))
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit_per_host=32),
        trust_env=False,
        auto_decompress=False,  # the limit is of what is held here
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Mediagate", "Accept": "application/json", "Accept-Encoding": "identity"},
    ) as session:
        yield session


class PeerTransport:
    """Calls to one service. May be used by any number of tasks at once."""

    def __init__(self, http: aiohttp.ClientSession, peer: Peer) -> None:
        self.peer = peer
        self._http = http
        self._timeout = aiohttp.ClientTimeout(total=peer.per_try, connect=min(_CONNECT, peer.per_try))
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=peer.fails,
            default_ttl=peer.rest,
            exclude=[PeerRefused, asyncio.CancelledError],  # an answer, and nobody who waits for one
        )

    async def call(self, call: Call) -> Answer:
        """The service's answer.

        Raises the peer's error (`PeerUnavailable` with ``service``, ``reason`` and ``retry_after``), or `PeerRefused`
        (``service``, ``status``) for another status of 4xx than the call accepts.
        """
        try:
            async with asyncio.timeout(self.peer.in_all):
                return await self._tried(call)
        except _Failed as failed:
            self._note(call, failed.reason)
            raise unusable(self.peer, failed.reason, retry_after=failed.retry_after) from failed.__cause__
        except TimeoutError as error:
            self._note(call, "timeout")
            raise unusable(self.peer, "timeout") from error

    async def _tried(self, call: Call) -> Answer:
        tries = AsyncRetrying(
            retry=retry_if_exception(lambda error: _worth_another(call, error)),
            stop=stop_after_attempt(self.peer.tries),
            wait=wait_random_exponential(multiplier=0.1, max=_LONGEST_WAIT),
            reraise=True,
        )
        return await tries(self._guarded, call)

    async def _guarded(self, call: Call) -> Answer:
        breaker = await self._breakers.get_breaker(self.peer.name)
        try:
            async with breaker:
                return await self._once(call)
        except OpenedState as opened:
            opened.with_traceback(None)  # the same object is raised each time, and would keep every frame
            raise _Failed("circuit_open") from None

    async def _once(self, call: Call) -> Answer:
        try:
            async with self._http.request(
                call.method,
                self._url(call.path),
                params=call.params,
                json=call.json,
                data=call.form,
                headers=self._headers(call),
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                return await self._answer(call, response)
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            raise _Failed("certificate", unsent=True) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _Failed("unreachable", again=True, unsent=True) from error
        except TimeoutError as error:
            raise _Failed("timeout", again=True) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _Failed("unreachable", again=True) from error

    async def _answer(self, call: Call, response: aiohttp.ClientResponse) -> Answer:
        status = response.status
        if status in _SUCCESS or status in call.accepts:
            said = await self._json(response, certain=status in _SUCCESS)
            return Answer(peer=self.peer, status=status, headers=response.headers.copy(), json=said)
        if status == _MANY or status >= _BROKEN:
            wait = _asked_wait(response)
            raise _Failed(f"status {status}", again=wait is None or wait <= _LONGEST_WAIT, retry_after=wait)
        if status in _REDIRECTS:
            raise _Failed("redirect")
        if status in _CREDENTIALS:
            raise _Failed("credentials")
        raise PeerRefused(service=self.peer.name, status=status)

    async def _json(self, response: aiohttp.ClientResponse, *, certain: bool) -> Any:
        """None for a body that is no JSON where none was promised: a proxy's page beside a 404."""
        held = bytearray()
        async for chunk in response.content.iter_any():
            held += chunk
            if len(held) > self.peer.most_bytes:
                raise _Failed("too_long")
        try:
            return parsed(self.peer, bytes(held))
        except PeerUnavailable as error:
            if not certain:
                return None
            raise _Failed("malformed") from error

    def _url(self, path: str) -> URL:
        """The quoting of `filled` stays as it is."""
        whole = path if "://" in path else self.peer.url.rstrip("/") + "/" + path.lstrip("/")
        return URL(whole, encoded=True)

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"traceparent": traceparent(), **call.headers}
        if self.peer.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.peer.token}")
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        return headers

    def _note(self, call: Call, reason: str) -> None:
        if reason != "circuit_open":  # what led to it was said
            log.warning("peer_call_failed", peer=self.peer.name, method=call.method, reason=reason)


def _worth_another(call: Call, error: BaseException) -> bool:
    return isinstance(error, _Failed) and error.again and (error.unsent or call.repeatable)


def _asked_wait(response: aiohttp.ClientResponse) -> float | None:
    wait = response.headers.get("Retry-After", "")
    return float(wait) if wait.isascii() and wait.isdecimal() else None
