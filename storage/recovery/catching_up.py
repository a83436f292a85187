"""What is known to have happened after the dump to media that are in it (`storage.recovery.since`), done again.

A delete is done again as a delete; a change is read off the caption, which was edited when it was made.
"""

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.catalog.refreshing import refresh
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, MediaStatus
from storage.engine.captions import parse_manifest
from storage.engine.facts import media_facts
from storage.engine.looking import Looker
from storage.errors import ArchiveError
from storage.recovery.caption_reading import UNKNOWN_OWNER, Remembered, read_caption
from storage.recovery.indexes import Since
from storage.tables import Attachment, Media, Part, Request
from storage.wakeups import wake_eraser

log = structlog.get_logger(__name__)


class CatchUp:
    """Does it; again is fine."""

    def __init__(self, *, sessions: Sessions, looker: Looker, clock: Clock) -> None:
        self._sessions = sessions
        self._looker = looker
        self._clock = clock

    async def go(self, since: Since) -> tuple[int, int]:
        """How many media were deleted, and how many changed."""
        deleted = 0
        for media_id in since.deleted:
            async with self._sessions.begin() as session:
                deleted += await self._delete(session, media_id)
        changed = 0
        for media_id in since.changed:
            changed += await self._change(media_id)
        return deleted, changed

    async def _delete(self, session: AsyncSession, media_id: int) -> bool:
        """From then on it answers as deleted; the eraser does the rest when the gateway runs."""
        media = await session.get(Media, media_id, with_for_update=True)
        if media is None or media.status in GONE:
            return False
        media.status_before, media.status = media.status.value, MediaStatus.DELETING
        media.delete_after = self._clock.now()
        await session.flush()
        await wake_eraser(session, media_id, delay=0)
        return True

    async def _change(self, media_id: int) -> bool:
        first = select(Part.chat_id, Part.message_id).where(Part.media_id == media_id, Part.index == 0)
        async with self._sessions.begin() as session:
            place = (await session.execute(first)).one_or_none()
        if place is None or place.chat_id is None or place.message_id is None:
            return False
        try:
            seen = await self._looker.look(place.chat_id, place.message_id)
        except ArchiveError as error:
            log.info("change_not_read", media_id=media_id, error=str(error))
            return False
        if parse_manifest(seen.caption) is None:
            return False
        async with self._sessions.begin() as session:
            media = await session.get(Media, media_id, with_for_update=True)
            if media is None or media.status in GONE:
                return False
            await _apply(session, media, read_caption(seen.caption or "", media.key))
        return True


async def _apply(session: AsyncSession, media: Media, told: Remembered) -> None:
    """What the caption says otherwise than the row; what it had to shorten stays as it was."""
    before = await media_facts(session, media)
    if told.owner != UNKNOWN_OWNER:
        media.owner = told.owner
    if not told.cut and (told.filename, told.category) != (before.filename, before.category):
        media.filename, media.category = told.filename, told.category
    if not told.cut and not _same_tags(told.tags, media.tags):
        media.tags = list(told.tags)
    if not told.cut and told.description != _shown(before.description):
        media.description = told.description
    await _attach(session, media, told, set(before.request_numbers))
    await session.flush()
    await refresh(session, media)


async def _attach(session: AsyncSession, media: Media, told: Remembered, before: set[str]) -> None:
    wanted = set(told.request_numbers)
    for number in wanted - before:
        await session.execute(insert(Request).values(number=number).on_conflict_do_nothing())
        session.add(
            Attachment(request_number=number, media_id=media.id, attached_by=media.owner, category=media.category)
        )
        media.awaits_request = False
    if not told.cut:
        gone = (Attachment.media_id == media.id) & Attachment.request_number.in_(before - wanted)
        await session.execute(delete(Attachment).where(gone))


def _same_tags(told: tuple[str, ...], kept: list[str]) -> bool:
    """Whether these hashtags are those of the tags."""
    return [one.replace("_", "") for one in told] == ["".join(filter(str.isalnum, one)) for one in kept]


def _shown(description: str | None) -> str | None:
    """As a caption shows it, if it is not shortened there."""
    return " ".join(description.split()) or None if description else None
