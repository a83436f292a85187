"""A closed request takes no more media; staff are asked whether they mean it all the same."""

from typing import Any

from aiogram import Bot
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, TelegramObject

from bot.errors import explain
from bot.keyboards import button
from bot.saying import say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.errors import RequestClosed
from storage.work_orders.overriding import Overrides


class AttachAnyway(CallbackData, prefix="any"):
    """Attach what was refused."""

    id: int


async def offer_override(event: TelegramObject, refused: RequestClosed, data: dict[str, Any]) -> bool:
    """Say why not, with a button. False where this person may not, or there is nothing to be attached."""
    overrides: Overrides | None = data.get("overrides")
    person: PersonView | None = data.get("person")
    message = event.message if isinstance(event, CallbackQuery) else event
    if overrides is None or person is None or not isinstance(message, Message):
        return False
    override_id = await overrides.ask(person.caller, refused)
    if override_id is None:
        return False
    texts: Texts = data["texts"]
    bot: Bot = data["bot"]
    anyway = button(texts.plain("button-attach-anyway"), AttachAnyway(id=override_id))
    await say(bot, message, explain(texts, refused), InlineKeyboardMarkup(inline_keyboard=[[anyway]]))
    return True
