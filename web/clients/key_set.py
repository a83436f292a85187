"""The Auth Service's public keys, fetched now and then and kept while it is away."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from storage.errors import AuthUnavailable, InvalidToken
from web.clients.auth_service import NAME, RETRY_AFTER, AuthServiceClient

log = structlog.get_logger(__name__)

ALGORITHMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        "EC": ("ES256", "ES384", "ES512"),
        "OKP": ("EdDSA",),
    }
)
"""By the type of the key, and never by the token's word. No symmetric ones: what verifies must not be able to sign."""

_MOST_KEYS = 100
_LEAST_RSA_BITS = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyTimes:
    """Seconds."""

    fresh: float = 600.0
    """After so long the set is fetched anew."""

    usable: float = 6 * 3600.0
    """While the Auth Service is away a set is used for so long: then a key it withdrew may have been misused."""

    pause: float = 10.0
    """Between two attempts, whether for an unknown key or because the last one failed."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key with the algorithms that may be used with it."""

    kid: str | None
    key: Any
    algorithms: tuple[str, ...]


class KeySet:
    """One per process. However many tokens come at once, there is one fetch."""

    def __init__(self, client: AuthServiceClient, times: KeyTimes | None = None) -> None:
        self._client = client
        self._times = times or KeyTimes()
        self._keys: Sequence[VerifyingKey] = ()
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def candidates(self, kid: str | None, algorithm: str) -> Sequence[VerifyingKey]:
        """The keys that may have signed a token; one mostly.

        A ``kid`` that is not known has the set fetched anew, at most once per pause. Raises `InvalidToken` where no key
        fits, `AuthUnavailable` where the set cannot be had and is too old to go by.
        """
        await self._refresh(older_than=self._times.fresh)
        found = self._fitting(kid, algorithm)
        if not found:
            reached = await self._refresh(older_than=0)
            found = self._fitting(kid, algorithm)
            if not found and not reached:
                raise AuthUnavailable(
                    service=NAME, retry_after=RETRY_AFTER
                )  # the key may be one it has just begun to use
        if not found:
            raise InvalidToken(reason="key")
        return found

    def _fitting(self, kid: str | None, algorithm: str) -> Sequence[VerifyingKey]:
        return [key for key in self._keys if algorithm in key.algorithms and kid in (None, key.kid)]

    async def _refresh(self, *, older_than: float) -> bool:
        """False where the last attempt failed."""
        async with self._lock:
            now = time.monotonic()
            if now - self._fetched >= older_than and now - self._tried >= self._times.pause:
                self._tried = now
                await self._fetch(now)
            if now - self._fetched > self._times.usable:
                raise AuthUnavailable(service=NAME, retry_after=RETRY_AFTER)
            return self._fetched >= self._tried

    async def _fetch(self, now: float) -> None:
        try:
            members = await self._client.keys()
        except AuthUnavailable as error:
            log.warning("auth_keys_not_fetched", reason=error.fields.get("reason"), known=len(self._keys))
            return
        self._keys = [key for member in members[:_MOST_KEYS] if (key := _parsed(member)) is not None]
        self._fetched = now
        log.info("auth_keys_fetched", keys=len(self._keys))


def _parsed(member: Any) -> VerifyingKey | None:
    """None for what cannot verify here: another use, a symmetric key, a curve or a length that is not taken."""
    if not isinstance(member, dict) or member.get("use", "sig") != "sig":
        return None
    algorithms: Sequence[str] = ALGORITHMS.get(str(member.get("kty")), ())
    if "alg" in member:
        algorithms = [name for name in algorithms if name == member["alg"]]
    if not algorithms:
        return None
    try:
        key = PyJWK.from_dict(member, algorithm=algorithms[0]).key
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        return None
    kid = member.get("kid")
    return VerifyingKey(kid if isinstance(kid, str) else None, key, tuple(algorithms))
