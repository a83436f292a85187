"""The people the bot meets: who they are, what they may do, and whether they are let in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.database import Sessions
from storage.domain import NO_QUOTA, Caller, Quota, Role, higher_role
from storage.tables import AccountLink, Person, UserProfile
from storage.tables.many import among, given

LANGUAGES = ("en", "ru", "uz")
"""What the bot speaks; the first is for everyone else."""

ROLE_KEPT = timedelta(days=30)
"""So long the role that a linked user's last token named counts in the chat."""


class Access(StrEnum):
    """Who may use the bot: those let in, whoever shares their phone number, everyone."""

    INVITE = "invite"
    CONTACT = "contact"
    OPEN = "open"


class TelegramUser(Protocol):
    """What Telegram says of a person."""

    @property
    def id(self) -> int: ...
    @property
    def first_name(self) -> str: ...
    @property
    def username(self) -> str | None: ...
    @property
    def language_code(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonView:
    """A person as the bot sees them. ``admitted`` is the answer to "may they use the bot now"."""

    telegram_id: int
    role: Role
    first_name: str
    language: str
    admitted: bool
    blocked: bool = False
    chose_language: bool = False
    quota: Quota = NO_QUOTA
    user_id: str | None = None
    """Whose account this is at the company, where that was proved."""

    known_as: str | None = None
    """The same, or whose phone number they shared: that gives a name, and no rights."""

    @property
    def caller(self) -> Caller:
        also = None if self.user_id is None else f"user:{self.user_id}"
        return Caller.person(self.telegram_id, self.role, self.quota, also)

    @property
    def is_staff(self) -> bool:
        return self.role is not Role.USER


class Membership(Protocol):
    """Who is staff because of where they are: the members of the staff chat."""

    async def is_member(self, telegram_id: int) -> bool:
        """Whether somebody is in it now. May ask Telegram."""
        ...

    async def known(self, session: AsyncSession, telegram_ids: Collection[int]) -> Mapping[int, bool]:
        """The same for those of whom it is known without asking."""
        ...


class People:
    """``admins`` and ``staff`` are Telegram ids that have these roles whatever the table says.

    The members of ``staff_chat`` are staff as long as they are in it; ``quota`` is for everybody else.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        access: Access,
        admins: Collection[int] = (),
        staff: Collection[int] = (),
        quota: Quota = NO_QUOTA,
        staff_chat: Membership | None = None,
    ) -> None:
        self._sessions = sessions
        self._staff_chat = staff_chat
        self._access = access
        self._admins = frozenset(admins)
        self._staff = frozenset(staff)
        self._quota = quota

    @property
    def fixed_admins(self) -> frozenset[int]:
        """Admins whatever the table says."""
        return self._admins

    @property
    def fixed_ids(self) -> frozenset[int]:
        """Everybody whose role stands in the settings."""
        return self._admins | self._staff

    async def meet(self, user: TelegramUser) -> PersonView:
        """Note that ``user`` wrote, and say who they are. The table's language and role win over Telegram's word."""
        row = _row(user)
        statement = insert(Person).values(row)
        async with self._sessions.begin() as session:
            person = await session.scalar(
                statement.on_conflict_do_update(
                    index_elements=[Person.telegram_id], set_={**row, "last_seen_at": self._seen_at()}
                ).returning(Person),
                execution_options={"populate_existing": True},
            )
            assert person is not None
            link = await session.get(AccountLink, user.id)
            known_as = person.user_id if link is None else link.user_id
            profile = None if known_as is None else await session.get(UserProfile, known_as)
        return self._view(person, user.language_code, await self._role_now(person, link), profile, link)

    async def meet_known(self, session: AsyncSession, users: Sequence[TelegramUser]) -> dict[int, PersonView]:
        """`meet` for many, inside a transaction. Left out are those not met before, those with an account at the
        company, and those whose role only Telegram knows.
        """
        told = {user.id: user for user in users}
        new = given(Person, [_row(user) for user in told.values()])
        names = {"first_name": new.c.first_name, "username": new.c.username, "last_seen_at": self._seen_at()}
        met = update(Person).where(Person.telegram_id == new.c.telegram_id).values(**names)
        fresh = {"synchronize_session": False, "populate_existing": True}
        people = (await session.scalars(met.returning(Person), execution_options=fresh)).all()
        linked = set(await session.scalars(select(AccountLink.telegram_id).where(among(AccountLink.telegram_id, told))))
        own = [person for person in people if person.telegram_id not in linked and person.user_id is None]
        roles = await self._known_roles(session, own)
        return {
            person.telegram_id: self._view(person, told[person.telegram_id].language_code, role, None, None)
            for person in own
            if (role := roles.get(person.telegram_id)) is not None
        }

    async def admit(self, telegram_id: int, *, by: int | None = None) -> None:
        """Let somebody in for good, on somebody's invitation. They have been met before; again is no change."""
        async with self._sessions.begin() as session:
            admitted = await session.scalar(
                update(Person)
                .where(Person.telegram_id == telegram_id, Person.admitted_at.is_(None))
                .values(admitted_at=func.now(), last_seen_at=func.now())
                .returning(Person.telegram_id)
            )
            if admitted is not None:
                record(session, f"telegram:{by or telegram_id}", "admitted", detail={"person": telegram_id})

    async def known_as(self, telegram_id: int, user_id: str, language: str | None) -> None:
        """Note whose phone number somebody shared; their language, where they have not chosen one."""
        spoken = language_from(language) if language else None
        async with self._sessions.begin() as session:
            await session.execute(
                update(Person)
                .where(Person.telegram_id == telegram_id)
                .values(user_id=user_id, language=func.coalesce(Person.language, spoken))
            )
            record(session, f"telegram:{telegram_id}", "phone_shared", detail={"user": user_id})

    async def role_of(self, telegram_id: int) -> Role:
        """What somebody may do now; of strangers and of the blocked nothing but what a user may."""
        async with self._sessions.begin() as session:
            person = await session.get(Person, telegram_id)
            link = await session.get(AccountLink, telegram_id)
        if person is not None:
            return Role.USER if person.blocked_at is not None else await self._role_now(person, link)
        return Role.ADMIN if telegram_id in self._admins else Role.STAFF if telegram_id in self._staff else Role.USER

    async def speak(self, telegram_id: int, language: str) -> None:
        """Remember the language a person chose."""
        async with self._sessions.begin() as session:
            await session.execute(update(Person).where(Person.telegram_id == telegram_id).values(language=language))

    async def may_turn_away(self, telegram_id: int) -> bool:
        """Whether it is time to tell somebody who is not let in that they are not: at most once an hour.

        For them ``last_seen_at`` is when they were last told, so the answer survives a restart and a
        second handling of one update tells them nothing twice.
        """
        told_long_ago = Person.last_seen_at < func.now() - text("interval '1 hour'")
        first_time = Person.last_seen_at == Person.created_at
        async with self._sessions.begin() as session:
            found = await session.scalar(
                update(Person)
                .where(Person.telegram_id == telegram_id, told_long_ago | first_time)
                .values(last_seen_at=func.clock_timestamp())
                .returning(Person.telegram_id)
            )
        return found is not None

    def _seen_at(self) -> ColumnElement[Any]:
        if self._access is Access.OPEN:
            return func.now()
        let_in = Person.admitted_at.is_not(None) | (Person.role != Role.USER) | Person.telegram_id.in_(self.fixed_ids)
        return case((let_in, func.now()), else_=Person.last_seen_at)

    async def _known_roles(self, session: AsyncSession, people: Sequence[Person]) -> dict[int, Role]:
        """What those may do of whom it is known without asking Telegram. They are linked to nobody."""
        roles = {person.telegram_id: self.role_in(person) for person in people}
        if self._staff_chat is None:
            return roles
        asked = [person.telegram_id for person in people if _may_be_more(person, roles[person.telegram_id])]
        inside = await self._staff_chat.known(session, asked) if asked else {}
        unknown = {telegram_id for telegram_id in asked if telegram_id not in inside}
        members = {telegram_id: Role.STAFF for telegram_id, is_member in inside.items() if is_member}
        return {telegram_id: role for telegram_id, role in (roles | members).items() if telegram_id not in unknown}

    async def _role_now(self, person: Person, link: AccountLink | None) -> Role:
        """The row's, the settings' or the linked user's role, else what the staff chat makes of them."""
        role = self.role_in(person)
        if link is not None and person.blocked_at is None and datetime.now(UTC) - link.role_at < ROLE_KEPT:
            role = higher_role(role, link.role)
        if self._staff_chat is None or not _may_be_more(person, role):
            return role
        return Role.STAFF if await self._staff_chat.is_member(person.telegram_id) else role

    def _view(
        self, person: Person, code: str | None, role: Role, profile: UserProfile | None, link: AccountLink | None
    ) -> PersonView:
        """The company's name and language for them go before Telegram's word, their own choice before all."""
        blocked = person.blocked_at is not None
        admitted = self._access is Access.OPEN or role is not Role.USER or person.admitted_at is not None
        return PersonView(
            telegram_id=person.telegram_id,
            role=role,
            first_name=(profile.name if profile is not None else None) or person.first_name,
            language=person.language or language_from((profile.language if profile is not None else None) or code),
            chose_language=person.language is not None,
            quota=self._quota if role is Role.USER else NO_QUOTA,
            user_id=None if link is None else link.user_id,
            known_as=person.user_id if link is None else link.user_id,
            admitted=admitted and not blocked,
            blocked=blocked,
        )

    def role_in(self, person: Person) -> Role:
        """The role of a row, or of the settings where that is more."""
        if person.telegram_id in self._admins:
            return Role.ADMIN
        if person.telegram_id in self._staff and person.role is Role.USER:
            return Role.STAFF
        return person.role


def _may_be_more(person: Person, role: Role) -> bool:
    """Whether the staff chat makes a difference."""
    return role is Role.USER and person.blocked_at is None


def _row(user: TelegramUser) -> dict[str, Any]:
    return {"telegram_id": user.id, "first_name": _clean(user.first_name) or "?", "username": user.username}


def language_from(code: str | None) -> str:
    """Telegram's ``language_code`` (such as ``ru`` or ``uz-Latn``) as one of `LANGUAGES`."""
    short = (code or "").split("-", 1)[0].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


def _clean(name: str) -> str:
    return name.replace("\x00", "").strip()[:256]
