"""The keys of services: kept as keyed hashes, shown once, expiring and revocable.

A request costs no statement for its key: what was looked up is remembered for `REMEMBERED` seconds, which is also
how long a revoked key may still open a door of another process.
"""

import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, select, update

from storage.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, Scope
from storage.errors import Unauthenticated
from storage.tables import ApiKey

REMEMBERED = 30.0
"""Seconds."""

_USE_RECORDED_EVERY = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000
_LONGEST_SECRET = 512
_PREFIX_SHOWN = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class BootstrapKey:
    """A key from the settings. It stands beside those in the table and cannot be revoked there."""

    name: str
    secret: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class _Remembered:
    caller: Caller
    until: float


class Keys:
    """Who calls with a secret. ``secret_key`` keys the hashes; all nodes share it."""

    def __init__(
        self, *, sessions: Sessions, secret_key: str, bootstrap: Sequence[BootstrapKey] = (), clock: Clock
    ) -> None:
        self._sessions = sessions
        self._secret_key = secret_key.encode()
        self._clock = clock
        self._bootstrap = [(self._hash(key.secret), Caller.service(key.name, key.scopes)) for key in bootstrap]
        self._known: dict[bytes, _Remembered] = {}

    async def caller(self, secret: str) -> Caller:
        """The service whose key this is. Raises `Unauthenticated` for an unknown, expired or revoked one."""
        if not 0 < len(secret) <= _LONGEST_SECRET:
            raise Unauthenticated
        hashed = self._hash(secret)
        for known, caller in self._bootstrap:
            if hmac.compare_digest(known, hashed):
                return caller
        remembered = self._known.get(hashed)
        if remembered is None or remembered.until <= time.monotonic():
            remembered = await self._look_up(hashed)
        return remembered.caller

    async def create(self, name: str, scopes: frozenset[Scope], *, by: str, expires_at: datetime | None = None) -> str:
        """Make a key and return its secret, which nobody can read again. ``name`` is unique."""
        secret = secrets.token_urlsafe(32)
        async with self._sessions.begin() as session:
            session.add(
                ApiKey(
                    name=name,
                    key_hash=self._hash(secret),
                    prefix=secret[:_PREFIX_SHOWN],
                    scopes=sorted(scopes),
                    expires_at=expires_at,
                )
            )
            record(session, by, "key_created", detail={"name": name, "scopes": sorted(scopes)})
        return secret

    async def revoke(self, name: str, *, by: str) -> bool:
        """End a key's life, in this process at once. False where there is none, or it is revoked already."""
        async with self._sessions.begin() as session:
            hashed = await session.scalar(
                update(ApiKey)
                .where(ApiKey.name == name, ApiKey.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
                .returning(ApiKey.key_hash)
            )
            if hashed is None:
                return False
            record(session, by, "key_revoked", detail={"name": name})
        self._known.pop(hashed, None)
        return True

    def _hash(self, secret: str) -> bytes:
        return hmac.digest(self._secret_key, b"api-key:" + secret.encode("utf-8", "surrogateescape"), sha256)

    async def _look_up(self, hashed: bytes) -> _Remembered:
        now = self._clock.now()
        async with self._sessions.begin() as session:
            row = await session.scalar(
                select(ApiKey).where(
                    ApiKey.key_hash == hashed,
                    ApiKey.revoked_at.is_(None),
                    or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
                )
            )
            if row is None or not hmac.compare_digest(row.key_hash, hashed):
                self._known.pop(hashed, None)
                raise Unauthenticated
            if row.last_used_at is None or row.last_used_at < now - _USE_RECORDED_EVERY:
                row.last_used_at = now
        return self._remember(hashed, row, now)

    def _remember(self, hashed: bytes, row: ApiKey, now: datetime) -> _Remembered:
        left = REMEMBERED if row.expires_at is None else min(REMEMBERED, (row.expires_at - now).total_seconds())
        # A scope that a newer release knew is not one here; the key keeps the others.
        scopes = frozenset(Scope(scope) for scope in row.scopes if scope in set(Scope))
        remembered = _Remembered(Caller.service(row.name, scopes), time.monotonic() + left)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[hashed] = remembered
        return remembered
