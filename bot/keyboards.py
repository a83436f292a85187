"""Buttons. Their data says what to do to which media, and carries no authority: use cases check who presses."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aiogram.filters.callback_data import CallbackData
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

from bot.texts import Texts

_PER_ROW = 4
_LANGUAGES = {"uz": "Oʻzbekcha", "ru": "Русский", "en": "English"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DeleteMedia(CallbackData, prefix="del"):
    """Delete a media; ``card`` where the button is on its card, which then shows what happened."""

    id: int
    card: bool = False


class RestoreMedia(CallbackData, prefix="undo"):
    id: int
    card: bool = False


class GetMedia(CallbackData, prefix="get"):
    id: int


class MyPage(CallbackData, prefix="my"):
    """A page of one's own files, from 0. ``only``: a filter of `bot.media.pages`, or a request number."""

    page: int
    only: str = ""


class MyFilters(CallbackData, prefix="myonly"):
    """Choose what to narrow one's own files down to; ``only``: to what they are."""

    only: str = ""


class MyRequests(CallbackData, prefix="myreq"):
    """The requests that one's own files belong to."""


class FindPage(CallbackData, prefix="find"):
    """A page of a search that was asked, from 0."""

    search: int
    page: int


class WordCard(CallbackData, prefix="word"):
    """Describe what is on the card that has the button."""


class NumberCard(CallbackData, prefix="number"):
    """Attach what is on the card that has the button."""


class UploadPage(CallbackData, prefix="page"):
    """Offer the upload page for what is on the card that has the button."""


class AttachTo(CallbackData, prefix="to"):
    """Attach what is on the card ``card``, a message of the same chat, to a request."""

    number: str
    card: int


class CancelDialogue(CallbackData, prefix="cancel"):
    """Leave the question that has the button."""


class ListEverything(CallbackData, prefix="list"):
    """A file that lists everything somebody sent."""


class DeleteEverything(CallbackData, prefix="delall"):
    """Delete everything somebody sent; asked again first, unless ``sure``."""

    sure: bool = False


class RestoreEverything(CallbackData, prefix="undoall"):
    """Take that back: the media deleted since this time, in microseconds of the epoch."""

    since: int

    @property
    def time(self) -> datetime:
        """The beginning of the epoch for what is no time."""
        try:
            return _EPOCH + timedelta(microseconds=self.since)
        except OverflowError:
            return _EPOCH


class ChooseLanguage(CallbackData, prefix="lang"):
    """Speak a language; ``hello`` where it was asked with the first greeting."""

    code: str
    hello: bool = False


class ChooseGroupLanguage(CallbackData, prefix="glang"):
    """What the cards of the group speak that has the button."""

    code: str


def undo_keyboard(texts: Texts, media_id: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button(texts.plain("button-undo"), RestoreMedia(id=media_id))]])


def privacy_keyboard(texts: Texts) -> InlineKeyboardMarkup:
    everything = button(texts.plain("button-list-everything"), ListEverything())
    delete = button(texts.plain("button-delete-everything"), DeleteEverything())
    return InlineKeyboardMarkup(inline_keyboard=[[everything], [delete]])


def sure_keyboard(texts: Texts) -> InlineKeyboardMarkup:
    sure = button(texts.plain("button-delete-everything-sure"), DeleteEverything(sure=True))
    return InlineKeyboardMarkup(inline_keyboard=[[sure], [button(texts.plain("button-cancel"), CancelDialogue())]])


def undo_everything_keyboard(texts: Texts, since: datetime) -> InlineKeyboardMarkup:
    time = (since - _EPOCH) // timedelta(microseconds=1)
    return InlineKeyboardMarkup(inline_keyboard=[[button(texts.plain("button-undo"), RestoreEverything(since=time))]])


def language_keyboard(*, hello: bool = False) -> InlineKeyboardMarkup:
    row = [button(name, ChooseLanguage(code=code, hello=hello)) for code, name in _LANGUAGES.items()]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def group_language_keyboard() -> InlineKeyboardMarkup:
    row = [button(name, ChooseGroupLanguage(code=code)) for code, name in _LANGUAGES.items()]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def dialogue_keyboard(texts: Texts, offered: Sequence[AttachTo] = ()) -> InlineKeyboardMarkup:
    """Request numbers that may be meant, and the way out of a question."""
    rows = rows_of([button(one.number, one) for one in offered], 2)
    return InlineKeyboardMarkup(inline_keyboard=[*rows, [button(texts.plain("button-cancel"), CancelDialogue())]])


def contact_keyboard(texts: Texts) -> ReplyKeyboardMarkup:
    share = KeyboardButton(text=texts.plain("button-share-contact"), request_contact=True)
    return ReplyKeyboardMarkup(keyboard=[[share]], resize_keyboard=True, one_time_keyboard=True)


def rows_of(buttons: list[InlineKeyboardButton], width: int = _PER_ROW) -> list[list[InlineKeyboardButton]]:
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]


def button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
