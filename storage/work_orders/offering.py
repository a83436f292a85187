"""The requests that somebody most likely means, from what the Request Service said last: nobody waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, false, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from storage.request_numbers import RequestNumber
from storage.tables import AccountLink, Person
from storage.tables import WorkOrder as Row
from storage.work_orders.rows import orders_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A request as a button shows it. ``mine``: assigned to who is asked."""

    number: RequestNumber
    title: str | None = None
    mine: bool = False


async def offers(
    session: AsyncSession, telegram_id: int | None, local: Sequence[RequestNumber], *, today: date, most: int
) -> list[Offer]:
    """Assigned ones, ``local`` ones that are not closed, today's, and the newest others."""
    mine = await _assigned_to(session, telegram_id)
    open_ones = Row.known & ~Row.closed & Row.moved_to.is_(None)
    newest = (Row.number.startswith(f"{today:%y%m%d}-").desc(), Row.opened_at.desc().nulls_last(), Row.number.desc())
    assigned = (await session.scalars(select(Row).where(open_ones, mine).order_by(*newest).limit(most))).all()
    others = (await session.scalars(select(Row).where(open_ones).order_by(*newest).limit(most))).all()
    rows = await orders_of(session, local)
    usable = [number for number in local if number not in rows or _is_open(rows[number])]
    found = {row.number: Offer(number=RequestNumber(row.number), title=row.title, mine=True) for row in assigned}
    for number in usable:
        found.setdefault(number, Offer(number=number, title=rows[number].title if number in rows else None))
    for row in others:
        found.setdefault(row.number, Offer(number=RequestNumber(row.number), title=row.title))
    return list(found.values())[:most]


async def title_of(session: AsyncSession, number: str | None) -> str | None:
    """What the service calls a request."""
    return None if number is None else await session.scalar(select(Row.title).where(Row.number == number, Row.known))


def _is_open(row: Row) -> bool:
    return row.known and not row.closed and row.moved_to is None


async def _assigned_to(session: AsyncSession, telegram_id: int | None) -> ColumnElement[bool]:
    """By the account itself, or by the user of the User Service that it belongs to."""
    if telegram_id is None:
        return false()
    linked = select(AccountLink.user_id).where(AccountLink.telegram_id == telegram_id)
    known = select(Person.user_id).where(Person.telegram_id == telegram_id, Person.user_id.is_not(None))
    users = (await session.scalars(union(linked, known))).all()
    ours = [{"telegram_id": telegram_id}, *({"id": user_id} for user_id in users)]
    return or_(*(Row.assignees.contains([one]) for one in ours))
