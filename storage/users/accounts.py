"""Whose Telegram account is whose: proved by a one-time code that a user gets by token and opens in the bot.

A link makes one person of two owners: what is theirs in the chat is theirs by token, and the other way round, and so
are their rights. It is looked up with every call, so that unlinking takes effect at once.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, Role, higher_role
from storage.errors import AccountNotLinked, Refused
from storage.tables import AccountLink, LinkCode, UserProfile

PREFIX = "u_"
"""What a code begins with as the parameter of a deep link."""

VALID = timedelta(minutes=15)
_ROLE_NOTED = timedelta(hours=1)
_CODE_BYTES = 24
_LONGEST_CODE = 64
_USER = "user:"

RoleOf = Callable[[int], Awaitable[Role]]
"""What somebody may do in the chat, by their Telegram id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkOffer:
    """A code for the parameter of a deep link, shown once."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who a code is for; ``name`` where the User Service said it."""

    user_id: str
    name: str | None


class Accounts:
    """The use case."""

    def __init__(self, *, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def offer(self, caller: Caller) -> LinkOffer:
        """A new code for the bearer of a token; an earlier one ends. Raises `Refused` for everybody else."""
        user_id = user_id_of(caller)
        code, expires_at = PREFIX + secrets.token_urlsafe(_CODE_BYTES), self._clock.now() + VALID
        values = {"digest": _digest(code), "role": caller.role or Role.USER, "expires_at": expires_at}
        statement = insert(LinkCode).values(user_id=user_id, **values)
        async with self._sessions.begin() as session:
            await session.execute(delete(LinkCode).where(LinkCode.expires_at < self._clock.now()))
            await session.execute(statement.on_conflict_do_update(index_elements=[LinkCode.user_id], set_=values))
        return LinkOffer(code=code, expires_at=expires_at)

    async def claim(self, code: str) -> Claim | None:
        """Who a code is for; None where it is over. It stays usable."""
        async with self._sessions.begin() as session:
            row = await self._valid(session, code)
            if row is None:
                return None
            profile = await session.get(UserProfile, row.user_id)
            return Claim(user_id=row.user_id, name=None if profile is None else profile.name)

    async def link(self, code: str, telegram_id: int) -> Claim | None:
        """Use a code up for this account; None where it is over. Former links of both sides end."""
        claim = await self.claim(code)
        async with self._sessions.begin() as session:
            row = None if claim is None else await self._valid(session, code, lock=True)
            if row is None:
                return None
            await session.delete(row)
            former = (AccountLink.telegram_id == telegram_id) | (AccountLink.user_id == row.user_id)
            await session.execute(delete(AccountLink).where(former))
            session.add(
                AccountLink(telegram_id=telegram_id, user_id=row.user_id, role=row.role, role_at=self._clock.now())
            )
            record(session, f"telegram:{telegram_id}", "account_linked", detail={"user": row.user_id})
        return claim

    async def of_user(self, caller: Caller) -> AccountLink:
        """The caller's link. Raises `AccountNotLinked`, and `Refused` for who has no token of a person."""
        async with self._sessions.begin() as session:
            row = await _of_user(session, user_id_of(caller))
        if row is None:
            raise AccountNotLinked
        return row

    async def unlink_user(self, caller: Caller) -> None:
        """End the link of a token's bearer; again is no change. Raises `Refused` for everybody else."""
        await self._unlink(AccountLink.user_id == user_id_of(caller), by=caller.owner)

    async def unlink_telegram(self, telegram_id: int) -> bool:
        """End the link of an account; False where there was none."""
        return await self._unlink(AccountLink.telegram_id == telegram_id, by=f"telegram:{telegram_id}")

    async def current(self, caller: Caller, role_of: RoleOf) -> Caller:
        """A caller as they are now: the bearer of a token with what their Telegram account adds."""
        if caller.role is None or not caller.owner.startswith(_USER):
            return caller
        async with self._sessions.begin() as session:
            row = await _of_user(session, user_id_of(caller))
            if row is None:
                return caller
            await self._note_role(session, row, caller.role)
        role = higher_role(caller.role, await role_of(row.telegram_id))
        return replace(caller, role=role, also=f"telegram:{row.telegram_id}")

    async def _note_role(self, session: AsyncSession, row: AccountLink, role: Role) -> None:
        now = self._clock.now()
        if row.role is not role or now - row.role_at > _ROLE_NOTED:
            same = AccountLink.telegram_id == row.telegram_id
            await session.execute(update(AccountLink).where(same).values(role=role, role_at=now))

    async def _unlink(self, which: ColumnElement[bool], *, by: str) -> bool:
        async with self._sessions.begin() as session:
            gone = await session.scalar(delete(AccountLink).where(which).returning(AccountLink.user_id))
            if gone is not None:
                record(session, by, "account_unlinked", detail={"user": gone})
        return gone is not None

    async def _valid(self, session: AsyncSession, code: str, *, lock: bool = False) -> LinkCode | None:
        if not code.startswith(PREFIX) or len(code) > _LONGEST_CODE or not code.isascii():
            return None
        query = select(LinkCode).where(LinkCode.digest == _digest(code), LinkCode.expires_at > self._clock.now())
        return await session.scalar(query.with_for_update() if lock else query)


async def nobody(_telegram_id: int) -> Role:
    """For a process without a chat: there everybody is a user."""
    return Role.USER


def user_id_of(caller: Caller) -> str:
    """Of the bearer of a token. Raises `Refused` for services and people in the chat."""
    if not caller.owner.startswith(_USER):
        raise Refused
    return caller.owner.removeprefix(_USER)


async def _of_user(session: AsyncSession, user_id: str) -> AccountLink | None:
    return await session.scalar(select(AccountLink).where(AccountLink.user_id == user_id))


def _digest(code: str) -> bytes:
    return sha256(code.encode()).digest()
