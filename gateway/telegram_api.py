"""Bots, towards the Bot API server that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramAPIError, TelegramUnauthorizedError
from aiogram.methods import (
    AnswerCallbackQuery,
    CopyMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageText,
    GetFile,
    Response,
    SendDocument,
    SendMessage,
    TelegramMethod,
)

from gateway.settings import Settings, SettingsError

_TRIES_TIMEOUT = 15

_OFTEN: tuple[type[TelegramMethod[Any]], ...] = (
    *(AnswerCallbackQuery, CopyMessage, DeleteMessages, EditMessageCaption, EditMessageText),
    *(GetFile, SendDocument, SendMessage),
)
_ANSWERS = tuple(Response[method.__returning__] for method in _OFTEN)  # type: ignore[name-defined]
"""pydantic forgets a generic model that nobody holds, and aiogram asks for it anew with each call: a model made of a
message's two hundred classes is worth holding.
"""


@asynccontextmanager
async def open_bot(settings: Settings, token: str, api_url: str) -> AsyncIterator[Bot]:
    """Yield a bot on the server at ``api_url``; its connections are closed at the end."""
    api = TelegramAPIServer.from_base(api_url, is_local=settings.telegram_local)
    proxy = None if settings.telegram_proxy is None else settings.telegram_proxy.get_secret_value()
    session = AiohttpSession(proxy=proxy, api=api)
    async with Bot(token, session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML)) as bot:
        yield bot


async def check_token(bot: Bot) -> str:
    """The bot's username.

    Raises SettingsError where Telegram does not know the token; a Telegram that cannot be reached is no reason not to
    start: what came in before is served, and what comes in waits in the spool.
    """
    try:
        return (await bot.get_me(request_timeout=_TRIES_TIMEOUT)).username or str(bot.id)
    except TelegramUnauthorizedError as error:
        raise SettingsError(
            "MEDIAGATE_BOT_TOKENS holds a token that Telegram does not know: copy it again from @BotFather"
        ) from error
    except (TelegramAPIError, OSError, TimeoutError):
        return str(bot.id)
