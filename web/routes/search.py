"""Finding and counting media."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from storage.catalog.statistics import Count
from storage.details import clean_tags
from storage.errors import InvalidFields
from storage.search.criteria import Criteria
from storage.search.cursors import Cursor
from web.deps import CALLER, DEPS
from web.openapi.reading import read_query
from web.rendering import media_json, timestamp
from web.schemas.counting import PopularQuery
from web.schemas.searching import SearchQuery


async def search_media(request: web.Request) -> web.Response:
    """``GET /media/search``."""
    query = read_query(request, SearchQuery)
    criteria = _criteria(query, request.app[DEPS].timezone)
    cursor = None if query.cursor is None else Cursor.parse(query.cursor, query.sort)
    if cursor is not None and query.offset:
        raise InvalidFields(("offset", "goes without a cursor: one of the two says where to begin"))
    found = await request.app[DEPS].use_cases.search.find(
        request[CALLER], criteria, sort=query.sort, limit=query.limit, offset=query.offset, cursor=cursor
    )
    return web.json_response(
        {
            "results": [media_json(view) for view in found.media],
            "total_count": found.total,
            "limit": query.limit,
            "offset": query.offset,
            "has_more": found.has_more,
            "next_cursor": found.next_cursor,
            "filters_applied": _applied(query, criteria),
        }
    )


async def show_statistics(request: web.Request) -> web.Response:
    """``GET /media/statistics``."""
    figures = await request.app[DEPS].use_cases.statistics.figures(request[CALLER])
    return web.json_response(
        {
            "total_files": figures.total.count,
            "total_size_bytes": figures.total.size,
            "file_types": counts_json(figures.file_types, "type"),
            "categories": counts_json(figures.categories, "category"),
            "daily_uploads": counts_json(figures.daily, "date"),
            "top_tags": _tags_json(figures.top_tags),
            "top_requests": [{"request_number": one.of, "count": one.count} for one in figures.top_requests],
            "queue": {
                "parts": figures.queue.parts,
                "bytes": figures.queue.size,
                "oldest_seconds": figures.queue.oldest_seconds,
            },
        }
    )


async def list_tags(request: web.Request) -> web.Response:
    """``GET /media/tags/popular``."""
    query = read_query(request, PopularQuery)
    tags = await request.app[DEPS].use_cases.statistics.popular_tags(request[CALLER], limit=query.limit)
    return web.json_response(_tags_json(tags))


def counts_json(counts: list[Count], name: str) -> list[dict[str, object]]:
    return [{name: one.of, "count": one.count, "size_bytes": one.size} for one in counts]


def _tags_json(counts: list[Count]) -> list[dict[str, object]]:
    return [{"tag": one.of, "count": one.count} for one in counts]


def _criteria(query: SearchQuery, timezone: ZoneInfo) -> Criteria:
    begin, end = _moment(query.date_from, timezone), _end(query.date_to, timezone)
    if begin is not None and end is not None and begin >= end:
        raise InvalidFields(("date_from", "is after date_to"))
    return Criteria(
        query=(query.query or "").strip() or None,
        request_numbers=tuple(query.request_numbers),
        tags=clean_tags(query.tags),
        any_tag=query.match == "any",
        date_from=begin,
        date_to=end,
        file_types=tuple(query.file_types),
        categories=tuple(query.categories),
        uploaded_by=query.uploaded_by,
        statuses=tuple(query.status),
        attached=query.attached,
        external_id=query.external_id,
    )


def _moment(value: object, timezone: ZoneInfo) -> datetime | None:
    """The moment itself, or the day's first."""
    if isinstance(value, datetime):
        return (value if value.tzinfo is not None else value.replace(tzinfo=timezone)).astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=timezone).astimezone(UTC)
    return None


def _end(value: object, timezone: ZoneInfo) -> datetime | None:
    """The first moment that is too late: after the one given, or after the whole day."""
    if isinstance(value, datetime):
        moment = _moment(value, timezone)
        return None if moment is None else moment + timedelta(microseconds=1)
    return _moment(value + timedelta(days=1), timezone) if isinstance(value, date) else None


def _applied(query: SearchQuery, criteria: Criteria) -> dict[str, object]:
    """What was given, as it was understood; what was not given is left out."""
    told_below = {"limit", "offset", "cursor", "date_from", "date_to"}
    applied: dict[str, object] = query.model_dump(mode="json", exclude=told_below, exclude_defaults=True)
    understood = {
        "query": criteria.query,
        "tags": list(criteria.tags),
        "date_from": timestamp(criteria.date_from),
        "date_to": None if criteria.date_to is None else timestamp(criteria.date_to - timedelta(microseconds=1)),
    }
    return applied | {name: value for name, value in understood.items() if value}
