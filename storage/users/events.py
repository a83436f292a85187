"""What follows from the User Service's signed events: changed names, and users who are deleted."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.clock import Clock
from storage.errors import InvalidFields
from storage.events.hooks import HookEvent, Hooks
from storage.tables import AccountLink, LinkCode, Person, UserProfile
from storage.users.avatars import remove_avatar
from storage.users.forgetting import UserDeleted, wake_forgetting
from storage.users.port import Profile

SERVICE = "users"
_LONGEST_ID = 200

ReadUser = Callable[[Any], Profile]
"""A user as JSON. Raises ValueError."""


class UserEvents:
    """``user.updated`` with ``{"user": {"id", "name", "language"}}``, ``user.deleted`` with ``{"user_id"}``."""

    def __init__(self, *, read_user: ReadUser, clock: Clock, policy: UserDeleted) -> None:
        self._read_user = read_user
        self._clock = clock
        self._policy = policy

    def register(self, hooks: Hooks) -> None:
        hooks.handle(SERVICE, "user.created", self.updated)
        hooks.handle(SERVICE, "user.updated", self.updated)
        hooks.handle(SERVICE, "user.deleted", self.deleted)

    async def updated(self, session: AsyncSession, event: HookEvent) -> None:
        """Take the new name and language, unless something later is known. Raises `InvalidFields`."""
        try:
            user = self._read_user(event.data.get("user"))
        except ValueError as error:
            raise InvalidFields(("data.user", "must be a user with an id")) from error
        said = {"known": True, "name": user.name, "language": user.language, "fetched_at": self._clock.now()}
        later = (UserProfile.as_of.is_not(None) & (UserProfile.as_of > event.at)) | UserProfile.deleted_at.is_not(None)
        await session.execute(
            insert(UserProfile)
            .values(user_id=user.user_id, as_of=event.at, **said)
            .on_conflict_do_update(index_elements=[UserProfile.user_id], set_={**said, "as_of": event.at}, where=~later)
        )

    async def deleted(self, session: AsyncSession, event: HookEvent) -> None:
        """Let go of the name, the avatar and the link at once, and have the media treated as the policy says."""
        user_id = str(event.data.get("user_id") or "")
        if not 0 < len(user_id) <= _LONGEST_ID or not user_id.isprintable():
            raise InvalidFields(("data.user_id", "must be the id of a user"))
        profile = await _locked(session, user_id)
        if profile.deleted_at is not None:
            return
        link = await session.scalar(select(AccountLink).where(AccountLink.user_id == user_id))
        profile.name = profile.language = None
        profile.known, profile.deleted_at, profile.as_of = False, event.at, event.at
        told = update(Person).where(Person.user_id == user_id).values(user_id=None).returning(Person.telegram_id)
        chats = set((await session.scalars(told)).all())
        if link is not None:
            chats.add(link.telegram_id)
            await session.delete(link)
        profile.telegram_ids = sorted(chats)
        await session.execute(delete(LinkCode).where(LinkCode.user_id == user_id))
        keep = self._policy is UserDeleted.KEEP
        await remove_avatar(session, user_id, by=f"service:{SERVICE}", now=self._clock.now(), keep=keep)
        record(session, f"service:{SERVICE}", "user_deleted", detail={"user": user_id, "policy": self._policy.value})
        await wake_forgetting(session, user_id)


async def _locked(session: AsyncSession, user_id: str) -> UserProfile:
    await session.execute(insert(UserProfile).values(user_id=user_id).on_conflict_do_nothing())
    profile = await session.get(UserProfile, user_id, with_for_update=True)
    assert profile is not None
    return profile
