"""Telling the bot's cards that a media moved on: in the same transaction, as rows and wake-ups."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Card, CardItem
from storage.wakeups import CARD_JOB, wake_card

__all__ = ["CARD_JOB", "media_changed", "wake_card"]


async def media_changed(session: AsyncSession, media_id: int) -> None:
    """Every card that shows the media wants one more edit."""
    cards = await session.scalars(
        update(Card)
        .where(Card.id.in_(select(CardItem.card_id).where(CardItem.media_id == media_id)))
        .values(wanted=Card.wanted + 1, changed_at=func.now())
        .returning(Card.id)
    )
    for card_id in cards.all():
        await wake_card(session, card_id)
