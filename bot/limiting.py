"""How much a person may say: commands, presses and texts by the minute. Files are no talk, and are always kept."""

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.types import Message, TelegramObject, Update

from bot.admission import Handler
from bot.media.incoming import telegram_file
from bot.saying import PRIVATE, addressed, end_press, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.callers.rate_limits import WINDOW, RateLimiter
from storage.errors import RateLimited

log = structlog.get_logger(__name__)

_MOST_SILENT = 10_000


class Verdict(Enum):
    """What to do about what somebody says: answer it, tell them once that it is too much, or say nothing."""

    ANSWER = auto()
    WARN = auto()
    IGNORE = auto()


class Patience:
    """``per_minute`` 0: without an end. Once it is used up, there is one warning, and a minute of silence."""

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limiter = RateLimiter(per_minute, monotonic=monotonic)
        self._monotonic = monotonic
        self._silent_until: dict[int, float] = {}

    def judge(self, person: int) -> Verdict:
        """Count one thing that ``person`` says."""
        now = self._monotonic()
        if now < self._silent_until.get(person, now):
            return Verdict.IGNORE
        try:
            self._limiter.take(str(person))
        except RateLimited:
            self._silent_until.pop(person, None)
            self._silent_until[person] = now + WINDOW
            if len(self._silent_until) > _MOST_SILENT:
                del self._silent_until[next(iter(self._silent_until))]  # the one that was warned first
            return Verdict.WARN
        return Verdict.ANSWER


class Limiting(BaseMiddleware):
    """Keeps a flood of words from everybody else. It stands behind the admission, with ``person`` and ``texts``."""

    def __init__(self, patience: Patience, bot: Bot) -> None:
        self._patience = patience
        self._bot = bot

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        person: PersonView = data["person"]
        if not await self._is_talk(event):
            return await handler(event, data)
        verdict = self._patience.judge(person.telegram_id)
        if verdict is Verdict.ANSWER:
            return await handler(event, data)
        log.info("person_talks_too_much", warned=verdict is Verdict.WARN)
        await self._hold(event, data["texts"], warn=verdict is Verdict.WARN)
        return UNHANDLED

    async def _hold(self, update: Update, texts: Texts, *, warn: bool) -> None:
        if update.callback_query is not None:
            text = texts.plain("too-much") if warn else None
            await end_press(self._bot, update.callback_query, text, alert=warn)
        elif update.message is not None and warn:
            await say(self._bot, update.message, texts("too-much"))

    async def _is_talk(self, update: Update) -> bool:
        """Whether it asks for an answer of ours: what people say to each other in a group does not."""
        if update.callback_query is not None or update.inline_query is not None:
            return True
        message = update.message or update.edited_message
        if message is None or telegram_file(message, bot_id=self._bot.id) is not None:
            return False
        return message.chat.type == PRIVATE or await self._is_for_us(message)

    async def _is_for_us(self, message: Message) -> bool:
        if not (message.text or "").startswith("/"):
            return addressed(message, self._bot.id)
        command = (message.text or "").split(maxsplit=1)[0]
        _, _, name = command.partition("@")
        return not name or name.lower() == ((await self._bot.me()).username or "").lower()
