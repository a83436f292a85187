"""Numbers that media were attached to while the Request Service was away: asked again until it answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.catalog.attachments import has_unverified
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, EventType
from storage.events.outbox import tell
from storage.jobs import NORMAL, enqueue
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, WrongNumber
from storage.tables import WorkOrder as Row
from storage.work_orders.asking import Asking
from storage.work_orders.moving import move_request
from storage.work_orders.rows import ACTOR, RENAMED, orders_of

log = structlog.get_logger(__name__)

WRONG_JOB = "wrong_number"
_PATIENCE = 30.0
_MOST = 200
_AGAIN = timedelta(minutes=15)
"""After so long a number that the service did not know is asked about once more."""


class Confirming:
    """The schedule. It may run twice at the same time: rows are locked, and what is confirmed stays so."""

    def __init__(self, *, sessions: Sessions, asking: Asking, clock: Clock) -> None:
        self._sessions = sessions
        self._asking = asking
        self._clock = clock

    async def sweep(self) -> None:
        """Every minute."""
        began = self._clock.now()
        numbers = await self._open(began)
        if not numbers or not await self._asking.ask(numbers, patience=_PATIENCE):
            return
        for number in numbers:
            async with self._sessions.begin() as session:
                row = (await orders_of(session, [number])).get(number)
                if row is not None:
                    await self._settle(session, number, row)

    async def _open(self, now: datetime) -> list[RequestNumber]:
        lately_wrong = exists().where(Row.number == Attachment.request_number, ~Row.known, Row.heard_at > now - _AGAIN)
        noted = exists().where(WrongNumber.number == Attachment.request_number, WrongNumber.outcome.is_(None))
        query = (
            select(Attachment.request_number)
            .where(Attachment.unverified, or_(~lately_wrong, ~noted))
            .group_by(Attachment.request_number)
            .order_by(func.min(Attachment.attached_at))
        )
        async with self._sessions.begin() as session:
            return [RequestNumber(number) for number in await session.scalars(query.limit(_MOST))]

    async def _settle(self, session: AsyncSession, number: RequestNumber, row: Row) -> None:
        if not row.known:
            await note_wrong(session, number)
        elif row.moved_to is not None:
            to = RequestNumber(row.moved_to)
            await confirm(session, number)
            await move_request(session, number, to, action=RENAMED, as_of=row.as_of or row.heard_at)
        else:
            await confirm(session, number)


async def confirm(session: AsyncSession, number: RequestNumber) -> None:
    """The number is right: nothing that is attached to it is unverified any more."""
    for media in await _unverified(session, number):
        link = (Attachment.request_number == number) & (Attachment.media_id == media.id)
        await session.execute(update(Attachment).where(link).values(unverified=False))
        media.unverified_request = await has_unverified(session, media)
        if media.status not in GONE:
            await tell(session, EventType.MEDIA_UPDATED, media, by=ACTOR, changed=["unverified_request"])
            await media_changed(session, media.id)
    wrong = WrongNumber.number == number, WrongNumber.outcome.is_(None)
    found = await session.scalar(
        update(WrongNumber).where(*wrong).values(outcome="exists", settled_at=func.now()).returning(WrongNumber.number)
    )
    if found is not None:
        await wake_wrong(session, number)


async def note_wrong(session: AsyncSession, number: RequestNumber) -> None:
    """There is no such request, and media are attached to it: staff are to be told, once."""
    if not any(media.status not in GONE for media in await _unverified(session, number)):
        return
    fresh: dict[str, Any] = {
        "found_at": func.now(), "outcome": None, "message_id": None, "claimed_at": None, "settled_at": None,
        "settled_name": None, "moved_to": None,
    }  # fmt: skip
    row: Any = insert(WrongNumber).values(number=number)
    noted = await session.scalar(
        row.on_conflict_do_update(
            index_elements=[WrongNumber.number], set_=fresh, where=WrongNumber.outcome.is_not(None)
        ).returning(WrongNumber.number)
    )
    if noted is not None:
        log.warning("request_number_wrong", request_number=number)
        await wake_wrong(session, number)


async def wake_wrong(session: AsyncSession, number: str) -> None:
    """Have the staff chat show what is to be decided about a number, or what was."""
    await enqueue(session, WRONG_JOB, {"number": number}, priority=NORMAL, dedupe=f"{WRONG_JOB}:{number}")


async def _unverified(session: AsyncSession, number: RequestNumber) -> Sequence[Media]:
    attached = select(Attachment.media_id).where(Attachment.request_number == number, Attachment.unverified)
    return (
        await session.scalars(select(Media).where(Media.id.in_(attached)).order_by(Media.id).with_for_update())
    ).all()
