"""What happened to a request's media, from the audit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import require_reading_by_number, visible_media
from storage.auditing.audit import READS
from storage.database import Sessions
from storage.domain import GONE, Caller, MediaId
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Audit, Media
from storage.views import MediaView, media_views
from storage.work_orders.rows import ACTOR, MERGED, RENAMED

_MOST, _MOST_FORMER = 1000, 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """``event`` is the audit's word: taken_in, attached, updated, archived, … ``media`` is null once deleted."""

    at: datetime
    event: str
    by: str
    media_id: int | None
    media: MediaView | None
    detail: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """Oldest first, at most the newest thousand events. ``total_files`` is what is attached now."""

    number: RequestNumber
    events: list[Event]
    total_files: int


class Timelines:
    """The query."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of_request(self, caller: Caller, number: RequestNumber) -> Timeline:
        """With what happened while it had another number. Raises `MissingScope` for who may not read by number."""
        require_reading_by_number(caller)
        attached = select(Attachment.media_id).where(Attachment.request_number == number)
        # Of other requests' attachments this one's timeline does not tell.
        of_its_media = and_(Audit.media_id.in_(attached), Audit.request_number.is_(None))
        there = Media.id.in_(attached) & Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            before = and_(Audit.request_number.in_(await _former_numbers(session, number)), Audit.actor != ACTOR)
            told = or_(Audit.request_number == number, before, of_its_media)
            query = select(Audit).where(told, Audit.action.not_in(READS))
            rows = (await session.scalars(query.order_by(Audit.id.desc()).limit(_MOST))).all()
            ids = {row.media_id for row in rows if row.media_id is not None}
            seen = select(Media).where(Media.id.in_(ids), visible_media(caller), Media.status.not_in(GONE))
            views = {view.id: view for view in await media_views(session, (await session.scalars(seen)).all())}
            total = await session.scalar(select(func.count()).select_from(Media).where(there))
        events = [
            Event(
                at=row.at,
                event=row.action,
                by=row.actor,
                media_id=row.media_id,
                media=None if row.media_id is None else views.get(MediaId(row.media_id)),
                detail=row.detail or {},
            )
            for row in reversed(rows)
        ]
        return Timeline(number=number, events=events, total_files=total or 0)


async def _former_numbers(session: AsyncSession, number: RequestNumber) -> set[str]:
    """The numbers that the request had, and those of the requests that became part of it."""
    found: set[str] = set()
    last: set[str] = {number}
    while last and len(found) < _MOST_FORMER:
        moved = Audit.request_number.in_(last) & Audit.action.in_((RENAMED, MERGED)) & (Audit.actor == ACTOR)
        said = await session.scalars(select(Audit.detail["from"].astext).where(moved).limit(_MOST_FORMER))
        last = {one for one in said if one is not None} - found - {number}
        found |= last
    return found
