"""Around the handlers: the context of the logs with one summary line, errors told to people, buttons answered."""

import time
from contextlib import suppress
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.dispatcher.flags import get_flag
from aiogram.exceptions import AiogramError
from aiogram.types import CallbackQuery, Message, TelegramObject, Update
from aiogram.utils.chat_action import ChatActionSender

from bot.admission import Handler
from bot.errors import explain, explain_plain
from bot.requests.overriding import offer_override
from bot.saying import end_press, say
from bot.texts import Texts
from storage.errors import MediagateError, RequestClosed

log = structlog.get_logger(__name__)

_ACTION_AFTER = 0.4
"""Seconds after which a chat is shown that something is coming: what is there at once costs no call."""


class Summary(BaseMiddleware):
    """Binds what names an update to the logs, and writes the one line about it."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        chat, user = data.get("event_chat"), data.get("event_from_user")
        began, outcome = time.monotonic(), "failed"
        with structlog.contextvars.bound_contextvars(
            update_id=event.update_id,
            chat_id=None if chat is None else chat.id,
            person_id=None if user is None else user.id,
        ):
            try:
                result = await handler(event, data)
                outcome = "unhandled" if result is UNHANDLED else "handled"
            finally:
                seconds = round(time.monotonic() - began, 3)
                log.info("update_handled", kind=data["update_kind"], outcome=outcome, seconds=seconds)
            return result


class ErrorsTold(BaseMiddleware):
    """What the storage layer refuses is told to the person; anything else goes up to the inbox's worker."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        try:
            return await handler(event, data)
        except MediagateError as error:
            log.info("refusal_told", code=error.code)
            bot: Bot = data["bot"]
            texts: Texts = data["texts"]
            if isinstance(error, RequestClosed) and await offer_override(event, error, data):
                return None
            if isinstance(event, CallbackQuery):
                await end_press(bot, event, explain_plain(texts, error), alert=True)
            elif isinstance(event, Message):
                await say(bot, event, explain(texts, error))
            return None


class PressesAnswered(BaseMiddleware):
    """Ends every press of a button; a handler's text is shown as its pop-up."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, CallbackQuery)
        result = await handler(event, data)
        await end_press(data["bot"], event, result if isinstance(result, str) else None)
        return result


class ActionsShown(BaseMiddleware):
    """Shows a chat "sending a file…" while a handler with the flag ``chat_action`` takes its time.

    aiogram's own middleware does it for every handler, at once, and not for presses.
    """

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        action = get_flag(data, "chat_action")
        message = event.message if isinstance(event, CallbackQuery) else event
        if action is None or not isinstance(message, Message):
            return await handler(event, data)
        topic = message.message_thread_id if message.is_topic_message else None
        async with _Sender(
            bot=data["bot"],
            chat_id=message.chat.id,
            message_thread_id=topic,
            action=action,
            initial_sleep=_ACTION_AFTER,
        ):
            return await handler(event, data)


class _Sender(ChatActionSender):
    """What Telegram refuses here is not worth a word: the answer itself will say so."""

    async def _worker(self) -> None:
        with suppress(AiogramError):
            await super()._worker()
