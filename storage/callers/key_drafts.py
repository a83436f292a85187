"""A service's key as an admin puts it together in a chat: a name first, then scopes and days, then it is made, once."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, delete, func, select, update

from storage.callers.keys import Keys, KeyTerms
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Scope
from storage.tables import KeyDraft

DAYS = (None, 30, 90, 365)
"""How long a key may be asked to last; None: until it is revoked."""

_KEPT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    id: int
    name: str
    scopes: frozenset[Scope]
    days: int | None


class KeyDrafts:
    """A draft belongs to one person; another one's, an old one and one that was made are None."""

    def __init__(self, *, sessions: Sessions, keys: Keys, clock: Clock) -> None:
        self._sessions = sessions
        self._keys = keys
        self._clock = clock

    async def begin(self, person_id: int, name: str) -> Draft:
        """A draft that may read and write media, and never expires. Old ones are forgotten."""
        row = KeyDraft(
            person_id=person_id, name=name, scopes=[Scope.MEDIA_READ, Scope.MEDIA_WRITE], created_at=self._clock.now()
        )
        async with self._sessions.begin() as session:
            await session.execute(delete(KeyDraft).where(KeyDraft.created_at < self._clock.now() - _KEPT))
            session.add(row)
            await session.flush()
        return _draft(row)

    async def toggle(self, draft_id: int, person_id: int, scope: Scope) -> Draft | None:
        async with self._sessions.begin() as session:
            row = await session.scalar(_open(draft_id, person_id).with_for_update())
            if row is None:
                return None
            row.scopes = sorted(set(row.scopes) ^ {scope.value})
        return _draft(row)

    async def next_expiry(self, draft_id: int, person_id: int) -> Draft | None:
        """The next of `DAYS`."""
        async with self._sessions.begin() as session:
            row = await session.scalar(_open(draft_id, person_id).with_for_update())
            if row is None:
                return None
            at = DAYS.index(row.days) if row.days in DAYS else 0
            row.days = DAYS[(at + 1) % len(DAYS)]
        return _draft(row)

    async def get(self, draft_id: int, person_id: int) -> Draft | None:
        async with self._sessions.begin() as session:
            row = await session.scalar(_open(draft_id, person_id))
        return None if row is None else _draft(row)

    async def drop(self, draft_id: int, person_id: int) -> None:
        async with self._sessions.begin() as session:
            await session.execute(delete(KeyDraft).where(KeyDraft.id == draft_id, KeyDraft.person_id == person_id))

    async def make(self, draft_id: int, person_id: int) -> str | None:
        """The secret of the key that the draft becomes; None where it became one before, or has no scopes."""
        taken = (
            update(KeyDraft)
            .where(
                KeyDraft.id == draft_id,
                KeyDraft.person_id == person_id,
                KeyDraft.made_at.is_(None),
                func.cardinality(KeyDraft.scopes) > 0,
            )
            .values(made_at=self._clock.now())
            .returning(KeyDraft)
        )
        async with self._sessions.begin() as session:
            row = await session.scalar(taken)
        if row is None:
            return None
        draft = _draft(row)
        expires = None if draft.days is None else self._clock.now() + timedelta(days=draft.days)
        terms = KeyTerms(name=draft.name, scopes=draft.scopes, expires_at=expires)
        _, secret = await self._keys.create(terms, by=f"telegram:{person_id}")
        return secret


def _open(draft_id: int, person_id: int) -> Select[KeyDraft]:
    return select(KeyDraft).where(KeyDraft.id == draft_id, KeyDraft.person_id == person_id, KeyDraft.made_at.is_(None))


def _draft(row: KeyDraft) -> Draft:
    known = frozenset(Scope(scope) for scope in row.scopes if scope in set(Scope))
    return Draft(id=row.id, name=row.name, scopes=known, days=row.days)
