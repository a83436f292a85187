"""Attaching media to requests."""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import may_attach_others, visible_media
from storage.auditing.audit import record
from storage.callers.telling import note_attached
from storage.catalog.refreshing import refresh
from storage.database import Sessions
from storage.domain import GONE, Caller, Category, EventType, MediaId
from storage.errors import MediaDeleted, MediaNotFound
from storage.events.outbox import tell
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Request


async def attach_row(
    session: AsyncSession,
    media: Media,
    number: RequestNumber,
    *,
    by: str,
    category: Category | None = None,
    by_caption: bool = False,
) -> bool:
    """Link ``media`` to the request inside the caller's transaction. False where it was linked already."""
    await session.execute(insert(Request).values(number=number).on_conflict_do_nothing())
    wanted = category or media.category
    added = await session.scalar(
        insert(Attachment)
        .values(request_number=number, media_id=media.id, attached_by=by, category=wanted, by_caption=by_caption)
        .on_conflict_do_nothing()
        .returning(Attachment.media_id)
    )
    media.awaits_request = False
    if added is not None:
        await refresh(session, media)
        record(session, by, "attached", media_id=media.id, request_number=number, detail={"category": wanted.value})
        await note_attached(session, media, number, by=by, category=wanted)
        await tell(session, EventType.MEDIA_ATTACHED, media, by=by, request_number=number)
    return added is not None


async def detach_row(session: AsyncSession, media: Media, number: RequestNumber, *, by: str) -> Attachment | None:
    """Undo `attach_row` inside the caller's transaction; returns the link as it was, None where there was none."""
    link = await session.get(Attachment, (number, media.id), with_for_update=True)
    if link is None:
        return None
    await session.delete(link)
    await session.flush()
    if media.source == "telegram" and not await _attached_anywhere(session, media):
        media.awaits_request = True  # as when it came: else staff, who detached it, could not find it any more
    await refresh(session, media)
    record(session, by, "detached", media_id=media.id, request_number=number)
    await tell(session, EventType.MEDIA_DETACHED, media, by=by, request_number=number)
    return link


async def _attached_anywhere(session: AsyncSession, media: Media) -> bool:
    return bool(await session.scalar(select(exists().where(Attachment.media_id == media.id))))


async def attachable(session: AsyncSession, caller: Caller, media_id: MediaId) -> Media:
    """The media, locked, if ``caller`` may attach and detach it. Raises `MediaNotFound`, `MediaDeleted`."""
    query = select(Media).where(Media.id == media_id, visible_media(caller)).with_for_update()
    if not may_attach_others(caller):
        query = query.where(Media.owner == caller.owner)
    media = await session.scalar(query)
    if media is None:
        raise MediaNotFound(media_id=media_id)
    if media.status in GONE:
        raise MediaDeleted(media_id=media_id)
    return media


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
                media = await attachable(session, caller, media_id)
                added += await attach_row(session, media, number, by=caller.owner, category=category)
                await media_changed(session, media.id)
            return added

    async def detach(self, caller: Caller, number: RequestNumber, media_id: MediaId) -> None:
        """Undo `attach`; nothing happens where there is no such link."""
        async with self._sessions.begin() as session:
            media = await attachable(session, caller, media_id)
            if await detach_row(session, media, number, by=caller.owner) is not None:
                await media_changed(session, media.id)
