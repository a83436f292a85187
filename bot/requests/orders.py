"""What the Request Service says of a request, for staff to read: lines for messages, labels for buttons."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton

from bot.keyboards import button, rows_of
from bot.lines import short_name, short_words
from bot.texts import Texts
from storage.request_numbers import RequestNumber
from storage.work_orders.offering import Offer
from storage.work_orders.port import WorkOrder

_TITLE, _LABEL, _ADDRESS, _NAME = 120, 40, 200, 24
_NAMES = 4
_OPEN = frozenset({"open", "new", "in_progress", "waiting"})
_CLOSED = frozenset({"closed", "done", "cancelled"})


def order_lines(texts: Texts, order: WorkOrder | None) -> list[str]:
    """Title, state, address and who is to do it: what is known of them."""
    if order is None:
        return []
    lines = [texts("order-title", title=short_words(order.title, _TITLE))] if order.title else []
    if order.state:
        lines.append(_state(texts, order.state, closed=order.closed))
    if order.address:
        lines.append(texts("order-address", address=short_words(order.address, _ADDRESS)))
    names = [short_name(one.name, _NAME) for one in order.assignees if one.name]
    if names:
        more = " …" if len(names) > _NAMES else ""
        lines.append(texts("order-assigned", names=", ".join(names[:_NAMES]) + more))
    return lines


def named_number(texts: Texts, number: str, title: str | None) -> str:
    """``250926-001 · Leak``: a value for texts."""
    return texts.plain("order-named", number=number, title=short_words(title, _LABEL)) if title else number


def offer_buttons(
    texts: Texts, offers: Sequence[tuple[Offer, CallbackData]], width: int
) -> list[list[InlineKeyboardButton]]:
    """A button each; where there are titles to read, one a row."""
    buttons = [button(_label(texts, offer), data) for offer, data in offers]
    return rows_of(buttons, 1 if any(offer.title for offer, _ in offers) else width)


def offers_as_json(offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """For a card's row."""
    return [{"number": offer.number, "title": offer.title, "mine": offer.mine} for offer in offers]


def offers_from_json(given: Sequence[Mapping[str, Any] | str]) -> list[Offer]:
    """Numbers alone are of an earlier version."""
    whole: list[Mapping[str, Any]] = [
        {"number": one, "title": None, "mine": False} if isinstance(one, str) else one for one in given
    ]
    return [Offer(number=RequestNumber(one["number"]), title=one["title"], mine=one["mine"]) for one in whole]


def _state(texts: Texts, state: str, *, closed: bool) -> str:
    """In our words where the service's are usual ones, else as it says it."""
    usual = state.casefold()
    if usual in (_CLOSED if closed else _OPEN):
        return texts(f"order-state-{usual}")
    said = short_words(state, _NAME)
    return texts("order-closed", state=said) if closed else texts("order-open", state=said)


def _label(texts: Texts, offer: Offer) -> str:
    title = short_words(offer.title, _LABEL) if offer.title else None
    if offer.mine:
        key = "order-button-mine" if title is None else "order-button-mine-titled"
        return texts.plain(key, number=offer.number, **({} if title is None else {"title": title}))
    return offer.number if title is None else texts.plain("order-button", number=offer.number, title=title)
