"""Buttons. Their data says what to do to which media, and carries no authority: use cases check who presses."""

from aiogram.filters.callback_data import CallbackData
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

from bot.texts import Texts

_PER_ROW = 4


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
    """A page of one's own files, from 0."""

    page: int


class RequestPage(CallbackData, prefix="req"):
    """A page of a request's files, from 0."""

    number: str
    page: int


class ChooseLanguage(CallbackData, prefix="lang"):
    code: str


def undo_keyboard(texts: Texts, media_id: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button(texts.plain("button-undo"), RestoreMedia(id=media_id))]])


def language_keyboard() -> InlineKeyboardMarkup:
    names = {"uz": "Oʻzbekcha", "ru": "Русский", "en": "English"}
    return InlineKeyboardMarkup(
        inline_keyboard=[[button(name, ChooseLanguage(code=code)) for code, name in names.items()]]
    )


def contact_keyboard(texts: Texts) -> ReplyKeyboardMarkup:
    share = KeyboardButton(text=texts.plain("button-share-contact"), request_contact=True)
    return ReplyKeyboardMarkup(keyboard=[[share]], resize_keyboard=True, one_time_keyboard=True)


def rows_of(buttons: list[InlineKeyboardButton], width: int = _PER_ROW) -> list[list[InlineKeyboardButton]]:
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]


def button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
