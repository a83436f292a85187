"""Copies of parts whose bytes nothing has any more: said once, tried ever more rarely, and at once where that changes.

Nothing has them: no message that a bot can copy, no file id that is good, no bytes in the mirror. What may change that
is noted where it happens (`source_back`); `retry_all` is for what nobody can tell which parts it helps.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Update, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import CopyState
from storage.engine.events import EventKind, note_event
from storage.errors import FileGone, MessageMissing, PartDamaged
from storage.tables import EngineEvent, Part, PartCopy

NO_SOURCE = "no_source"
"""A copy's problem: nothing has the bytes."""

_GONE = (PartDamaged.code, MessageMissing.code, FileGone.code)
_DELAYS = (60.0, 600.0, 3600.0, 21_600.0, 86_400.0)
_BACK = (EventKind.BOT_BACK.value, EventKind.LANE_BACK.value)


def is_without_source(problem: str) -> bool:
    """Whether an attempt that ended so found the bytes nowhere. Other problems pass, or say nothing of them."""
    return problem in _GONE


async def note_without_source(session: AsyncSession, copy: PartCopy, part: Part, now: datetime) -> None:
    """Tell it where no copy of the part was known to be so; both rows are locked. It is tried again after a while."""
    known = exists().where(_of(part.media_key, part.index), PartCopy.problem == NO_SOURCE)
    if not await session.scalar(select(known)):
        note_event(
            session, EventKind.PART_WITHOUT_SOURCE, chat_id=part.chat_id, media_id=part.media_id, part=part.index + 1
        )
    delay = _DELAYS[min(copy.attempt, len(_DELAYS)) - 1]
    copy.problem, copy.next_attempt_at = NO_SOURCE, now + timedelta(seconds=delay)


async def source_back(session: AsyncSession, part: Part) -> None:
    """The part can be had again: its copies that waited for that are due."""
    await session.execute(_due(_of(part.media_key, part.index)))


async def bytes_back(session: AsyncSession, sha256: bytes) -> None:
    """`source_back` for all parts with this digest."""
    same = exists().where(
        Part.sha256 == sha256, PartCopy.media_key == Part.media_key, PartCopy.part_index == Part.index
    )
    await session.execute(_due(same))


async def retry_all(session: AsyncSession) -> None:
    """Have every copy that nothing had the bytes of tried again now."""
    await session.execute(_due())


async def retry_after_outage(session: AsyncSession, since: datetime) -> None:
    """`retry_all` where a bot has come back since, or into a channel."""
    back = exists().where(EngineEvent.kind.in_(_BACK), EngineEvent.at >= since)
    if await session.scalar(select(back)):
        await retry_all(session)


async def parts_without_source(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    """How many parts have copies that cannot be made for that."""
    parts = select(PartCopy.media_key, PartCopy.part_index).where(_waits(), *which).distinct()
    return await session.scalar(select(func.count()).select_from(parts.subquery())) or 0


def _waits() -> ColumnElement[bool]:
    return (PartCopy.state == CopyState.WAITING) & (PartCopy.problem == NO_SOURCE)


def _of(media_key: UUID, index: int) -> ColumnElement[bool]:
    return (PartCopy.media_key == media_key) & (PartCopy.part_index == index)


def _due(*which: ColumnElement[bool]) -> Update:
    """In the order of ids, in which everybody locks several."""
    waiting = select(PartCopy.id).where(_waits(), *which).order_by(PartCopy.id).with_for_update()
    return update(PartCopy).where(PartCopy.id.in_(waiting)).values(next_attempt_at=func.now())
