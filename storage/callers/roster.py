"""Who is staff, who is admin, who is blocked: listing and changing it. Every change is in the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from storage.auditing.audit import record
from storage.callers.people import LANGUAGES, People
from storage.database import Sessions
from storage.domain import Role
from storage.tables import Person

_LONGEST_NAME = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A person on a list. ``fixed``: their role stands in the settings and is not changed here."""

    telegram_id: int
    name: str
    username: str | None
    language: str | None
    role: Role
    fixed: bool
    blocked: bool


class Change(StrEnum):
    """What came of a change that was asked for."""

    DONE = "done"
    SAME = "same"
    FIXED = "fixed"
    LAST_ADMIN = "last_admin"
    UNKNOWN = "unknown"


class Roster:
    """The use cases. The door sees to it that only admins, and the command line, come here."""

    def __init__(self, sessions: Sessions, people: People) -> None:
        self._sessions = sessions
        self._people = people

    async def staff(self) -> Sequence[Known]:
        """Admins first, then staff, by name; those of the settings too, whom we may not have met."""
        named = self._people.fixed_ids
        query = select(Person).where((Person.role != Role.USER) | Person.telegram_id.in_(named))
        async with self._sessions.begin() as session:
            found = [self._known(person) for person in (await session.scalars(query)).all()]
        unmet = named - {one.telegram_id for one in found}
        found += [self._unmet(telegram_id) for telegram_id in unmet]
        return sorted(found, key=lambda one: (one.role is not Role.ADMIN, one.name.casefold(), one.telegram_id))

    async def admins(self) -> Sequence[Known]:
        """Whom to tell what goes wrong: every admin who is not blocked."""
        return [one for one in await self.staff() if one.role is Role.ADMIN and not one.blocked]

    async def blocked(self, *, limit: int = 50) -> Sequence[Known]:
        """Those who get no answers, the latest first."""
        query = select(Person).where(Person.blocked_at.is_not(None)).order_by(Person.blocked_at.desc()).limit(limit)
        async with self._sessions.begin() as session:
            return [self._known(person) for person in (await session.scalars(query)).all()]

    async def find(self, wanted: str) -> Known | None:
        """Somebody we have met, by id or ``@username`` (the one seen last, where two had the name)."""
        text = wanted.strip()
        condition = func.lower(Person.username) == text.removeprefix("@").lower()
        if text.isascii() and text.isdigit():
            condition = Person.telegram_id == int(text) if int(text) < 1 << 63 else Person.telegram_id.is_(None)
        query = select(Person).where(condition).order_by(Person.last_seen_at.desc()).limit(1)
        async with self._sessions.begin() as session:
            person = await session.scalar(query)
        return None if person is None else self._known(person)

    async def languages(self, ids: Sequence[int]) -> Mapping[int, str]:
        """The languages that people chose; who chose none is left out."""
        query = select(Person.telegram_id, Person.language).where(Person.telegram_id.in_(ids))
        async with self._sessions.begin() as session:
            return {row.telegram_id: row.language for row in await session.execute(query) if row.language}

    async def set_role(self, telegram_id: int, role: Role, *, by: str, name: str | None = None) -> Change:
        """Give a role. ``name``: they need not have been met. What the settings say cannot be changed here."""
        if telegram_id in self._people.fixed_ids:
            return Change.FIXED
        if name is not None:
            await self._introduce(telegram_id, name)
        async with self._sessions.begin() as session:
            admins = (await session.scalars(select(Person).where(Person.role == Role.ADMIN).with_for_update())).all()
            person = await session.get(Person, telegram_id, with_for_update=True)
            if person is None:
                return Change.UNKNOWN
            if person.role is role:
                return Change.SAME
            alone = [one.telegram_id for one in admins] == [telegram_id] and not self._people.fixed_admins
            if alone:
                return Change.LAST_ADMIN
            detail = {"person": telegram_id, "from": person.role.value, "to": role.value}
            person.role = role
            if role is not Role.USER:
                person.admitted_at = person.admitted_at or func.now()
            record(session, by, "role_changed", detail=detail)
        return Change.DONE

    async def block(self, telegram_id: int, *, by: str) -> Change:
        """From now on they get no answers, and nothing they send is kept. Admins cannot be blocked."""
        return await self._set_blocked(telegram_id, by=by, blocked=True)

    async def unblock(self, telegram_id: int, *, by: str) -> Change:
        return await self._set_blocked(telegram_id, by=by, blocked=False)

    async def _set_blocked(self, telegram_id: int, *, by: str, blocked: bool) -> Change:
        async with self._sessions.begin() as session:
            person = await session.get(Person, telegram_id, with_for_update=True)
            if person is None:
                return Change.UNKNOWN
            if blocked and (telegram_id in self._people.fixed_admins or person.role is Role.ADMIN):
                return Change.FIXED
            if (person.blocked_at is not None) is blocked:
                return Change.SAME
            person.blocked_at = func.now() if blocked else None
            record(session, by, "blocked" if blocked else "unblocked", detail={"person": telegram_id})
        return Change.DONE

    async def _introduce(self, telegram_id: int, name: str) -> None:
        cleaned = name.replace("\x00", "").strip()[:_LONGEST_NAME] or "?"
        row = insert(Person).values(telegram_id=telegram_id, first_name=cleaned)
        async with self._sessions.begin() as session:
            await session.execute(row.on_conflict_do_nothing(index_elements=[Person.telegram_id]))

    def _known(self, person: Person) -> Known:
        return Known(
            telegram_id=person.telegram_id,
            name=person.first_name,
            username=person.username,
            language=person.language,
            role=self._people.role_in(person),
            fixed=person.telegram_id in self._people.fixed_ids,
            blocked=person.blocked_at is not None,
        )

    def _unmet(self, telegram_id: int) -> Known:
        role = Role.ADMIN if telegram_id in self._people.fixed_admins else Role.STAFF
        return Known(
            telegram_id=telegram_id,
            name=str(telegram_id),
            username=None,
            language=LANGUAGES[0],
            role=role,
            fixed=True,
            blocked=False,
        )
