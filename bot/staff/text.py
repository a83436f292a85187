"""What the cards of the staff chat say, and their buttons: pure functions of what the rows say."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.cards.text import RenderedCard
from bot.keyboards import button
from bot.lines import ICONS, short_name, short_words
from bot.requests.orders import named_number, offer_buttons
from bot.staff.rows import ClaimedStaffCard
from bot.texts import Texts
from storage.catalog.waiting import Decision, WaitingLine
from storage.domain import WaitingState
from storage.views import MediaView

MORE_AT_ONCE = 5
"""How many one tap on the summary shows."""

_WORDS = 500
_NAME = 40
_TAGS = 8
_NUMBERS_A_ROW = 3


class StaffAttach(CallbackData, prefix="sa"):
    """Attach a staff card's media to a request. ``id`` is the staff card's here and below."""

    id: int
    number: str


class StaffNumber(CallbackData, prefix="sn"):
    """Ask for another number."""

    id: int


class StaffNew(CallbackData, prefix="sw"):
    """Attach to a request that begins with it."""

    id: int


class StaffReply(CallbackData, prefix="sr"):
    """Answer the sender."""

    id: int


class StaffDrop(CallbackData, prefix="sd"):
    """It needs no request."""

    id: int


class StaffUndo(CallbackData, prefix="su"):
    """Take back what was decided."""

    id: int


class StaffMore(CallbackData, prefix="sm"):
    """Show the next of those that wait."""


def render_staff_card(texts: Texts, card: ClaimedStaffCard, *, timezone: tzinfo) -> RenderedCard:
    """A sender's card as staff see it; as a caption it stays below Telegram's 1024 characters."""
    lines = [_title(texts, card), *_words(texts, card.views)]
    if state := _state(texts, card, timezone):
        lines.append(state)
    if any(view.unverified_request for view in card.views):
        lines.append(texts("order-unverified"))
    return RenderedCard(text="\n".join(lines), keyboard=_keyboard(texts, card))


def render_summary(texts: Texts, more: int) -> RenderedCard:
    """How many more wait."""
    shown = min(more, MORE_AT_ONCE)
    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[[button(texts.plain("staff-button-more", count=shown), StaffMore())]]
    )
    return RenderedCard(text=texts("staff-summary", count=more), keyboard=keyboard)


def decision_text(texts: Texts, decision: Decision, timezone: tzinfo, *, now: datetime) -> str:
    """Who was faster, and with what; plain text."""
    values = {"name": _named(decision.name), "time": _time(decision.at, timezone, now=now)}
    match decision.state:
        case WaitingState.ATTACHED:
            return texts.plain("staff-decided-attached", number=decision.number or "", **values)
        case WaitingState.NOT_NEEDED:
            return texts.plain("staff-decided-not-needed", **values)
        case WaitingState.GONE:
            return texts.plain("staff-decided-gone")
    return texts.plain("staff-decided-open")


def waiting_list(texts: Texts, lines: Sequence[WaitingLine], total: int, *, timezone: tzinfo, now: datetime) -> str:
    """The answer to ``/waiting``, with links to the cards where there are such links."""
    if not total:
        return texts("staff-waiting-none")
    shown = [_waiting_line(texts, line, timezone, now) for line in lines]
    more = [texts("staff-waiting-more", count=total - len(lines))] if total > len(lines) else []
    return "\n".join([texts("staff-waiting-title", count=total), "", *shown, *more])


def _waiting_line(texts: Texts, line: WaitingLine, timezone: tzinfo, now: datetime) -> str:
    words = short_words(line.words) if line.words else texts.plain("staff-waiting-files", count=line.count)
    return texts("staff-waiting-line", time=_time(line.since, timezone, now=now), name=_named(line.name), words=words)


def _title(texts: Texts, card: ClaimedStaffCard) -> str:
    name = _named(card.sender)
    if card.username:
        name = f"{name} (@{card.username})"
    if not card.views:
        return texts("staff-card-empty", name=name)
    icon = ICONS[card.views[0].file_type]
    ids = [view.id for view in card.views]
    shown = str(ids[0]) if len(ids) == 1 else f"{ids[0]}–{ids[-1]}"
    if len(ids) == 1:
        return texts(
            "staff-card-one", icon=icon, name=name, kind=texts.plain(f"kind-{card.views[0].file_type}"), id=shown
        )
    return texts("staff-card-album", icon=icon, name=name, count=len(ids), id=shown)


def _words(texts: Texts, views: Sequence[MediaView]) -> list[str]:
    """What the sender wrote, once, however many files say it."""
    words = list(dict.fromkeys(view.description for view in views if view.description))
    tags = list(dict.fromkeys(tag for view in views for tag in view.tags))[:_TAGS]
    lines = [texts("staff-card-words", words=short_words(" · ".join(words), _WORDS))] if words else []
    return lines + ([texts("staff-card-words", words=" ".join(f"#{tag}" for tag in tags))] if tags else [])


def _state(texts: Texts, card: ClaimedStaffCard, timezone: tzinfo) -> str | None:
    name = _named(card.decided_name or "?")
    time = _time(card.decided_at, timezone, now=card.now)
    match card.state:
        case WaitingState.ATTACHED:
            number = named_number(texts, card.number or "", card.title)
            return texts("staff-card-attached", number=number, name=name, time=time)
        case WaitingState.NOT_NEEDED:
            return texts("staff-card-not-needed", name=name, time=time)
        case WaitingState.GONE:
            return texts("staff-card-gone")
    return None


def _keyboard(texts: Texts, card: ClaimedStaffCard) -> InlineKeyboardMarkup | None:
    answer = button(texts.plain("staff-button-reply"), StaffReply(id=card.id))
    match card.state:
        case WaitingState.GONE:
            return None
        case WaitingState.ATTACHED | WaitingState.NOT_NEEDED:
            undo = button(texts.plain("button-undo"), StaffUndo(id=card.id))
            return InlineKeyboardMarkup(inline_keyboard=[[answer, undo]])
    offered = [(offer, StaffAttach(id=card.id, number=offer.number)) for offer in card.offered]
    rows: list[list[InlineKeyboardButton]] = [
        *offer_buttons(texts, offered, _NUMBERS_A_ROW),
        [
            button(texts.plain("staff-button-number"), StaffNumber(id=card.id)),
            button(texts.plain("staff-button-new"), StaffNew(id=card.id)),
        ],
        [answer, button(texts.plain("staff-button-drop"), StaffDrop(id=card.id))],
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def _named(name: str) -> str:
    return short_name(name, _NAME)


def _time(at: datetime | None, timezone: tzinfo, *, now: datetime) -> str:
    """``14:02``, of another day with its date."""
    if at is None:
        return ""
    local = at.astimezone(timezone)
    same_day = local.date() == now.astimezone(timezone).date()
    return local.strftime("%H:%M" if same_day else "%d.%m.%Y %H:%M")
