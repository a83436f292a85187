"""Requests that got another number: their media follow, each with its event and its line in the audit."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.attachments import attach_row, detach_row
from storage.domain import GONE
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, StaffCard
from storage.work_orders.rows import ACTOR, current_numbers, told_moved


async def move_request(
    session: AsyncSession, number: RequestNumber, to: RequestNumber, *, action: str, as_of: datetime
) -> int:
    """``number`` is ``to`` now: take its media along, in the caller's transaction; returns how many.

    ``action`` is the audit's word. Again the same moves nothing, and neither does what is older than a later event.
    """
    if number == to or not await told_moved(session, number, to=to, as_of=as_of):
        return 0
    to = RequestNumber((await current_numbers(session, [to]))[to])
    if to == number:
        return 0
    moved = 0
    for media, link in await _attached(session, number):
        await _move(session, media, link, to)
        moved += 1
    shown = update(StaffCard).where(StaffCard.request_number == number).values(request_number=to)
    await session.execute(shown.execution_options(synchronize_session=False))
    record(session, ACTOR, action, request_number=number, detail={"to": to})
    record(session, ACTOR, action, request_number=to, detail={"from": number})
    return moved


async def _attached(session: AsyncSession, number: RequestNumber) -> list[tuple[Media, Attachment]]:
    """In one order, so that two changes of the same media wait for each other instead of locking up."""
    query = (
        select(Media, Attachment)
        .join(Attachment, Attachment.media_id == Media.id)
        .where(Attachment.request_number == number, Media.status.not_in(GONE))
        .order_by(Media.id)
    )
    return [(media, link) for media, link in await session.execute(query.with_for_update())]


async def _move(session: AsyncSession, media: Media, link: Attachment, to: RequestNumber) -> None:
    category, by_caption, by, at = link.category, link.by_caption, link.attached_by, link.attached_at
    await detach_row(session, media, RequestNumber(link.request_number), by=ACTOR)
    if await attach_row(session, media, to, by=ACTOR, category=category, by_caption=by_caption):
        ours = (Attachment.request_number == to) & (Attachment.media_id == media.id)
        await session.execute(update(Attachment).where(ours).values(attached_by=by, attached_at=at))
    await media_changed(session, media.id)
