"""The Auth Service over HTTP: where its endpoints are, its keys, and what it says of a token."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import aiohttp

from storage.errors import AuthUnavailable

RETRY_AFTER = 10
"""Seconds after which it is worth asking again."""

_WELL_KNOWN = "/.well-known/openid-configuration"
_MOST_BYTES = 256 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=5, connect=3)
_OK, _NOT_FOUND = 200, 404


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthServiceConfig:
    """``url`` is the issuer's, whose discovery document says the rest, or that of the endpoint itself."""

    url: str
    issuer: str
    audience: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class AuthServiceClient:
    """Every call raises `AuthUnavailable` where there is no usable answer; none is tried twice.

    ``http`` is the process's session. Redirects are not followed: a key is fetched from where we were told, or not.
    """

    def __init__(self, http: aiohttp.ClientSession, config: AuthServiceConfig) -> None:
        self.config = config
        self._http = http
        self._endpoints: dict[str, str] = {}

    async def keys(self) -> list[Any]:
        """The members of the JWK set (RFC 7517), as they are."""
        answer = await self._call("GET", await self._endpoint("jwks_uri"))
        keys = answer.get("keys")
        if not isinstance(keys, list):
            raise _unusable("jwks")
        return keys

    async def introspect(self, token: str) -> dict[str, Any]:
        """What RFC 7662 answers. We authenticate with HTTP Basic, as RFC 6749 §2.3.1 writes it."""
        url = await self._endpoint("introspection_endpoint")
        client = quote_plus(self.config.client_id or ""), quote_plus(self.config.client_secret or "")
        return await self._call(
            "POST",
            url,
            data={"token": token, "token_type_hint": "access_token"},
            headers={"Authorization": aiohttp.encode_basic_auth(*client)},
        )

    async def _endpoint(self, name: str) -> str:
        """Looked up once. Where there is no discovery document, the address we were given is the endpoint."""
        if name not in self._endpoints:
            base = self.config.url.removesuffix(_WELL_KNOWN)
            found = await self._call("GET", base + _WELL_KNOWN, missing={name: self.config.url})
            if found.get("issuer", self.config.issuer) != self.config.issuer:
                raise _unusable("issuer")  # the document of another issuer says nothing about this one
            endpoint = found.get(name)
            if not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in ("http", "https"):
                raise _unusable(name)
            self._endpoints[name] = endpoint
        return self._endpoints[name]

    async def _call(
        self, method: str, url: str, *, missing: dict[str, Any] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """The JSON object it answers; ``missing`` where it says that there is nothing."""
        try:
            async with self._http.request(method, url, timeout=_TIMEOUT, allow_redirects=False, **kwargs) as response:
                if response.status == _NOT_FOUND and missing is not None:
                    return missing
                if response.status != _OK:
                    raise _unusable(f"status {response.status}")
                answer = json.loads(await _read(response))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unusable("unreachable") from error
        except (ValueError, RecursionError) as error:
            raise _unusable("malformed") from error
        if not isinstance(answer, dict):
            raise _unusable("malformed")
        return answer


async def _read(response: aiohttp.ClientResponse) -> bytes:
    held = bytearray()
    async for chunk in response.content.iter_any():
        held += chunk
        if len(held) > _MOST_BYTES:
            raise ValueError("too long")
    return bytes(held)


def _unusable(reason: str) -> AuthUnavailable:
    return AuthUnavailable(retry_after=RETRY_AFTER, reason=reason)
