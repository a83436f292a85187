"""Searching media: the use case.

Where an index narrows the rows down, all of them are found once (a materialised CTE), counted and ordered: left to
itself, PostgreSQL would rather walk the newest media one by one, and for a rare word to their end. Where nothing
narrows them down that walk is right, and the count is a query of its own.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import visible_media
from storage.database import Sessions
from storage.domain import Caller
from storage.search.criteria import Criteria, Sort
from storage.search.cursors import Cursor
from storage.tables import Media
from storage.views import MediaView, media_views
from storage.work_orders.rows import current_numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A page. ``total`` counts all that the criteria find, whatever the page."""

    media: list[MediaView]
    total: int
    has_more: bool
    next_cursor: str | None


class MediaSearch:
    """The queries behind ``GET /media/search``."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def find(
        self,
        caller: Caller,
        criteria: Criteria,
        *,
        sort: Sort = Sort.NEWEST,
        limit: int = 50,
        offset: int = 0,
        cursor: Cursor | None = None,
    ) -> Found:
        """A page of what ``caller`` may see, after ``cursor`` where one is given, else from ``offset`` on.

        A request that was renamed or merged is also found by the number that it had.
        """
        build = narrowed if criteria.few else walked
        async with self._sessions.begin() as session:
            criteria = await _by_current_numbers(session, criteria)
            page, total = build([visible_media(caller), *criteria.conditions()], sort, cursor)
            rows = (await session.execute(page.limit(limit + 1).offset(offset))).all()
            counted = criteria.few and rows
            count: int | None = rows[0].total if counted else await session.scalar(total)
            views = await self._views(session, [row.id for row in rows[:limit]])
        has_more = len(rows) > limit
        last = rows[limit - 1] if has_more else None
        following = None if last is None else str(Cursor(sort=sort, value=last.key, media_id=last.id))
        return Found(media=views, total=count or 0, has_more=has_more, next_cursor=following)

    async def _views(self, session: Any, ids: list[int]) -> list[MediaView]:
        by_id = {row.id: row for row in (await session.scalars(select(Media).where(Media.id.in_(ids)))).all()}
        return await media_views(session, [by_id[media_id] for media_id in ids if media_id in by_id])


async def _by_current_numbers(session: AsyncSession, criteria: Criteria) -> Criteria:
    if not criteria.request_numbers:
        return criteria
    now = await current_numbers(session, criteria.request_numbers)
    return replace(criteria, request_numbers=tuple(now.values()))


def narrowed(
    conditions: list[ColumnElement[bool]], sort: Sort, cursor: Cursor | None
) -> tuple[Select[Any], Select[int]]:
    """All rows found once: the page, with the count of all beside each row, and the count where the page is empty."""
    found = select(Media.id.label("id"), sort.key.label("key")).where(*conditions)
    hits = found.cte("hits").prefix_with("MATERIALIZED")
    total = select(func.count()).select_from(hits)
    page: Select[Any] = select(hits.c.id, hits.c.key, total.scalar_subquery().label("total"))
    return _ordered(page, hits.c.key, hits.c.id, sort, cursor), total


def walked(conditions: list[ColumnElement[bool]], sort: Sort, cursor: Cursor | None) -> tuple[Select[Any], Select[int]]:
    """The page by the order's index, and the count by itself."""
    page: Select[Any] = select(Media.id.label("id"), sort.key.label("key")).where(*conditions)
    total = select(func.count()).select_from(Media).where(*conditions)
    return _ordered(page, sort.key, Media.id.expression, sort, cursor), total


def _ordered(
    page: Select[Any], key: ColumnElement[Any], media_id: ColumnElement[int], sort: Sort, cursor: Cursor | None
) -> Select[Any]:
    if cursor is not None:
        here, there = tuple_(key, media_id), tuple_(literal(cursor.value), literal(cursor.media_id))
        page = page.where(here < there if sort.descending else here > there)
    if sort.descending:
        return page.order_by(key.desc(), media_id.desc())
    return page.order_by(key, media_id)
