"""Attaching media to requests."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import may_attach_others, visible_media
from storage.auditing.audit import record
from storage.callers.telling import note_attached
from storage.catalog.refreshing import refresh
from storage.database import Sessions
from storage.domain import GONE, Caller, Category, EventType, MediaId
from storage.errors import MediaDeleted, MediaNotFound, RequestClosed
from storage.events.outbox import tell
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Request
from storage.work_orders.gate import RequestGate, open_gate
from storage.work_orders.rows import unconfirmed


async def attach_row(
    session: AsyncSession,
    media: Media,
    number: RequestNumber,
    *,
    by: str,
    category: Category | None = None,
    by_caption: bool = False,
    indexed: bool = False,
) -> bool:
    """Link ``media`` to the request inside the caller's transaction. False where it was linked already.

    The number has passed `RequestGate`, before the transaction. ``indexed``: the media's index has it already.
    """
    await session.execute(insert(Request).values(number=number).on_conflict_do_nothing())
    wanted = category or media.category
    link = {"request_number": number, "media_id": media.id, "attached_by": by, "category": wanted}
    unverified = await session.scalar(
        insert(Attachment)
        .values(**link, by_caption=by_caption, unverified=unconfirmed(number))
        .on_conflict_do_nothing()
        .returning(Attachment.unverified)
    )
    media.awaits_request = False
    if unverified is not None:
        media.unverified_request |= unverified
        if not indexed:
            await refresh(session, media)
        record(session, by, "attached", media_id=media.id, request_number=number, detail={"category": wanted.value})
        await note_attached(session, media, number, by=by, category=wanted)
        await tell(session, EventType.MEDIA_ATTACHED, media, by=by, request_number=number)
    return unverified is not None


async def detach_row(session: AsyncSession, media: Media, number: RequestNumber, *, by: str) -> Attachment | None:
    """Undo `attach_row` inside the caller's transaction; returns the link as it was, None where there was none."""
    link = await session.get(Attachment, (number, media.id), with_for_update=True)
    if link is None:
        return None
    await session.delete(link)
    await session.flush()
    media.unverified_request = await has_unverified(session, media)
    if media.source == "telegram" and not await _attached_anywhere(session, media):
        media.awaits_request = True  # as when it came: else staff, who detached it, could not find it any more
    await refresh(session, media)
    record(session, by, "detached", media_id=media.id, request_number=number)
    await tell(session, EventType.MEDIA_DETACHED, media, by=by, request_number=number)
    return link


async def has_unverified(session: AsyncSession, media: Media) -> bool:
    """Whether it is attached to a number that the Request Service has not confirmed."""
    if not media.unverified_request:
        return False
    return bool(await session.scalar(select(exists().where(Attachment.media_id == media.id, Attachment.unverified))))


async def _attached_anywhere(session: AsyncSession, media: Media) -> bool:
    return bool(await session.scalar(select(exists().where(Attachment.media_id == media.id))))


async def attachable(session: AsyncSession, caller: Caller, media_id: MediaId) -> Media:
    """The media, locked, if ``caller`` may attach and detach it. Raises `MediaNotFound`, `MediaDeleted`."""
    query = select(Media).where(Media.id == media_id, visible_media(caller)).with_for_update()
    if not may_attach_others(caller):
        query = query.where(Media.owner.in_(caller.owners))
    media = await session.scalar(query)
    if media is None:
        raise MediaNotFound(media_id=media_id)
    if media.status in GONE:
        raise MediaDeleted(media_id=media_id)
    return media


class Attaching:
    """The use case both doors call. Idempotent."""

    def __init__(self, sessions: Sessions, gate: RequestGate | None = None) -> None:
        self._sessions = sessions
        self._gate = gate or open_gate(sessions)

    async def attach(
        self,
        caller: Caller,
        number: RequestNumber,
        ids: Sequence[MediaId],
        *,
        category: Category | None = None,
        override: bool = False,
    ) -> int:
        """Attach media to a request; returns how many were not attached before.

        All or nothing: raises `MediaNotFound` or `MediaDeleted` for the first that the caller may not attach, and what
        `RequestGate.admit` raises.
        """
        number = await self._admitted(caller, number, ids, override=override)
        async with self._sessions.begin() as session:
            added = 0
            for media_id in ids:
                media = await attachable(session, caller, media_id)
                added += await attach_row(session, media, number, by=caller.owner, category=category)
                await media_changed(session, media.id)
            return added

    async def detach(self, caller: Caller, number: RequestNumber, media_id: MediaId) -> None:
        """Undo `attach`; nothing happens where there is no such link."""
        number = await self._gate.current(number)
        async with self._sessions.begin() as session:
            media = await attachable(session, caller, media_id)
            if await detach_row(session, media, number, by=caller.owner) is not None:
                await media_changed(session, media.id)

    async def _admitted(
        self, caller: Caller, number: RequestNumber, ids: Sequence[MediaId], *, override: bool
    ) -> RequestNumber:
        try:
            return (await self._gate.admit(caller, [number], override=override))[0]
        except RequestClosed as closed:
            number = await self._gate.current(number)
            if await self._attached_already(number, ids):
                return number  # the same again is no new media
            closed.media = tuple(ids)
            raise

    async def _attached_already(self, number: RequestNumber, ids: Sequence[MediaId]) -> bool:
        links = select(func.count()).where(Attachment.request_number == number, Attachment.media_id.in_(ids))
        async with self._sessions.begin() as session:
            return await session.scalar(links) == len(set(ids))
