"""The job ``wrong_number``: tells the staff chat of a number that there is not, with buttons, and what became of it."""

from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat
from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardMarkup

from bot.keyboards import GetMedia, button, rows_of
from bot.lines import short_name
from bot.texts import Catalogue, Texts
from storage.callers.groups import Groups
from storage.jobs import Later
from storage.request_numbers import RequestNumber
from storage.work_orders.wrong_numbers import WrongNumbers, WrongView

log = structlog.get_logger(__name__)

_RETRY_DELAY = 5.0
_SHOWN, _NAME = 8, 24


class WrongMove(CallbackData, prefix="wm"):
    """Ask where everything that is attached to the number belongs."""

    number: str


class WrongDetach(CallbackData, prefix="wd"):
    """Detach everything from it."""

    number: str


class WrongTeller:
    """One message per number, edited when it is decided. Without a staff chat it waits for one."""

    def __init__(self, numbers: WrongNumbers, *, bot: Bot, groups: Groups, catalogue: Catalogue) -> None:
        self.numbers = numbers
        self._bot = bot
        self._groups = groups
        self._catalogue = catalogue

    async def handle(self, payload: dict[str, Any]) -> None:
        """``{"number": …}``. Raises `Later` while Telegram does not take it."""
        number = RequestNumber(payload["number"])
        chat_id = await self._groups.staff_chat()
        view = None if chat_id is None else await self.numbers.claim(number)
        if view is None or chat_id is None:
            return
        try:
            await self._show(view, chat_id)
        except TelegramMigrateToChat as error:
            await self._groups.move(chat_id, error.migrate_to_chat_id)
            await self.numbers.release(number)
            raise Later(0, "migrated") from error
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            await self.numbers.release(number)
            log.info("wrong_number_not_told", request_number=number, description=error.message)
        except AiogramError as error:
            await self.numbers.release(number)
            raise Later(_RETRY_DELAY, "telegram") from error

    async def _show(self, view: WrongView, chat_id: int) -> None:
        texts = self._catalogue(await self._groups.language(chat_id))
        text, keyboard = wrong_text(texts, view), wrong_keyboard(texts, view)
        if view.message_id is not None and view.chat_id == chat_id:
            await self._bot.edit_message_text(
                text, chat_id=chat_id, message_id=view.message_id, parse_mode="HTML", reply_markup=keyboard
            )
            return
        sent = await self._bot.send_message(chat_id, text, parse_mode="HTML", reply_markup=keyboard)
        await self.numbers.shown(view.number, chat_id, sent.message_id)


def wrong_text(texts: Texts, view: WrongView) -> str:
    """What is wrong, or what became of it."""
    name = short_name(view.settled_name or "?", _NAME)
    match view.outcome:
        case "detached":
            return texts("wrong-detached", number=view.number, name=name)
        case "moved":
            return texts("wrong-moved", number=view.number, to=view.moved_to or "", name=name)
        case "exists":
            return texts("wrong-exists", number=view.number)
        case "empty":
            return texts("wrong-empty", number=view.number)
    senders = ", ".join(short_name(one, _NAME) for one in view.senders[:_SHOWN])
    lines = [texts("wrong-number", number=view.number, count=len(view.media))]
    return "\n".join([*lines, *([texts("wrong-senders", names=senders)] if senders else [])])


def wrong_keyboard(texts: Texts, view: WrongView) -> InlineKeyboardMarkup | None:
    if view.outcome is not None:
        return None
    deciding = [
        button(texts.plain("button-wrong-move"), WrongMove(number=view.number)),
        button(texts.plain("button-wrong-detach"), WrongDetach(number=view.number)),
    ]
    looking = [button(texts.plain("button-get", id=str(one)), GetMedia(id=one)) for one in view.media[:4]]
    return InlineKeyboardMarkup(inline_keyboard=[deciding, *rows_of(looking)])
