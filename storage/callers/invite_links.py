"""Links into a role: who opens one is let in as user, staff or admin, as often and as long as the link says.

A link's code is shown once; the table keeps its hash. The code is random, so the hash needs no key, and `mediagate
setup` can make one before there is a process. A link is only as good as whoever made it: it ends with their role.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.callers.people import People
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Role
from storage.tables import InviteLink, InviteUse, Person

SETUP_VALID = timedelta(hours=1)
VALID = timedelta(days=3)
MOST_USES, LONGEST = 500, timedelta(days=30)
"""What a link may allow at most."""

_PREFIX = "i_"
_CODE_BYTES = 24
_LONGEST_PARAMETER = 64
_ORDER = (Role.USER, Role.STAFF, Role.ADMIN)


class Opening(StrEnum):
    """What came of opening a link. ``again``: this person had opened it before, and nothing changed."""

    WELCOME = "welcome"
    AGAIN = "again"
    OVER = "over"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkView:
    """A link as it stands. ``uses_left`` is 0 where it is used up."""

    id: int
    role: Role
    created_by: str
    expires_at: datetime
    most_uses: int
    uses_left: int
    revoked_at: datetime | None

    def open_at(self, now: datetime) -> bool:
        return self.revoked_at is None and self.uses_left > 0 and now < self.expires_at


class InviteLinks:
    """The use cases. Who makes and revokes links is checked by the door."""

    def __init__(self, *, sessions: Sessions, people: People, clock: Clock) -> None:
        self._sessions = sessions
        self._people = people
        self._clock = clock

    async def create(self, role: Role, *, by: str, expires_in: timedelta = VALID, most_uses: int = 1) -> str:
        """The parameter of a ``start`` link; it can never be read again."""
        parameter = _PREFIX + secrets.token_urlsafe(_CODE_BYTES)
        row = InviteLink(
            code_hash=_hash(parameter),
            role=role,
            created_by=by,
            expires_at=self._clock.now() + min(expires_in, LONGEST),
            most_uses=max(1, min(most_uses, MOST_USES)),
        )
        async with self._sessions.begin() as session:
            session.add(row)
            await session.flush()
            record(session, by, "invite_link_created", detail={"link": str(row.id), "role": role.value})
        return parameter

    async def open(self, parameter: str, person_id: int) -> tuple[Opening, Role]:
        """Somebody whom we have met follows a link: they get its role, unless they have more. Never raises.

        Two who follow the last use of a link at once are told apart by a lock of its row.
        """
        async with self._sessions.begin() as session:
            link = await session.scalar(
                select(InviteLink).where(InviteLink.code_hash == _hash(parameter)).with_for_update()
            )
            if link is None:
                return Opening.OVER, Role.USER
            if await session.get(InviteUse, (link.id, person_id)) is not None:
                return Opening.AGAIN, link.role
            view = _view(link, await _uses(session, link.id))
        if not view.open_at(self._clock.now()) or not await self._vouched(view):
            return Opening.OVER, view.role
        return await self._enter(view.id, person_id), view.role

    async def list(self, *, limit: int = 50) -> Sequence[LinkView]:
        """Links that can still be opened, newest first."""
        now = self._clock.now()
        query = select(InviteLink).where(InviteLink.revoked_at.is_(None), InviteLink.expires_at > now)
        async with self._sessions.begin() as session:
            rows = (await session.scalars(query.order_by(InviteLink.id.desc()).limit(limit))).all()
            views = [_view(row, await _uses(session, row.id)) for row in rows]
        return [view for view in views if view.uses_left]

    async def revoke(self, link_id: int, *, by: str) -> bool:
        """End a link; False where there is none. Again is no change."""
        async with self._sessions.begin() as session:
            row = await session.get(InviteLink, link_id, with_for_update=True)
            if row is None:
                return False
            if row.revoked_at is None:
                row.revoked_at = self._clock.now()
                record(session, by, "invite_link_revoked", detail={"link": str(link_id)})
        return True

    async def _vouched(self, link: LinkView) -> bool:
        kind, _, number = link.created_by.partition(":")
        if kind != "telegram":
            return True
        role = await self._people.role_of(int(number))
        return _ORDER.index(role) >= _ORDER.index(Role.STAFF if link.role is Role.USER else Role.ADMIN)

    async def _enter(self, link_id: int, person_id: int) -> Opening:
        now = self._clock.now()
        async with self._sessions.begin() as session:
            link = await session.get(InviteLink, link_id, with_for_update=True)
            if link is None or not _view(link, await _uses(session, link_id)).open_at(now):
                return Opening.OVER
            person = await session.get(Person, person_id, with_for_update=True)
            if person is None or person.blocked_at is not None:
                return Opening.OVER
            session.add(InviteUse(link_id=link_id, person_id=person_id, at=now))
            if _ORDER.index(link.role) > _ORDER.index(person.role):
                person.role = link.role
            person.admitted_at = person.admitted_at or now
            detail = {"person": person_id, "role": link.role.value, "link": str(link_id)}
            record(session, link.created_by, "admitted", detail=detail)
        return Opening.WELCOME


def parameter_of(text: str | None) -> str | None:
    """The link's parameter in a ``/start …`` that came by one; None for any other text."""
    command, _, parameter = (text or "").partition(" ")
    parameter = parameter.strip()
    ours = parameter.startswith(_PREFIX) and len(parameter) <= _LONGEST_PARAMETER
    return parameter if ours and command.partition("@")[0] == "/start" else None


async def _uses(session: AsyncSession, link_id: int) -> int:
    return await session.scalar(select(func.count()).where(InviteUse.link_id == link_id)) or 0


def _view(row: InviteLink, uses: int) -> LinkView:
    return LinkView(
        id=row.id,
        role=row.role,
        created_by=row.created_by,
        expires_at=row.expires_at,
        most_uses=row.most_uses,
        uses_left=max(0, row.most_uses - uses),
        revoked_at=row.revoked_at,
    )


def _hash(parameter: str) -> bytes:
    return sha256(parameter.encode("utf-8", "surrogatepass")).digest()
