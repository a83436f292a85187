"""The rows of `work_orders`: the service's last word about each number."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.request_numbers import RequestNumber
from storage.tables import Webhook
from storage.tables import WorkOrder as Row
from storage.work_orders.port import Assignee, WorkOrder

SERVICE = "requests"
"""The name of the service, in `Webhook.service`, in its events' path and as an actor: ``service:requests``."""

ACTOR = f"service:{SERVICE}"
RENAMED, MERGED = "request_renamed", "request_merged"
"""The audit's words, on the number that a request has now (``from``) and on the one that it had (``to``)."""

_MOST_MOVES = 5


def unconfirmed(number: str) -> ColumnElement[bool]:
    """Whether there is a Request Service, and it has not said that it knows this number: asked of the rows, so that
    whoever attaches without asking the service is found by the sweep.
    """
    configured = exists().where(Webhook.service == SERVICE, Webhook.enabled)
    known = exists().where(Row.number == number, Row.known)
    return and_(configured, ~known)


async def answered(session: AsyncSession, orders: Iterable[WorkOrder], *, asked_at: datetime) -> None:
    """Remember what the service answered, unless it told us something after it was asked (``asked_at``).

    An answer that does not say where a request moved takes nothing back of what an event said.
    """
    for order in sorted(orders, key=lambda one: one.number):
        values = _values(order)
        if order.moved_to is None:
            del values["moved_to"]
        await _answered(session, order.number, values, asked_at)


async def answered_unknown(session: AsyncSession, numbers: Iterable[str], *, asked_at: datetime) -> None:
    """The service answered that it has no such requests."""
    for number in sorted(numbers):
        await _answered(session, number, {"known": False}, asked_at)


async def told(session: AsyncSession, order: WorkOrder, *, as_of: datetime) -> None:
    """Remember what an event says of a request, unless a later event was here before."""
    await _told(session, order.number, _values(order), as_of)


async def told_moved(session: AsyncSession, number: str, *, to: str, as_of: datetime) -> bool:
    """The request has another number now. The old one stays known, so that what names it finds the new one.

    False where a later event was here before.
    """
    moved = await _told(session, number, {"known": True, "moved_to": to, "closed": True}, as_of)
    await session.execute(insert(Row).values(number=to, known=True).on_conflict_do_nothing())
    return moved


async def orders_of(session: AsyncSession, numbers: Collection[str]) -> dict[str, Row]:
    """The rows there are."""
    if not numbers:
        return {}
    rows = await session.scalars(select(Row).where(Row.number.in_(numbers)))
    return {row.number: row for row in rows}


async def current_numbers(session: AsyncSession, numbers: Collection[str]) -> dict[str, str]:
    """For each number the one it has now, where it was renamed or merged."""
    now = {number: number for number in numbers}
    for _ in range(_MOST_MOVES):
        moved = select(Row.number, Row.moved_to).where(Row.number.in_(set(now.values())), Row.moved_to.is_not(None))
        found = {number: to for number, to in await session.execute(moved) if to is not None}
        if not found:
            break
        now = {number: found.get(to, to) for number, to in now.items()}
    return now


def as_order(row: Row) -> WorkOrder:
    """A known row as a value."""
    return WorkOrder(
        number=RequestNumber(row.number),
        title=row.title,
        state=row.state,
        closed=row.closed,
        address=row.address,
        url=row.url,
        opened_at=row.opened_at,
        assignees=tuple(Assignee(**one) for one in row.assignees),
        moved_to=None if row.moved_to is None else RequestNumber(row.moved_to),
    )


def _values(order: WorkOrder) -> dict[str, Any]:
    return {
        "known": True,
        "title": order.title,
        "state": order.state,
        "closed": order.closed,
        "address": order.address,
        "url": order.url,
        "opened_at": order.opened_at,
        "assignees": [asdict(one) for one in order.assignees],
        "moved_to": order.moved_to,
    }


async def _answered(session: AsyncSession, number: str, values: Mapping[str, Any], asked_at: datetime) -> None:
    said = {**values, "heard_at": asked_at}
    row: Any = insert(Row).values(number=number, **said)
    newer = Row.heard_at <= asked_at
    await session.execute(row.on_conflict_do_update(index_elements=[Row.number], set_=said, where=newer))


async def _told(session: AsyncSession, number: str, values: Mapping[str, Any], as_of: datetime) -> bool:
    """Events are only compared with each other: the service's clock need not go as ours."""
    said = {**values, "as_of": as_of, "heard_at": func.clock_timestamp()}
    row: Any = insert(Row).values(number=number, **said)
    newer = or_(Row.as_of.is_(None), Row.as_of <= as_of)
    changed = row.on_conflict_do_update(index_elements=[Row.number], set_=said, where=newer)
    return await session.scalar(changed.returning(Row.number)) is not None
