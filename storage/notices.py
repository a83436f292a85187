"""Telling the bot's cards that a media moved on: in the same transaction, as rows and wake-ups."""

from sqlalchemy import ColumnElement, Executable, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Card, CardItem, Media, StaffCard
from storage.tables.many import among, among_these, bare
from storage.wakeups import CARD_JOB, wake_card, wake_cards, wake_staff_cards

MOVED = 10**12
"""What is taken from the ids of messages in a group that became a supergroup, where ids are counted anew."""

__all__ = ["CARD_JOB", "MOVED", "came_with_card", "media_changed", "tell_staff_cards", "wake_card"]


async def media_changed(session: AsyncSession, *media_ids: int) -> None:
    """Every card that shows one of the media wants one more edit."""
    await session.flush()
    if cards := (await session.scalars(_WANTED, {"ids": media_ids})).all():
        await wake_cards(session, cards)
        await tell_staff_cards(session, *media_ids)


def shown(media_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether any card shows the media: for who asks for many at once whether `media_changed` is needed."""
    items = bare(CardItem).c
    return exists().where(items.media_id == media_id)


def _wanted() -> Executable:
    cards, items = bare(Card).c, bare(CardItem).c
    showing = select(items.card_id).where(among_these(items.media_id))
    # In an order, so that two who change several never wait for each other.
    locked = select(cards.id).where(cards.id.in_(showing)).order_by(cards.id).with_for_update().cte("locked")
    changed = update(bare(Card)).where(cards.id.in_(select(locked.c.id)))
    return changed.values(wanted=cards.wanted + 1, changed_at=func.now()).returning(cards.id)


_WANTED = _wanted()


def came_with_card() -> ColumnElement[bool]:
    """Joins `Card`, `CardItem` and `Media`: those that came with the card's messages. A duplicate counts where it came
    first, so that nobody is asked about it twice.
    """
    same_place = (Media.source_chat_id == Card.chat_id) & (Media.source_message_id == CardItem.message_id)
    moved = (CardItem.message_id < -MOVED // 2) & (Media.source_message_id == CardItem.message_id + MOVED)
    came = or_(same_place, moved, CardItem.upload_id.is_not(None))
    return and_(Card.id == CardItem.card_id, Media.id == CardItem.media_id, came)


async def tell_staff_cards(session: AsyncSession, *media_ids: int) -> None:
    """Staff are asked about media that wait for a request, unless staff sent them; who was asked sees them change."""
    await session.flush()
    asked = exists().where(StaffCard.card_id == Card.id)
    waits = Media.awaits_request & ~Card.by_staff
    shown = came_with_card() & among(Media.id, media_ids)
    cards = select(Card.id).where(shown, or_(waits, asked)).distinct().order_by(Card.id)
    changed = {"wanted": StaffCard.wanted + 1, "changed_at": func.clock_timestamp()}
    statement = insert(StaffCard).from_select(["card_id"], cards)
    rows = await session.scalars(
        statement.on_conflict_do_update(index_elements=[StaffCard.card_id], set_=changed).returning(StaffCard.id)
    )
    await wake_staff_cards(session, rows.all())
