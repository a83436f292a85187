"""Names of users: read from rows at once, and asked for anew in the background where they are old.

Who reads never waits for the User Service: what it said last counts until it says otherwise, also while it is away.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.errors import PeerRefused, PeerUnavailable
from storage.tables import UserProfile
from storage.users.port import MOST_AT_ONCE, Profile, UserService

log = structlog.get_logger(__name__)

FRESH = timedelta(minutes=10)
"""After so long a profile is asked for anew when somebody sees it."""

NO_PROFILES: Mapping[str, Profile] = MappingProxyType({})
_SEEN = "users_seen"
_TOGETHER = 0.05
"""Seconds in which questions gather."""

_PAUSE = 15.0
"""Seconds after a failure in which nothing is asked."""

_MOST_WANTED = 10_000


class Profiles:
    """One per process; keeps rows current while `running` lasts."""

    def __init__(self, *, sessions: Sessions, service: UserService, clock: Clock) -> None:
        self._sessions = sessions
        self._service = service
        self._clock = clock
        self._wanted: dict[str, None] = {}
        self._more = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sessions made meanwhile tell `profiles_of` whom to ask."""
        if not self._service.configured:
            yield
            return
        self._sessions.configure(info={_SEEN: self})
        asker = asyncio.create_task(self._run(), name="user profiles")
        try:
            yield
        finally:
            self._sessions.configure(info={})
            asker.cancel()
            await asyncio.gather(asker, return_exceptions=True)

    def seen(self, user_ids: Iterable[str], profiles: Iterable[UserProfile]) -> None:
        """Somebody looks at these users, and these are the rows of some of them: ask for what is old or missing."""
        now = self._clock.now()
        fresh = {row.user_id for row in profiles if row.fetched_at is not None and now - row.fetched_at < FRESH}
        self.want(set(user_ids) - fresh)

    def want(self, user_ids: Collection[str]) -> None:
        """Ask about these users as soon as can be."""
        if self._service.configured and len(self._wanted) < _MOST_WANTED and user_ids:
            self._wanted |= dict.fromkeys(user_ids)
            self._more.set()

    @property
    def knows_numbers(self) -> bool:
        """Whether there is somebody to ask whose a number is."""
        return self._service.configured

    async def find_by_phone(self, phone: str) -> Profile | None:
        """Whose number this is; the answer is kept as a profile. Raises `PeerUnavailable` and `PeerRefused`."""
        digits = "".join(char for char in phone if char.isascii() and char.isdigit())
        found = await self._service.find_by_phone(f"+{digits}") if digits else None
        if found is not None:
            async with self._sessions.begin() as session:
                await heard(session, [found], at=self._clock.now())
        return found

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            await asyncio.sleep(_TOGETHER)
            asked = list(self._wanted)[:MOST_AT_ONCE]
            for user_id in asked:
                del self._wanted[user_id]
            if not self._wanted:
                self._more.clear()
            try:
                await self._ask(asked)
            except (PeerUnavailable, PeerRefused, SQLAlchemyError, OSError) as error:
                log.warning("profiles_not_fetched", count=len(asked), error=str(error))
                await asyncio.sleep(_PAUSE)  # who is still seen is wanted again by then

    async def _ask(self, user_ids: Collection[str]) -> None:
        asked_at = self._clock.now()
        found = await self._service.profiles(user_ids)
        async with self._sessions.begin() as session:
            await heard(session, found.values(), at=asked_at)
            await heard_unknown(session, set(user_ids) - set(found), at=asked_at)


async def names_of(session: AsyncSession, user_ids: Collection[str]) -> dict[str, str]:
    """What these users are called, as far as the User Service said it."""
    found = await profiles_of(session, user_ids)
    return {user_id: one.name for user_id, one in found.items() if one.name is not None}


async def profiles_of(session: AsyncSession, user_ids: Collection[str]) -> dict[str, Profile]:
    """Those of these users that the User Service said something of; one statement, and no waiting."""
    if not user_ids:
        return {}
    rows = (await session.scalars(select(UserProfile).where(UserProfile.user_id.in_(user_ids)))).all()
    profiles = session.info.get(_SEEN)
    if isinstance(profiles, Profiles):
        profiles.seen(user_ids, rows)
    return {row.user_id: Profile(user_id=row.user_id, name=row.name, language=row.language) for row in rows}


async def heard(session: AsyncSession, profiles: Iterable[Profile], *, at: datetime) -> None:
    """Note what the service said at ``at``; nothing where a later word, or a deletion, is known."""
    for one in sorted(profiles, key=lambda profile: profile.user_id):
        values = {"known": True, "name": one.name, "language": one.language, "fetched_at": at}
        await _put(session, one.user_id, values, at)


async def heard_unknown(session: AsyncSession, user_ids: Collection[str], *, at: datetime) -> None:
    """Note that the service did not know these."""
    for user_id in sorted(user_ids):
        await _put(session, user_id, {"known": False, "name": None, "language": None, "fetched_at": at}, at)


async def _put(session: AsyncSession, user_id: str, values: Mapping[str, object], at: datetime) -> None:
    older = func.coalesce(UserProfile.as_of, at) <= at
    await session.execute(
        insert(UserProfile)
        .values(user_id=user_id, **values)
        .on_conflict_do_update(
            index_elements=[UserProfile.user_id], set_=values, where=older & UserProfile.deleted_at.is_(None)
        )
    )
