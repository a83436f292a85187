"""Requests that begin here: the next free number of a day, and those that staff may mean."""

from datetime import date
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.request_numbers import RequestNumber
from storage.tables import Request

_NEXT = text(
    """
    WITH taken AS (SELECT number FROM requests WHERE number LIKE CAST(:day AS text) || '-%')
    SELECT min(serial) FROM generate_series(1, (SELECT count(*) FROM taken) + 1) serial
    WHERE CAST(:day AS text) || '-' || lpad(serial::text, greatest(3, length(serial::text)), '0')
        NOT IN (SELECT number FROM taken)
    """
)
"""The lowest that is free: of n numbers that are taken, one of the first n + 1 is not."""


async def open_request(session: AsyncSession, day: date, *, by: str) -> RequestNumber:
    """Take the next free number of a day, in the caller's transaction; others wait for its end.

    A number that somebody wrote into a caption counts as taken.
    """
    named = f"{day:%y%m%d}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"requests:{named}", 0))))
    while True:
        serial = await session.scalar(_NEXT, {"day": named})
        assert serial is not None
        number = RequestNumber(f"{named}-{serial:03}")
        row: Any = insert(Request).values(number=number).on_conflict_do_nothing()
        if await session.scalar(row.returning(Request.number)) is not None:
            record(session, by, "request_opened", request_number=number)
            return number


async def likely_requests(session: AsyncSession, today: date, *, limit: int) -> list[RequestNumber]:
    """What somebody who files media now may mean: today's numbers, the latest first, then those of late."""
    of_today = Request.number.startswith(f"{today:%y%m%d}-")
    query = select(Request.number).order_by(of_today.desc(), Request.created_at.desc(), Request.number.desc())
    return [RequestNumber(number) for number in await session.scalars(query.limit(limit))]
