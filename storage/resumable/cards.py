"""What comes by an invitation, shown on its card in the chat: begun, on its way, kept or not.

An upload is put on the card in the transaction that begins or ends it. In between, bytes come many times a second and
rows do not change: `CardTicker` tells the cards that there is something new, every few seconds at most.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.intake.progress import ProgressBoard
from storage.tables import Card, CardItem, Invitation
from storage.wakeups import wake_card

log = structlog.get_logger(__name__)

EVERY = 3.0
"""Seconds from one edit of a card to the next while an upload moves."""


async def show_upload(
    session: AsyncSession,
    invitation_id: int | None,
    upload_id: UUID,
    *,
    media_id: int | None = None,
    error: Mapping[str, Any] | None = None,
) -> None:
    """Have the invitation's card, where it has one, show the upload, the media that it became, or why it did not."""
    if invitation_id is None:
        return
    bound = select(Invitation.card_id).where(Invitation.id == invitation_id).scalar_subquery()
    card_id = await session.scalar(select(Card.id).where(Card.id == bound).with_for_update())
    if card_id is None:
        return
    item = (CardItem.card_id == card_id) & (CardItem.upload_id == upload_id)
    shown = {"media_id": media_id, "error": None if error is None else dict(error)}
    found = await session.scalar(update(CardItem).where(item).values(**shown).returning(CardItem.card_id))
    if found is None:
        first = await session.scalar(select(func.min(CardItem.message_id)).where(CardItem.card_id == card_id))
        place = min(0, first or 0) - 1
        session.add(CardItem(card_id=card_id, message_id=place, upload_id=upload_id, **shown))
        await session.flush()
    changed = {"wanted": Card.wanted + 1, "changed_at": func.clock_timestamp()}
    await session.execute(update(Card).where(Card.id == card_id).values(**changed))
    await wake_card(session, card_id)


class CardTicker:
    """Has cards edited while bytes come. Without an upload by an invitation it asks the database nothing."""

    def __init__(self, *, sessions: Sessions, board: ProgressBoard) -> None:
        self._sessions = sessions
        self._board = board
        self._told: dict[UUID, int] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(), name="upload cards")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def tick(self) -> None:
        """Wake the cards of what has moved since the last time. One that is behind already needs no more of it."""
        moving = {
            progress.upload_id: (progress.invitation_id, progress.received_bytes)
            for progress in self._board.all()
            if progress.invitation_id is not None and not progress.ended
        }
        moved = {invited for key, (invited, received) in moving.items() if self._told.get(key, 0) != received}
        self._told = {key: received for key, (_, received) in moving.items()}
        if not moved:
            return
        shown_on = select(Invitation.card_id).where(Invitation.id.in_(moved), Invitation.card_id.is_not(None))
        behind = (
            update(Card)
            .where(Card.id.in_(shown_on), Card.sent == Card.wanted)
            .values(wanted=Card.wanted + 1, changed_at=func.clock_timestamp())
            .returning(Card.id)
        )
        async with self._sessions.begin() as session:
            for card_id in (await session.scalars(behind)).all():
                await wake_card(session, card_id)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.tick()
            except (SQLAlchemyError, OSError) as error:
                # The database is away: what the cards miss, the next change tells them.
                log.warning("upload_cards_not_told", error=type(error).__name__)
