"""What happened and what waits, counted: for `/status` and for the morning's digest."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import GONE, InboxState, Inspection, PartState
from storage.tables import Audit, InboxUpdate, Incident, Media, Part


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Of a day: what came, was attached, failed. As it is now: what waits for a request, in the spool, is lost."""

    new: int
    attached: int
    failed: int
    waiting: int
    spooled: int
    lost: int


async def counts(sessions: Sessions, since: datetime, until: datetime) -> Counts:
    """``until`` is not counted any more."""
    live = Media.status.not_in(GONE)
    async with sessions.begin() as session:
        return Counts(
            new=await _count(session, Media.uploaded_at >= since, Media.uploaded_at < until),
            attached=await _count(session, Audit.action == "attached", Audit.at >= since, Audit.at < until),
            failed=await _count(
                session,
                InboxUpdate.state == InboxState.FAILED,
                InboxUpdate.done_at >= since,
                InboxUpdate.done_at < until,
            ),
            waiting=await _count(session, Media.awaits_request.is_(True), live),
            spooled=await _count(session, Part.state.in_((PartState.SPOOLED, PartState.SHIPPING))),
            lost=await _count(session, Part.state == PartState.DAMAGED),
        )


async def only_in_telegram(sessions: Sessions) -> int:
    """Media whose bytes a bot cannot fetch: only Telegram can hand them back."""
    async with sessions.begin() as session:
        return await _count(session, Media.inspection == Inspection.IMPOSSIBLE, Media.status.not_in(GONE))


@dataclass(frozen=True, kw_only=True, slots=True)
class Mishap:
    """An incident in one line; the whole is at `GET /api/v1/admin/incidents/{id}`."""

    id: str
    at: datetime
    door: str
    error: str


async def last_incidents(sessions: Sessions, *, limit: int) -> list[Mishap]:
    """Newest first."""
    query = select(Incident.id, Incident.at, Incident.door, Incident.error).order_by(Incident.at.desc()).limit(limit)
    async with sessions.begin() as session:
        return [_mishap(row) for row in await session.execute(query)]


async def newest_of_each_error(sessions: Sessions, since: datetime) -> list[Mishap]:
    """The latest incident of every class of errors that came since."""
    query = (
        select(Incident.id, Incident.at, Incident.door, Incident.error)
        .ext(distinct_on(Incident.error))
        .where(Incident.at > since)
        .order_by(Incident.error, Incident.at.desc())
    )
    async with sessions.begin() as session:
        return [_mishap(row) for row in await session.execute(query)]


def day_before(now: datetime) -> tuple[datetime, datetime]:
    """The day before the one of ``now``, in its time zone, from midnight to midnight."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1), today  # in one zone a day is taken off the date, however long the day is


def _mishap(row: Any) -> Mishap:
    return Mishap(id=str(row.id), at=row.at, door=row.door, error=row.error)


async def _count(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).where(*conditions)) or 0
