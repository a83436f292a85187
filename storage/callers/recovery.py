"""The recovery passphrase: made here, kept by people; we keep what checks it, and what encrypts for it."""

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.recovery.passphrases import GROUP_LENGTH, BackupKey, new_backup_key
from storage.tables import Recovery

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without what is taken for something else in handwriting."""

_GROUPS = 6
"""30 characters of 31: 148 bits."""

_ROW = 1
_COST, _BLOCK, _PARALLEL, _MEMORY = 2**15, 8, 1, 64 * 1024 * 1024


class RecoveryKeeper:
    """One passphrase at a time."""

    def __init__(self, *, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def make(self, *, by: str, anew: bool = False) -> str | None:
        """A new passphrase, to be shown once; None where there is one already and none is wanted ``anew``.

        One from before backups, for which nothing can be encrypted, counts as none.
        """
        passphrase = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(_GROUPS))
        verifier = await asyncio.to_thread(_verifier, passphrase)
        key = await asyncio.to_thread(new_backup_key, passphrase)
        values = {
            "verifier": verifier,
            "recipient": key.recipient,
            "identity": key.identity,
            "made_by": by,
            "made_at": self._clock.now(),
        }
        useless = None if anew else Recovery.recipient.is_(None)
        row = insert(Recovery).values(id=_ROW, **values)
        kept = row.on_conflict_do_update(index_elements=[Recovery.id], set_=values, where=useless)
        async with self._sessions.begin() as session:
            if await session.scalar(kept.returning(Recovery.id)) is None:
                return None
            record(session, by, "recovery_passphrase_made")
        return passphrase

    async def made_at(self) -> datetime | None:
        """When the passphrase was made that counts now; None where there is none."""
        async with self._sessions.begin() as session:
            return await session.scalar(select(Recovery.made_at).where(Recovery.recipient.is_not(None)))

    async def backup_key(self) -> BackupKey | None:
        """What backups are encrypted with; None where no passphrase could open them."""
        async with self._sessions.begin() as session:
            row = await session.get(Recovery, _ROW)
        if row is None or row.recipient is None or row.identity is None:
            return None
        return BackupKey(recipient=row.recipient, identity=row.identity)

    async def check(self, passphrase: str) -> bool:
        """Whether this is it; case, spaces and dashes do not matter."""
        async with self._sessions.begin() as session:
            verifier = await session.scalar(select(Recovery.verifier))
        return verifier is not None and await asyncio.to_thread(_fits, passphrase, verifier)


def _verifier(passphrase: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${b64encode(salt).decode()}${b64encode(_scrypt(passphrase, salt)).decode()}"


def _fits(passphrase: str, verifier: str) -> bool:
    _, salt, digest = verifier.split("$")
    return hmac.compare_digest(_scrypt(passphrase, b64decode(salt)), b64decode(digest))


def _scrypt(passphrase: str, salt: bytes) -> bytes:
    plain = "".join(passphrase.lower().split()).replace("-", "").encode()
    return hashlib.scrypt(plain, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, maxmem=_MEMORY)
