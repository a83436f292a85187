"""New media of files that are in Telegram already: their rows, for many with as few statements as for one."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import change_row
from storage.domain import EventType
from storage.events.outbox import listened_to, tell
from storage.intake.media_rows import described, insert_media
from storage.intake.telegram_files import Taking
from storage.tables import Audit, Media, Part
from storage.tables.many import ForRows, insert_of
from storage.wakeups import wake_inspectors, wake_shippers

_NEW_PART = Part.__table__.c
_PARTS = ForRows(Part, lambda new: insert_of(Part, new).returning(_NEW_PART.id, _NEW_PART.media_id))
_CHANGES = ForRows(Audit, lambda new: insert_of(Audit, new))


async def add_media(session: AsyncSession, takings: Sequence[Taking], *, node: str) -> Sequence[int]:
    """Their ids, in their order. There is at least one, and their channels are bound.

    They are indexed, their parts are on their way, and whoever wants to know is told.
    """
    rows = [described(taking.media_values()) for taking in takings]
    ids = [media.id for media in await insert_media(session, rows)]
    parts = [taking.part_values(row, media_id, node) for taking, row, media_id in zip(takings, rows, ids, strict=True)]
    made = await _PARTS.run(session, parts)
    part_of = {row.media_id: row.id for row in made}
    changes = [
        change_row(taking.caller.owner, "taken_in", media_id=media_id, detail={"source": "telegram"})
        for taking, media_id in zip(takings, ids, strict=True)
    ]
    await _CHANGES.run(session, changes)
    await _tell(session, ids)
    inspected = [media_id for taking, media_id in zip(takings, ids, strict=True) if taking.inspectable]
    await wake_inspectors(session, node, inspected)
    await wake_shippers(session, node, [part_of[media_id] for media_id in ids if media_id not in inspected])
    return ids


async def _tell(session: AsyncSession, ids: Sequence[int]) -> None:
    if await listened_to(session, EventType.MEDIA_RECEIVED):
        for media in await session.scalars(select(Media).where(Media.id.in_(ids)).order_by(Media.id)):
            await tell(session, EventType.MEDIA_RECEIVED, media, by=media.owner)
