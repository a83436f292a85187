"""The buttons with which staff attach a card's media without typing: before or after, then a request.

What is being chosen stands in the card's row (``choosing``), so that the card shows it whoever brings it up to date:
``{"stage": …, "numbers": [offers]}`` while a request is chosen, ``{"change": id, "number": …}`` once one was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from sqlalchemy import select, update

from bot.cards.claiming import ClaimedCard
from bot.cards.text import Item, RenderedCard
from bot.keyboards import NumberCard, button
from bot.requests.orders import offer_buttons, offers_from_json
from bot.texts import Texts
from storage.database import Sessions
from storage.domain import GONE, MediaId, Stage
from storage.tables import Card, CardItem
from storage.views import MediaView
from storage.wakeups import wake_card

Choosing = dict[str, Any]
OFFERED = 6
"""How many requests are buttons: three rows, so that a card still fits a phone."""

_PER_ROW = 2


class ChooseStage(CallbackData, prefix="stage"):
    """Attach what is on the card as this; the request comes next."""

    card: int
    stage: Stage


class ChooseRequest(CallbackData, prefix="pick"):
    card: int
    stage: Stage
    number: str


class OtherNumber(CallbackData, prefix="other"):
    """The request is none of those offered: its number will be said."""

    card: int
    stage: Stage


class StopChoosing(CallbackData, prefix="back"):
    card: int


class UndoChange(CallbackData, prefix="unattach"):
    """Take a change of attachments back; ``card``: the one that shows the button, 0 where a message does."""

    change: int
    card: int = 0


class Offers:
    """The rows of cards, as far as choosing goes. A card is only named together with its chat."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def media(self, card_id: int, chat_id: int) -> list[MediaId]:
        """What is on the card."""
        query = select(CardItem.media_id).join(Card).where(Card.id == card_id, Card.chat_id == chat_id)
        async with self._sessions.begin() as session:
            found = await session.scalars(query.where(CardItem.media_id.is_not(None)).order_by(CardItem.message_id))
            return [MediaId(media_id) for media_id in found if media_id is not None]

    async def show(self, card_id: int, chat_id: int, choosing: Choosing | None) -> None:
        """Put these buttons on the card."""
        async with self._sessions.begin() as session:
            found = await session.scalar(
                update(Card)
                .where(Card.id == card_id, Card.chat_id == chat_id, Card.choosing.is_distinct_from(choosing))
                .values(choosing=choosing, wanted=Card.wanted + 1)
                .returning(Card.id)
            )
            if found is not None:
                await wake_card(session, found)


def with_offers(texts: Texts, rendered: RenderedCard, card: ClaimedCard) -> RenderedCard:
    """The card with the buttons that staff have on theirs."""
    if not card.by_staff:
        return rendered
    rows = [] if rendered.keyboard is None else _without_asking(rendered.keyboard.inline_keyboard)
    choosing = card.choosing or {}
    if _waiting(card.items):
        rows = _requests(texts, card.id, choosing) if "stage" in choosing else [_stages(texts, card.id), *rows]
    elif "change" in choosing and _attached(card.items, str(choosing["number"])):
        rows = [[_undo(texts, card.id, choosing)], *rows]
    return replace(rendered, keyboard=InlineKeyboardMarkup(inline_keyboard=rows) if rows else None)


def undo_change_keyboard(texts: Texts, change_id: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button(texts.plain("button-undo"), UndoChange(change=change_id))]])


def _waiting(items: Sequence[Item]) -> bool:
    """Whether something on the card belongs nowhere yet. A duplicate is seen to on its own card."""
    return any(not view.request_numbers for view in _there(items))


def _attached(items: Sequence[Item], number: str) -> bool:
    return any(number in view.request_numbers for view in _there(items))


def _there(items: Sequence[Item]) -> list[MediaView]:
    own = (item.view for item in items if item.error is None and not item.duplicate)
    return [view for view in own if view is not None and view.status not in GONE]


def _without_asking(rows: Sequence[Sequence[InlineKeyboardButton]]) -> list[list[InlineKeyboardButton]]:
    """Without the button that asks for a number: ours do."""
    asking = NumberCard().pack()
    kept = [[one for one in row if one.callback_data != asking] for row in rows]
    return [row for row in kept if row]


def _stages(texts: Texts, card_id: int) -> list[InlineKeyboardButton]:
    return [button(texts.plain(f"button-{stage}"), ChooseStage(card=card_id, stage=stage)) for stage in Stage]


def _requests(texts: Texts, card_id: int, choosing: Mapping[str, Any]) -> list[list[InlineKeyboardButton]]:
    stage = Stage(choosing["stage"])
    offers = offers_from_json(choosing["numbers"])[:OFFERED]
    picks = [(offer, ChooseRequest(card=card_id, stage=stage, number=offer.number)) for offer in offers]
    other = button(texts.plain("button-other-number"), OtherNumber(card=card_id, stage=stage))
    back = button(texts.plain("button-previous"), StopChoosing(card=card_id))
    return [*offer_buttons(texts, picks, _PER_ROW), [other, back]]


def _undo(texts: Texts, card_id: int, choosing: Mapping[str, Any]) -> InlineKeyboardButton:
    text = texts.plain("button-unattach", number=str(choosing["number"]))
    return button(text, UndoChange(change=int(choosing["change"]), card=card_id))
