"""Figures about what a caller may see, each one statement."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import require_reading_by_number, visible_media
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, Caller, PartState
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Part

DAYS, TOP = 30, 10
_SIZE = func.coalesce(cast(func.sum(Media.file_size), BigInteger), 0)
_QUEUED = (PartState.SPOOLED, PartState.SHIPPING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many media, of how many bytes in all; sizes that Telegram did not tell count as none."""

    of: str
    count: int
    size: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """What is not in Telegram yet; ``oldest_seconds`` is the age of its oldest part, null where there is none."""

    parts: int
    size: int
    oldest_seconds: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """``daily`` has every one of the last `DAYS` days, oldest first."""

    total: Count
    file_types: list[Count]
    categories: list[Count]
    daily: list[Count]
    top_tags: list[Count]
    top_requests: list[Count]
    queue: Queue


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestSummary:
    """What is attached to a request."""

    number: RequestNumber
    total: Count
    categories: list[Count]
    file_types: list[Count]
    latest: datetime | None


class Statistics:
    """The queries."""

    def __init__(self, *, sessions: Sessions, clock: Clock, timezone: ZoneInfo) -> None:
        self._sessions = sessions
        self._clock = clock
        self._timezone = timezone

    async def figures(self, caller: Caller) -> Figures:
        seen = visible_media(caller) & Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            file_types = await _grouped(session, Media.file_type.expression, seen)
            return Figures(
                total=_sum(file_types),
                file_types=file_types,
                categories=await _grouped(session, Media.category.expression, seen),
                daily=await self._daily(session, seen),
                top_tags=await _tags(session, seen, TOP),
                top_requests=await _requests(session, seen),
                queue=await self._queue(session, seen),
            )

    async def own(self, caller: Caller) -> list[Count]:
        """What the caller gave us themselves, by kind of file."""
        mine = (Media.owner.in_(caller.owners)) & Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            return await _grouped(session, Media.file_type.expression, mine)

    async def popular_tags(self, caller: Caller, *, limit: int) -> list[Count]:
        """The tags of most media, the most frequent first."""
        async with self._sessions.begin() as session:
            return await _tags(session, visible_media(caller) & Media.status.not_in(GONE), limit)

    async def of_request(self, caller: Caller, number: RequestNumber) -> RequestSummary:
        """Raises `MissingScope` for people who may not read by number."""
        require_reading_by_number(caller)
        attached = Media.id.in_(select(Attachment.media_id).where(Attachment.request_number == number))
        seen = attached & Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            file_types = await _grouped(session, Media.file_type.expression, seen)
            return RequestSummary(
                number=number,
                total=_sum(file_types),
                categories=await _grouped(session, Media.category.expression, seen),
                file_types=file_types,
                latest=await session.scalar(select(func.max(Media.uploaded_at)).where(seen)),
            )

    async def _daily(self, session: AsyncSession, seen: ColumnElement[bool]) -> list[Count]:
        today = self._clock.now().astimezone(self._timezone).date()
        first = today - timedelta(days=DAYS - 1)
        begin = datetime(first.year, first.month, first.day, tzinfo=self._timezone)
        day = func.date(func.timezone(self._timezone.key, Media.uploaded_at))
        query = select(day, func.count(), _SIZE).where(seen, Media.uploaded_at >= begin).group_by(text("1"))
        found: dict[date, tuple[int, int]] = {}
        for when, count, size in await session.execute(query):
            found[when] = (count, size)
        days = [first + timedelta(days=offset) for offset in range(DAYS)]
        return [
            Count(of=f"{one:%Y-%m-%d}", count=found.get(one, (0, 0))[0], size=found.get(one, (0, 0))[1]) for one in days
        ]

    async def _queue(self, session: AsyncSession, seen: ColumnElement[bool]) -> Queue:
        query = (
            select(func.count(), func.coalesce(cast(func.sum(Part.size), BigInteger), 0), func.min(Part.created_at))
            .join(Media, Media.id == Part.media_id)
            .where(Part.state.in_(_QUEUED), seen)
        )
        parts, size, oldest = (await session.execute(query)).one()
        age = _age(oldest, self._clock.now())
        return Queue(parts=parts, size=size, oldest_seconds=age)


def _age(oldest: datetime | None, now: datetime) -> float | None:
    return None if oldest is None else max(0.0, (now - oldest).total_seconds())


async def _grouped(session: AsyncSession, by: ColumnElement[Any], seen: ColumnElement[bool]) -> list[Count]:
    query = select(by, func.count(), _SIZE).where(seen).group_by(by).order_by(func.count().desc(), by)
    return [Count(of=str(of), count=count, size=total) for of, count, total in await session.execute(query)]


async def _tags(session: AsyncSession, seen: ColumnElement[bool], limit: int) -> list[Count]:
    each = select(func.unnest(Media.tags).label("tag")).where(seen).subquery()
    query = select(each.c.tag, func.count()).group_by(each.c.tag).order_by(func.count().desc(), each.c.tag)
    rows = await session.execute(query.limit(limit))
    return [Count(of=of, count=count) for of, count in rows]


async def _requests(session: AsyncSession, seen: ColumnElement[bool]) -> list[Count]:
    query = (
        select(Attachment.request_number, func.count())
        .join(Media, Media.id == Attachment.media_id)
        .where(seen)
        .group_by(Attachment.request_number)
        .order_by(func.count().desc(), Attachment.request_number.desc())
        .limit(TOP)
    )
    return [Count(of=of, count=count) for of, count in await session.execute(query)]


def _sum(counts: list[Count]) -> Count:
    return Count(of="total", count=sum(one.count for one in counts), size=sum(one.size for one in counts))
