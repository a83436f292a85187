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

from sqlalchemy import delete, or_, select, update

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import NO_QUOTA, Caller, Quota, Scope
from storage.errors import KeyNotFound, Unauthenticated
from storage.tables import ApiKey, Usage

REMEMBERED = 30.0
"""Seconds."""

SECRET_PREFIX = "mg_"  # noqa: S105  what every generated secret begins with, so that scanners and logs know one
_USE_RECORDED_EVERY = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000
_LONGEST_SECRET = 512
_PREFIX_SHOWN = len(SECRET_PREFIX) + 6


@dataclass(frozen=True, kw_only=True, slots=True)
class BootstrapKey:
    """A key from the settings. It stands beside those in the table and cannot be revoked there."""

    name: str
    secret: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyTerms:
    """What a new key may do. ``rate_per_minute`` None: as the setting says; 0: no limit."""

    name: str
    scopes: frozenset[Scope]
    expires_at: datetime | None = None
    rate_per_minute: int | None = None
    quota: Quota = NO_QUOTA


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who calls by some credentials. Requests are counted under ``counted_as``, at most ``rate_per_minute``."""

    caller: Caller
    counted_as: str
    rate_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class _Remembered:
    identity: Identity
    until: float


class Keys:
    """Who calls with a secret. ``secret_key`` keys the hashes; all nodes share it."""

    def __init__(
        self, *, sessions: Sessions, secret_key: str, bootstrap: Sequence[BootstrapKey] = (), clock: Clock
    ) -> None:
        self._sessions = sessions
        self._secret_key = secret_key.encode()
        self._clock = clock
        self._bootstrap = [(self._hash(key.secret), _of_settings(key)) for key in bootstrap]
        self._known: dict[bytes, _Remembered] = {}

    async def caller(self, secret: str) -> Caller:
        """The service whose key this is. Raises `Unauthenticated` for an unknown, expired or revoked one."""
        return (self.remembered(secret) or await self.identity(secret)).caller

    def remembered(self, secret: str) -> Identity | None:
        """Whose key this is, where that is known without asking the database."""
        if not 0 < len(secret) <= _LONGEST_SECRET:
            return None
        hashed = self._hash(secret)
        for known, identity in self._bootstrap:
            if hmac.compare_digest(known, hashed):
                return identity
        remembered = self._known.get(hashed)
        return remembered.identity if remembered is not None and remembered.until > time.monotonic() else None

    async def identity(self, secret: str) -> Identity:
        """Whose key this is, by the database. Raises `Unauthenticated`."""
        if not 0 < len(secret) <= _LONGEST_SECRET:
            raise Unauthenticated
        return await self._look_up(self._hash(secret))

    async def create(self, terms: KeyTerms, *, by: str) -> tuple[ApiKey, str]:
        """Make a key; its secret is returned here and can never be read again.

        A name may have several keys, so that a service changes its key without a gap; what it has used of a quota
        is counted for the name.
        """
        secret = SECRET_PREFIX + secrets.token_urlsafe(32)
        key = self._row(terms, secret)
        async with self._sessions.begin() as session:
            session.add(key)
            if terms.quota != NO_QUOTA:
                # Uploads with a key without a quota were not counted: the next charge counts anew.
                await session.execute(delete(Usage).where(Usage.owner == f"service:{terms.name}"))
            detail = {"key": key.prefix, "name": terms.name, "scopes": sorted(terms.scopes)}
            record(session, by, "key_created", detail=detail)
            await session.flush()
            await session.refresh(key)
        return key, secret

    async def list(self) -> Sequence[ApiKey]:
        """Every key, revoked and expired ones too, newest first."""
        async with self._sessions.begin() as session:
            return (await session.scalars(select(ApiKey).order_by(ApiKey.id.desc()))).all()

    async def revoke(self, key_id: int, *, by: str) -> None:
        """End a key's life, in this process at once. Again: no change. Raises `KeyNotFound`."""
        async with self._sessions.begin() as session:
            key = await session.get(ApiKey, key_id, with_for_update=True)
            if key is None:
                raise KeyNotFound(key_id=key_id)
            if key.revoked_at is None:
                key.revoked_at = self._clock.now()
                record(session, by, "key_revoked", detail={"key": key.prefix, "name": key.name})
        self._known.pop(key.key_hash, None)

    def _row(self, terms: KeyTerms, secret: str) -> ApiKey:
        return ApiKey(
            name=terms.name,
            key_hash=self._hash(secret),
            prefix=secret[:_PREFIX_SHOWN],
            scopes=sorted(terms.scopes),
            expires_at=terms.expires_at,
            rate_per_minute=terms.rate_per_minute,
            quota_day_bytes=terms.quota.day_bytes,
            quota_day_files=terms.quota.day_files,
            quota_total_bytes=terms.quota.total_bytes,
            quota_total_files=terms.quota.total_files,
        )

    def _hash(self, secret: str) -> bytes:
        return hmac.digest(self._secret_key, b"api-key:" + secret.encode("utf-8", "surrogateescape"), sha256)

    async def _look_up(self, hashed: bytes) -> Identity:
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
                used = update(ApiKey).where(ApiKey.id == row.id).values(last_used_at=now)
                await session.execute(used)
        return self._remember(hashed, row, now)

    def _remember(self, hashed: bytes, row: ApiKey, now: datetime) -> Identity:
        left = REMEMBERED if row.expires_at is None else min(REMEMBERED, (row.expires_at - now).total_seconds())
        # A scope that a newer release knew is not one here; the key keeps the others.
        scopes = frozenset(Scope(scope) for scope in row.scopes if scope in set(Scope))
        identity = Identity(
            caller=Caller.service(row.name, scopes, quota_of(row)),
            counted_as=f"key:{row.id}",
            rate_per_minute=row.rate_per_minute,
        )
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[hashed] = _Remembered(identity, time.monotonic() + left)
        return identity


def quota_of(key: ApiKey) -> Quota:
    return Quota(
        day_bytes=key.quota_day_bytes,
        day_files=key.quota_day_files,
        total_bytes=key.quota_total_bytes,
        total_files=key.quota_total_files,
    )


def _of_settings(key: BootstrapKey) -> Identity:
    return Identity(caller=Caller.service(key.name, key.scopes), counted_as=f"settings:{key.name}")
