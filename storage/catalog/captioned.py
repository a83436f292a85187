"""What captions attach: a caption that is edited takes its media along to the number it says then."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.catalog.attachments import attach_row, attachable, detach_row
from storage.database import Sessions
from storage.domain import Caller, Category, MediaId
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media


class Captioned:
    """The use case. Idempotent. Raises what `Attaching.attach` raises."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def note(self, caller: Caller, media_id: MediaId, numbers: Collection[RequestNumber]) -> None:
        """The caller's attachments of a media to these requests come from its caption."""
        ours = (Attachment.media_id == media_id) & (Attachment.attached_by == caller.owner)
        async with self._sessions.begin() as session:
            await session.execute(
                update(Attachment).where(ours, Attachment.request_number.in_(numbers)).values(by_caption=True)
            )

    async def follow(self, caller: Caller, ids: Collection[MediaId], numbers: Sequence[RequestNumber]) -> None:
        """The caption says these numbers now: attach to them, and take back what it said before.

        What somebody attached otherwise stays, and so does before or after.
        """
        async with self._sessions.begin() as session:
            for media_id in sorted(set(ids)):
                media = await attachable(session, caller, media_id)
                if await _follow(session, caller, media, numbers):
                    await media_changed(session, media.id)


async def _follow(session: AsyncSession, caller: Caller, media: Media, numbers: Sequence[RequestNumber]) -> bool:
    query = select(Attachment).where(Attachment.media_id == media.id, Attachment.by_caption)
    category: Category | None = None
    changed = False
    for link in (await session.scalars(query.where(Attachment.attached_by == caller.owner))).all():
        category = link.category
        if link.request_number not in numbers:
            await detach_row(session, media, RequestNumber(link.request_number), by=caller.owner)
            changed = True
    for number in numbers:
        changed |= await attach_row(session, media, number, by=caller.owner, category=category, by_caption=True)
    return changed
