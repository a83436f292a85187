"""A request that begins with what somebody sent: what is said about it over there."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import GONE, Caller, WaitingState
from storage.errors import RequestClosed
from storage.notices import came_with_card
from storage.request_numbers import RequestNumber
from storage.tables import Card, CardItem, Media, Person, StaffCard
from storage.work_orders.directory import WorkOrders
from storage.work_orders.port import Draft


@dataclass(frozen=True, kw_only=True, slots=True)
class _Beginning:
    """``key`` is the same however often it is asked for, so that it begins once."""

    draft: Draft
    key: str


async def begin(orders: WorkOrders, caller: Caller, name: str, card_id: int) -> RequestNumber | None:
    """Before the card is locked, since no transaction waits for a network: two who tap at once begin the same.

    None where there is no Request Service, or nothing to begin. Raises `RequestServiceUnavailable`.
    """
    if not orders.configured:
        return None
    async with orders.sessions.begin() as session:
        beginning = await _beginning_of(session, card_id, caller, name)
    return None if beginning is None else await orders.create(beginning.draft, key=beginning.key)


async def admitted(
    orders: WorkOrders, caller: Caller, card_id: int, number: RequestNumber, *, override: bool
) -> RequestNumber:
    """`RequestGate.admit` for what is on a card of the staff chat."""
    try:
        return (await orders.gate.admit(caller, [number], override=override))[0]
    except RequestClosed as closed:
        closed.staff_card = card_id
        raise


async def _beginning_of(session: AsyncSession, card_id: int, caller: Caller, name: str) -> _Beginning | None:
    """What a card of the staff chat would begin; None where it is not open any more, or there is none."""
    row = await session.get(StaffCard, card_id)
    if row is None or row.card_id is None or row.state is not WaitingState.OPEN:
        return None
    query = select(Media).where(came_with_card(), Card.id == row.card_id).order_by(CardItem.message_id)
    media = [one for one in await session.scalars(query) if one.status not in GONE]
    if not media:
        return None
    card = await session.get_one(Card, row.card_id)
    sender = await session.get(Person, card.person_id)
    words = list(dict.fromkeys(one.description for one in media if one.description))
    tags = list(dict.fromkeys(f"#{tag}" for one in media for tag in one.tags))
    said = "\n".join([*words, " ".join(tags)]).strip()
    draft = Draft(
        description=said or None,
        sender=media[0].owner,
        sender_name=None if sender is None else sender.first_name,
        by=caller.owner,
        by_name=name,
    )
    return _Beginning(draft=draft, key=f"mediagate-{media[0].key}")
