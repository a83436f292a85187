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
from aiogram.types import InputFile
from aiohttp import ClientSession, FormData

from gateway.settings import Settings, SettingsError
from storage.telegram.forms import Form, sized

_TRIES_TIMEOUT = 15

_OFTEN: tuple[type[TelegramMethod[Any]], ...] = (
    *(AnswerCallbackQuery, CopyMessage, DeleteMessages, EditMessageCaption, EditMessageText),
    *(GetFile, SendDocument, SendMessage),
)
_ANSWERS = tuple(Response[method.__returning__] for method in _OFTEN)  # type: ignore[name-defined]
"""pydantic forgets a generic model that nobody holds, and aiogram asks for it anew with each call: a model made of a
message's two hundred classes is worth holding.
"""


class BotSession(AiohttpSession):
    """aiogram's, but that files go in bodies of a known length (`storage.telegram.forms`)."""

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        files: dict[str, InputFile] = {}
        values = method.model_dump(warnings=False).items()
        fields = {name: text for name, value in values if (text := self.prepare_value(value, bot=bot, files=files))}
        if files and (known := sized(files)) is not None:
            return Form(fields, known)
        form = FormData(quote_fields=False)
        for name, text in fields.items():
            form.add_field(name, text)
        for name, file in files.items():
            form.add_field(name, file.read(bot), filename=file.filename or name)
        return form


@asynccontextmanager
async def open_bot(settings: Settings, token: str, api_url: str) -> AsyncIterator[Bot]:
    """Yield a bot on the server at ``api_url``; its connections are closed at the end."""
    api = TelegramAPIServer.from_base(api_url, is_local=settings.telegram_local)
    session = BotSession(proxy=_proxy(settings), api=api)
    async with Bot(token, session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML)) as bot:
        yield bot


@asynccontextmanager
async def open_downloads(settings: Settings) -> AsyncIterator[ClientSession]:
    """Connections for the bytes of files: by the proxy, and with the certificates, that bots have."""
    async with await AiohttpSession(proxy=_proxy(settings)).create_session() as session:
        yield session


def _proxy(settings: Settings) -> str | None:
    return None if settings.telegram_proxy is None else settings.telegram_proxy.get_secret_value()


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
