"""The Auth Service over HTTP: where its endpoints are, its keys, and what it says of a token."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import aiohttp

from storage.errors import AuthUnavailable, PeerRefused, PeerUnavailable
from web.clients.calls import Answer, Call, Peer, unusable
from web.clients.transport import PeerTransport

RETRY_AFTER = 10
"""Seconds after which it is worth asking again."""

NAME = "auth"
_WELL_KNOWN = "/.well-known/openid-configuration"
_WELL_KNOWN_KEYS = "/.well-known/jwks.json"
_MOST_BYTES = 256 * 1024
_PER_TRY, _IN_ALL = 4.0, 6.0
"""Seconds: somebody waits for their request to begin."""

_NOTHING = (404, 405)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthServiceConfig:
    """``url`` is the issuer's, whose discovery document says the rest, or that of the endpoint itself."""

    url: str
    issuer: str
    audience: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


def auth_peer(url: str) -> Peer:
    """The Auth Service as the transport knows it."""
    return Peer(
        name=NAME,
        url=url,
        per_try=_PER_TRY,
        in_all=_IN_ALL,
        tries=2,
        most_bytes=_MOST_BYTES,
        rest=RETRY_AFTER,
        error=AuthUnavailable,
    )


class AuthServiceClient:
    """Every call raises `AuthUnavailable` where there is no usable answer.

    Redirects are not followed: a key is fetched from where we were told, or not.
    """

    def __init__(self, transport: PeerTransport, config: AuthServiceConfig) -> None:
        self.config = config
        self._transport = transport
        self._endpoints: dict[str, str] = {}

    async def keys(self) -> list[Any]:
        """The members of the JWK set (RFC 7517), as they are."""
        answer = await self._call(Call(method="GET", path=await self._endpoint("jwks_uri")))
        keys = answer.get("keys")
        if not isinstance(keys, list):
            raise self._unusable("schema")
        return keys

    async def introspect(self, token: str) -> dict[str, Any]:
        """What RFC 7662 answers. We authenticate with HTTP Basic, as RFC 6749 §2.3.1 writes it."""
        url = await self._endpoint("introspection_endpoint")
        client = quote_plus(self.config.client_id or ""), quote_plus(self.config.client_secret or "")
        said = await self._call(
            Call(
                method="POST",
                path=url,
                form={"token": token, "token_type_hint": "access_token"},
                headers={"Authorization": aiohttp.encode_basic_auth(*client)},
                safe=True,  # it only reads
            )
        )
        if not isinstance(said.get("active"), bool):
            raise self._unusable("schema")  # it says nothing about the token, bad or good
        return said

    async def _endpoint(self, name: str) -> str:
        """Looked up once: in the discovery document, else the keys' usual place, else it is the address given."""
        if name not in self._endpoints:
            base = self.config.url.removesuffix(_WELL_KNOWN)
            found = await self._found(base + _WELL_KNOWN)
            if found is None and name == "jwks_uri" and await self._found(base + _WELL_KNOWN_KEYS) is not None:
                found = {name: base + _WELL_KNOWN_KEYS}
            if found is None:
                found = {name: self.config.url}
            if found.get("issuer", self.config.issuer) != self.config.issuer:
                raise self._unusable("issuer")  # the document of another issuer says nothing about this one
            endpoint = found.get(name)
            if not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in ("http", "https"):
                raise self._unusable(name)
            self._endpoints[name] = endpoint
        return self._endpoints[name]

    async def _found(self, url: str) -> dict[str, Any] | None:
        """None where there is nothing; 405 comes from an endpoint that is asked for what is beneath it."""
        answer = await self._answer(Call(method="GET", path=url, accepts=_NOTHING))
        return None if answer.status in _NOTHING else self._object(answer)

    async def _call(self, call: Call) -> dict[str, Any]:
        return self._object(await self._answer(call))

    async def _answer(self, call: Call) -> Answer:
        try:
            return await self._transport.call(call)
        except PeerRefused as error:
            raise self._unusable(f"status {error.fields['status']}") from error

    def _object(self, answer: Answer) -> dict[str, Any]:
        if not isinstance(answer.json, dict):
            raise self._unusable("malformed")
        return answer.json

    def _unusable(self, reason: str) -> PeerUnavailable:
        return unusable(self._transport.peer, reason)
