"""Media that wait for a request, and what staff decide about them: once per sender's card, whoever taps first."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.attachments import attach_row, detach_row
from storage.catalog.new_requests import open_request
from storage.database import Sessions
from storage.domain import GONE, Caller, Role, WaitingState
from storage.errors import MediaNotFound, MissingScope
from storage.notices import came_with_card, media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Card, CardItem, Media, Person, StaffCard
from storage.wakeups import wake_staff_card
from storage.work_orders.beginning import admitted, begin
from storage.work_orders.directory import WorkOrders

_TELEGRAM = "telegram:"
_REFRESHED = 5
"""How many open cards are told of a request that is new to them: their buttons offer it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What is decided about a card; ``won``: by this very call, or by the same person saying the same before."""

    won: bool
    state: WaitingState
    number: str | None
    name: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingLine:
    """An open card, for the list of what still waits. ``message_id`` null: not shown in the staff chat yet."""

    id: int
    name: str
    words: str | None
    count: int
    since: datetime
    chat_id: int | None
    message_id: int | None


Decide = Callable[[AsyncSession, StaffCard, list[Media]], Awaitable[None]]


async def media_of(session: AsyncSession, card_id: int, *, lock: bool = False) -> list[Media]:
    """The media that a sender's card is asked about, in their order; deleted ones too."""
    query = select(Media).where(came_with_card(), Card.id == card_id).order_by(CardItem.message_id)
    return list(await session.scalars(query.with_for_update(of=Media) if lock else query))


async def catch_up(session: AsyncSession, row: StaffCard, media: Sequence[Media]) -> None:
    """Let the row say what became of its media elsewhere: attached by their sender, deleted, detached again."""
    live = [one for one in media if one.status not in GONE]
    waits = any(one.awaits_request for one in live)
    if not live:
        _decide(row, WaitingState.GONE)
    elif waits and row.state is not WaitingState.OPEN:
        _decide(row, WaitingState.OPEN)
    elif not waits and row.state in (WaitingState.OPEN, WaitingState.GONE, WaitingState.NOT_NEEDED):
        await _find_attachment(session, row, live)


async def _find_attachment(session: AsyncSession, row: StaffCard, live: Sequence[Media]) -> None:
    query = select(Attachment).where(Attachment.media_id.in_([one.id for one in live]))
    link = await session.scalar(query.order_by(Attachment.attached_at.desc()).limit(1))
    if link is None:
        return
    _decide(row, WaitingState.ATTACHED, number=link.request_number, at=link.attached_at)
    kind, _, name = link.attached_by.partition(":")
    row.decided_name = name
    if f"{kind}:" == _TELEGRAM and name.isdecimal():
        row.decided_by = int(name)
        row.decided_name = await session.scalar(select(Person.first_name).where(Person.telegram_id == int(name)))


def _decide(
    row: StaffCard, state: WaitingState, *, number: str | None = None, at: datetime | None = None, by: int | None = None
) -> None:
    row.state, row.request_number = state, number
    row.decided_by, row.decided_name, row.decided_at = by, None, at


class Waiting:
    """What staff do with a card of the staff chat. ``telegram_id`` and ``name`` are the person's who decides."""

    def __init__(self, sessions: Sessions, orders: WorkOrders | None = None) -> None:
        self._sessions = sessions
        self._orders = orders

    async def attach(
        self, caller: Caller, name: str, card_id: int, number: RequestNumber, *, override: bool = False
    ) -> Decision:
        """Attach everything on the card to a request.

        Raises `MediaNotFound` for a card that there is not, and what `RequestGate.admit` raises.
        """
        _require_staff(caller)
        if self._orders is not None:
            number = await admitted(self._orders, caller, card_id, number, override=override)

        async def decide(session: AsyncSession, row: StaffCard, media: list[Media]) -> None:
            await self._attach(session, caller, row, media, number)

        return await self._decided(caller, name, card_id, decide, wanted=(WaitingState.ATTACHED, number))

    async def attach_to_new(self, caller: Caller, name: str, card_id: int, today: date) -> Decision:
        """The same with a request that begins with it; only who wins takes a number.

        The Request Service begins it where there is one; raises `RequestServiceUnavailable`, and nothing has changed.
        """
        _require_staff(caller)
        begun = None if self._orders is None else await begin(self._orders, caller, name, card_id)

        async def decide(session: AsyncSession, row: StaffCard, media: list[Media]) -> None:
            number = begun or await open_request(session, today, by=caller.owner)
            await self._attach(session, caller, row, media, number)

        return await self._decided(caller, name, card_id, decide)

    async def drop(self, caller: Caller, name: str, card_id: int) -> Decision:
        """It needs no request: off the list, and kept."""

        async def decide(session: AsyncSession, row: StaffCard, media: list[Media]) -> None:
            for one in media:
                if one.awaits_request:
                    one.awaits_request = False
                    record(session, caller.owner, "not_needed", media_id=one.id)
            _decide(row, WaitingState.NOT_NEEDED)

        return await self._decided(caller, name, card_id, decide, wanted=(WaitingState.NOT_NEEDED, None))

    async def reopen(self, caller: Caller, card_id: int) -> bool:
        """Take a decision back: ask again. False where there is nothing to take back."""
        _require_staff(caller)
        async with self._sessions.begin() as session:
            row, media = await _locked(session, card_id)
            if row.state not in (WaitingState.ATTACHED, WaitingState.NOT_NEEDED):
                return False
            for one in media:
                if row.request_number is not None:
                    await detach_row(session, one, RequestNumber(row.request_number), by=caller.owner)
                elif not one.awaits_request:
                    one.awaits_request = True
                    record(session, caller.owner, "needed_again", media_id=one.id)
            _decide(row, WaitingState.OPEN)
            await catch_up(session, row, media)
            await session.flush()
            for one in media:
                await media_changed(session, one.id)
            return any(one.awaits_request for one in media)

    async def show_more(self, caller: Caller, count: int) -> int:
        """Bring the next of those that the summary counts into the staff chat; returns how many."""
        _require_staff(caller)
        async with self._sessions.begin() as session:
            await serialise(session)
            return await release(session, count)

    async def open_cards(self, caller: Caller, *, limit: int) -> tuple[list[WaitingLine], int]:
        """What still waits, the longest first, and how many cards there are in all."""
        _require_staff(caller)
        waits = (
            exists().where(came_with_card(), Card.id == StaffCard.card_id, Media.awaits_request).correlate(StaffCard)
        )
        still = (StaffCard.state == WaitingState.OPEN) & StaffCard.card_id.is_not(None) & waits
        query = (
            select(StaffCard, Person.first_name)
            .join(Card, Card.id == StaffCard.card_id)
            .outerjoin(Person, Person.telegram_id == Card.person_id)
            .where(still)
        )
        async with self._sessions.begin() as session:
            total = await session.scalar(select(func.count()).select_from(StaffCard).where(still))
            rows = (await session.execute(query.order_by(StaffCard.id).limit(limit))).all()
            return [await _line(session, row, name) for row, name in rows], total or 0

    async def _attach(
        self, session: AsyncSession, caller: Caller, row: StaffCard, media: list[Media], number: RequestNumber
    ) -> None:
        for one in media:
            if one.awaits_request:
                await attach_row(session, one, number, by=caller.owner)
        _decide(row, WaitingState.ATTACHED, number=number)
        offering = (StaffCard.state == WaitingState.OPEN) & StaffCard.message_id.is_not(None)
        others = select(StaffCard.id).where(offering, StaffCard.id != row.id, StaffCard.card_id.is_not(None))
        for other in (await session.scalars(others.order_by(StaffCard.id.desc()).limit(_REFRESHED))).all():
            await _want(session, other)

    async def _decided(
        self,
        caller: Caller,
        name: str,
        card_id: int,
        decide: Decide,
        wanted: tuple[WaitingState, str | None] | None = None,
    ) -> Decision:
        """Lock the card, decide if nobody has, and say what holds. ``wanted`` said twice by one person is once."""
        _require_staff(caller)
        person = int(caller.owner.removeprefix(_TELEGRAM))
        async with self._sessions.begin() as session:
            row, media = await _locked(session, card_id)
            await catch_up(session, row, media)
            won = row.state is WaitingState.OPEN
            if won:
                await decide(session, row, media)
                row.decided_by, row.decided_name, row.decided_at = person, name, func.now()
                await session.flush()
                await session.refresh(row)
                for one in media:
                    await media_changed(session, one.id)
                await release(session, 1)
            same = row.decided_by == person and (row.state, row.request_number) == wanted
            return Decision(
                won=won or same,
                state=row.state,
                number=row.request_number,
                name=row.decided_name or "",
                at=row.decided_at,
            )


async def release(session: AsyncSession, count: int) -> int:
    """Have the longest waiting of those that the summary counts shown; returns how many."""
    collapsed = (StaffCard.state == WaitingState.OPEN) & StaffCard.collapsed
    ids = await session.scalars(
        select(StaffCard.id).where(collapsed).order_by(StaffCard.id).limit(count).with_for_update(skip_locked=True)
    )
    released = ids.all()
    for row_id in released:
        await _want(session, row_id, collapsed=False, released=True)
    if released:
        await want_summary(session)
    return len(released)


async def want_summary(session: AsyncSession) -> None:
    """How many more wait has changed."""
    summary_id = await session.scalar(select(StaffCard.id).where(StaffCard.summary))
    if summary_id is not None:
        await _want(session, summary_id)


async def _want(session: AsyncSession, row_id: int, **values: bool) -> None:
    changed = {"wanted": StaffCard.wanted + 1, "changed_at": func.clock_timestamp(), **values}
    statement = update(StaffCard).where(StaffCard.id == row_id).values(changed)
    await session.execute(statement.execution_options(synchronize_session=False))
    await wake_staff_card(session, row_id)


async def _locked(session: AsyncSession, card_id: int) -> tuple[StaffCard, list[Media]]:
    """The card and its media that are there, for a decision: one at a time, and media before cards, as changes of
    media lock them.
    """
    await serialise(session)
    query = select(StaffCard).where(StaffCard.id == card_id, StaffCard.card_id.is_not(None))
    row = await session.scalar(query)
    if row is None or row.card_id is None:
        raise MediaNotFound
    media = [one for one in await media_of(session, row.card_id, lock=True) if one.status not in GONE]
    await session.refresh(row, with_for_update=True)
    return row, media


async def serialise(session: AsyncSession) -> None:
    """What decides about cards, and which are shown, goes on one after the other."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("staff_cards", 0))))


async def _line(session: AsyncSession, row: StaffCard, name: str | None) -> WaitingLine:
    assert row.card_id is not None
    media = [one for one in await media_of(session, row.card_id) if one.status not in GONE]
    return WaitingLine(
        id=row.id,
        name=name or "?",
        words=next((one.description for one in media if one.description), None),
        count=len(media),
        since=row.created_at,
        chat_id=row.chat_id,
        message_id=row.message_id,
    )


def _require_staff(caller: Caller) -> None:
    if caller.role not in (Role.STAFF, Role.ADMIN) or not caller.owner.startswith(_TELEGRAM):
        raise MissingScope(scope="staff")
