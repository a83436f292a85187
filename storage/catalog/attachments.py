"""Attaching media to requests."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import may_attach_others, visible_media
from storage.auditing.audit import record
from storage.callers.telling import note_attached
from storage.catalog.refreshing import refresh
from storage.database import Sessions
from storage.domain import GONE, Caller, Category, MediaId
from storage.errors import MediaDeleted, MediaNotFound
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Request


async def attach_row(
    session: AsyncSession, media: Media, number: RequestNumber, *, by: str, category: Category | None = None
) -> bool:
    """Link ``media`` to the request inside the caller's transaction. False where it was linked already."""
    await session.execute(insert(Request).values(number=number).on_conflict_do_nothing())
    added = await session.scalar(
        insert(Attachment)
        .values(request_number=number, media_id=media.id, attached_by=by, category=category or media.category)
        .on_conflict_do_nothing()
        .returning(Attachment.media_id)
    )
    media.awaits_request = False
    if added is not None:
        await refresh(session, media)
        record(session, by, "attached", media_id=media.id, request_number=number)
        await note_attached(session, media, number, by=by, category=category or media.category)
    return added is not None


class Attaching:
    """The use case both doors call. Idempotent."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def attach(
        self, caller: Caller, number: RequestNumber, ids: Sequence[MediaId], *, category: Category | None = None
    ) -> int:
        """Attach media to a request; returns how many were not attached before.

        All or nothing: raises `MediaNotFound` or `MediaDeleted` for the first that the caller may not attach.
        """
        async with self._sessions.begin() as session:
            added = 0
            for media_id in ids:
                media = await self._attachable(session, caller, media_id)
                added += await attach_row(session, media, number, by=caller.owner, category=category)
                await media_changed(session, media.id)
            return added

    async def detach(self, caller: Caller, number: RequestNumber, media_id: MediaId) -> None:
        """Undo `attach`; nothing happens where there is no such link."""
        async with self._sessions.begin() as session:
            media = await self._attachable(session, caller, media_id)
            link = (Attachment.request_number == number) & (Attachment.media_id == media.id)
            if await session.scalar(delete(Attachment).where(link).returning(Attachment.media_id)) is not None:
                await refresh(session, media)
                record(session, caller.owner, "detached", media_id=media.id, request_number=number)
                await media_changed(session, media.id)

    async def _attachable(self, session: AsyncSession, caller: Caller, media_id: MediaId) -> Media:
        query = select(Media).where(Media.id == media_id, visible_media(caller)).with_for_update()
        if not may_attach_others(caller):
            query = query.where(Media.owner == caller.owner)
        media = await session.scalar(query)
        if media is None:
            raise MediaNotFound(media_id=media_id)
        if media.status in GONE:
            raise MediaDeleted(media_id=media_id)
        return media
