"""Bearer tokens checked with the Auth Service: by its keys, or by asking it."""

import time
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from storage.callers.keys import Identity
from storage.errors import InvalidToken
from web.auth.claims import caller_from, require_audience
from web.auth.rights import RightsTable
from web.clients.auth_service import AuthServiceClient
from web.clients.key_set import KeySet, KeyTimes, VerifyingKey

Claims = Mapping[str, Any]
Verify = Callable[[str], Awaitable[Claims]]
"""A token to its claims. Raises `InvalidToken` or `AuthUnavailable`."""

REMEMBERED = 30.0
"""Seconds that a token which held is not looked at again."""

_MOST_REMEMBERED = 10_000
_LONGEST_TOKEN = 8 * 1024
_LEEWAY = 30.0
_KINDS = {None, "jwt", "at+jwt", "application/at+jwt"}
"""What ``typ`` may say: not a logout token, nor another kind that the same keys sign."""

_REASONS: Mapping[type[PyJWTError], str] = {
    ExpiredSignatureError: "expired",
    ImmatureSignatureError: "not_yet_valid",
    InvalidAudienceError: "audience",
    InvalidIssuerError: "issuer",
    InvalidSignatureError: "signature",
    MissingRequiredClaimError: "claims",
}


class TokenAuth:
    """The `Auth` port. What a token said is remembered for `REMEMBERED` seconds, never beyond its own end."""

    def __init__(self, verify: Verify, table: RightsTable | None = None) -> None:
        self._verify = verify
        self._table = table or RightsTable()
        self._known: dict[bytes, tuple[Identity, float]] = {}

    def remembered(self, token: str) -> Identity | None:
        identity, until = self._known.get(_digest(token), (None, 0.0))
        return identity if until > time.time() else None

    async def identity(self, token: str) -> Identity:
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise InvalidToken(reason="malformed")
        claims = await self._verify(token)
        caller = caller_from(claims, self._table)
        identity = Identity(caller=caller, counted_as=f"token:{caller.owner}")
        end = claims.get("exp")
        until = min(time.time() + REMEMBERED, float(end) if isinstance(end, int | float) else float("inf"))
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[_digest(token)] = (identity, until)
        return identity


def by_keys(client: AuthServiceClient, times: KeyTimes | None = None) -> Verify:
    """JWTs (RFC 7519), verified here with the issuer's public keys."""
    keys = KeySet(client, times)

    async def verify(token: str) -> Claims:
        header = _header(token)
        kid, algorithm = header.get("kid"), header.get("alg")
        if not isinstance(algorithm, str) or not isinstance(kid, str | None):
            raise InvalidToken(reason="malformed")
        if str(header.get("typ") or "jwt").lower() not in _KINDS:
            raise InvalidToken(reason="type")
        candidates = await keys.candidates(kid, algorithm)
        error = InvalidToken(reason="signature")
        for key in candidates:
            try:
                return _decoded(token, key, client)
            except InvalidToken as wrong:
                error = wrong
                if wrong.fields["reason"] != "signature":
                    break
        raise error

    return verify


def by_asking(client: AuthServiceClient) -> Verify:
    """Tokens of any kind, by the introspection endpoint (RFC 7662)."""
    config = client.config

    async def verify(token: str) -> Claims:
        claims = await client.introspect(token)
        if claims.get("active") is not True:
            raise InvalidToken(reason="inactive")
        end = claims.get("exp")
        if isinstance(end, int | float) and end <= time.time() - _LEEWAY:
            raise InvalidToken(reason="expired")
        if claims.get("iss", config.issuer) != config.issuer:
            raise InvalidToken(reason="issuer")
        if config.audience is not None:
            require_audience(claims, config.audience)
        return claims

    return verify


def _header(token: str) -> dict[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError) as error:
        raise InvalidToken(reason="malformed") from error


def _decoded(token: str, key: VerifyingKey, client: AuthServiceClient) -> Claims:
    config = client.config
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=list(key.algorithms),
            issuer=config.issuer,
            audience=config.audience,
            leeway=_LEEWAY,
            options={"require": ["exp", "iss"], "verify_aud": config.audience is not None},
        )
    except PyJWTError as error:
        reason = next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), "malformed")
        raise InvalidToken(reason=reason) from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidToken(reason="malformed") from error
    return claims


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
