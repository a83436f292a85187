"""Numbers that turned out wrong: what staff are shown of them, and what they decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.catalog.attachments import attach_row, detach_row
from storage.database import Sessions
from storage.domain import GONE, Caller, MediaId, Role
from storage.errors import MissingScope, RequestNotFound
from storage.jobs import Later
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Person, WrongNumber
from storage.work_orders.confirming import wake_wrong
from storage.work_orders.gate import RequestGate

_CLAIM = timedelta(minutes=2)
_LEFT_OVER = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongView:
    """A wrong number as the staff chat shows it. ``outcome`` None: nobody has decided. ``senders``: first names."""

    number: RequestNumber
    media: Sequence[MediaId]
    senders: Sequence[str]
    chat_id: int | None
    message_id: int | None
    outcome: str | None
    moved_to: str | None
    settled_name: str | None


class WrongNumbers:
    """What staff do. Each decision is for all that is attached to the number, and only the first one counts."""

    def __init__(self, sessions: Sessions, gate: RequestGate) -> None:
        self._sessions = sessions
        self._gate = gate

    async def detach(self, caller: Caller, name: str, number: RequestNumber) -> WrongView:
        """Raises `RequestNotFound` where nothing is known of such a number."""
        return await self._decide(caller, name, number, to=None)

    async def move(self, caller: Caller, name: str, number: RequestNumber, to: RequestNumber) -> WrongView:
        """Attach elsewhere. Raises `RequestNotFound`, and what `RequestGate.admit` raises."""
        _require_staff(caller)
        (to,) = await self._gate.admit(caller, [to])
        return await self._decide(caller, name, number, to=to)

    async def claim(self, number: RequestNumber) -> WrongView | None:
        """What is to be shown; None where there is nothing (any more). A first message is claimed until `shown`.

        Raises `Later` while another job sends it.
        """
        async with self._sessions.begin() as session:
            row = await session.get(WrongNumber, number, with_for_update=True)
            if row is None or (row.outcome is not None and row.message_id is None):
                return None
            if row.message_id is None:
                now = await session.scalar(select(func.clock_timestamp()))
                assert now is not None
                if row.claimed_at is not None and now - row.claimed_at < _CLAIM:
                    raise Later(_CLAIM.total_seconds(), "claimed")
                row.claimed_at = now
            return await _view(session, row)

    async def release(self, number: RequestNumber) -> None:
        """It could not be shown."""
        await self._set(number, claimed_at=None)

    async def shown(self, number: RequestNumber, chat_id: int, message_id: int) -> None:
        await self._set(number, chat_id=chat_id, message_id=message_id, claimed_at=None)

    async def sweep(self) -> None:
        """Wake those that staff have not been told of."""
        untold = WrongNumber.outcome.is_(None) & WrongNumber.message_id.is_(None)
        old = WrongNumber.found_at < func.now() - _LEFT_OVER
        async with self._sessions.begin() as session:
            for number in (await session.scalars(select(WrongNumber.number).where(untold, old))).all():
                await wake_wrong(session, number)

    async def _decide(self, caller: Caller, name: str, number: RequestNumber, *, to: RequestNumber | None) -> WrongView:
        _require_staff(caller)
        async with self._sessions.begin() as session:
            media = await _attached(session, number)
            row = await session.get(WrongNumber, number, with_for_update=True)
            if row is None:
                raise RequestNotFound
            if row.outcome is None:
                for one in media:
                    await _take_off(session, caller, one, number, to)
                row.outcome = "empty" if not media else "detached" if to is None else "moved"
                row.moved_to, row.settled_at, row.settled_name = to, func.now(), name
                await session.flush()
                await session.refresh(row)
                await wake_wrong(session, number)
            return await _view(session, row)

    async def _set(self, number: RequestNumber, **values: Any) -> None:
        async with self._sessions.begin() as session:
            await session.execute(update(WrongNumber).where(WrongNumber.number == number).values(**values))


async def _take_off(
    session: AsyncSession, caller: Caller, media: Media, number: RequestNumber, to: RequestNumber | None
) -> None:
    link = await detach_row(session, media, number, by=caller.owner)
    if link is not None and to is not None:
        await attach_row(session, media, to, by=caller.owner, category=link.category)
    await media_changed(session, media.id)


async def _attached(session: AsyncSession, number: RequestNumber) -> Sequence[Media]:
    """Locked in one order, media before the number, as all changes of attachments do."""
    ids = select(Attachment.media_id).where(Attachment.request_number == number)
    query = select(Media).where(Media.id.in_(ids), Media.status.not_in(GONE)).order_by(Media.id)
    return (await session.scalars(query.with_for_update())).all()


async def _view(session: AsyncSession, row: WrongNumber) -> WrongView:
    ids = select(Attachment.media_id).where(Attachment.request_number == row.number)
    there = Media.id.in_(ids) & Media.status.not_in(GONE)
    media = (await session.scalars(select(Media.id).where(there).order_by(Media.id))).all()
    person = func.concat("telegram:", Person.telegram_id) == Media.owner
    names = select(Person.first_name).distinct().join(Media, person).where(there).order_by(Person.first_name)
    return WrongView(
        number=RequestNumber(row.number),
        media=[MediaId(one) for one in media],
        senders=(await session.scalars(names)).all(),
        chat_id=row.chat_id,
        message_id=row.message_id,
        outcome=row.outcome,
        moved_to=row.moved_to,
        settled_name=row.settled_name,
    )


def _require_staff(caller: Caller) -> None:
    if caller.role not in (Role.STAFF, Role.ADMIN):
        raise MissingScope(scope="staff")
