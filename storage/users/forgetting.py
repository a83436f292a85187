"""Users who were deleted at the company: what becomes of their media says the setting."""

from enum import StrEnum

import structlog
from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.refreshing import refresh
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, EventType, Inspection, PartState
from storage.events.outbox import tell
from storage.jobs import BULK, enqueue
from storage.notices import media_changed
from storage.tables import Media, Part, Usage, UserProfile
from storage.users.dropping import drop

log = structlog.get_logger(__name__)

FORGET_JOB = "forget_user"
NOBODY = "nobody:anonymous"
"""Who media belong to whose owner is not to be known any more: nobody can have such credentials."""

_BY = "service:users"
_BATCH = 100


class UserDeleted(StrEnum):
    """What becomes of their media."""

    KEEP = "keep"
    ANONYMISE = "anonymise"
    DELETE = "delete"


class Forgetting:
    """Handles the job; the row says what is to be done, in batches, so that it can go on after an interruption."""

    def __init__(self, *, sessions: Sessions, clock: Clock, policy: UserDeleted) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policy = policy

    async def handle(self, payload: dict[str, str]) -> None:
        """Treat every media of a deleted user as the policy says, then let go of what linked them."""
        user_id, done = payload["user"], 0
        while count := await self._some(user_id):
            done += count
        log.info("user_forgotten", policy=self._policy.value, media=done)

    async def sweep(self) -> None:
        """Every minute: wake what has no wake-up."""
        unsettled = select(UserProfile.user_id).where(
            UserProfile.deleted_at.is_not(None), UserProfile.settled_at.is_(None)
        )
        async with self._sessions.begin() as session:
            for user_id in (await session.scalars(unsettled.limit(_BATCH))).all():
                await wake_forgetting(session, user_id)

    async def _some(self, user_id: str) -> int:
        async with self._sessions.begin() as session:
            profile = await session.get(UserProfile, user_id, with_for_update=True)
            if profile is None or profile.deleted_at is None or profile.settled_at is not None:
                return 0
            rows = [] if self._policy is UserDeleted.KEEP else await _batch(session, profile)
            for media in rows:
                if self._policy is UserDeleted.DELETE:
                    await drop(session, media, by=_BY, now=self._clock.now())
                else:
                    await _anonymise(session, media)
            if not rows:
                if self._policy is not UserDeleted.KEEP:
                    await session.execute(delete(Usage).where(Usage.owner.in_(_owners(profile))))
                profile.settled_at, profile.telegram_ids = func.now(), []
            return len(rows)


async def wake_forgetting(session: AsyncSession, user_id: str) -> None:
    await enqueue(session, FORGET_JOB, {"user": user_id}, priority=BULK, dedupe=f"{FORGET_JOB}:{user_id}")


def _owners(profile: UserProfile) -> list[str]:
    return [f"user:{profile.user_id}", *(f"telegram:{telegram_id}" for telegram_id in profile.telegram_ids)]


def _theirs(profile: UserProfile) -> ColumnElement[bool]:
    """Also what services sent in their name."""
    return or_(Media.owner.in_(_owners(profile)), Media.uploaded_by == profile.user_id)


async def _batch(session: AsyncSession, profile: UserProfile) -> list[Media]:
    live = Media.status.not_in(GONE)
    query = select(Media).where(_theirs(profile), live).order_by(Media.id).limit(_BATCH).with_for_update()
    return list((await session.scalars(query)).all())


async def _anonymise(session: AsyncSession, media: Media) -> None:
    """Nothing of it says who sent it any more: neither the row nor the channel's caption."""
    if media.owner.startswith(("user:", "telegram:")):
        media.owner = NOBODY
    media.uploaded_by = None
    await session.flush()
    await _forget_source(session, media)
    record(session, _BY, "anonymised", media_id=media.id)
    await tell(session, EventType.MEDIA_UPDATED, media, by=_BY, changed=["uploaded_by"])
    await refresh(session, media)
    await media_changed(session, media.id)


async def _forget_source(session: AsyncSession, media: Media) -> None:
    """The message in the sender's chat, once nothing has to be fetched or copied from there."""
    waits = select(Part.id).where(Part.media_id == media.id, Part.state != PartState.STORED).limit(1)
    if media.inspection is not Inspection.PENDING and await session.scalar(waits) is None:
        gone = {"source_chat_id": None, "source_message_id": None}
        await session.execute(update(Media).where(Media.id == media.id).values(gone))
