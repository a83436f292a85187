"""The last word about an update that was given up."""

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import CallbackQuery, Message
from pydantic import ValidationError

from bot.inbox.inbox import RawUpdate
from bot.saying import PRIVATE, end_press, say
from bot.texts import Catalogue

log = structlog.get_logger(__name__)


class Apologies:
    """Asks nothing of the database: it may be what failed."""

    def __init__(self, bot: Bot, catalogue: Catalogue) -> None:
        self._bot = bot
        self._catalogue = catalogue

    async def apologise(self, raw: RawUpdate, incident: str) -> None:
        """Tell the person once, with the incident's id; never raises what Telegram says to that."""
        try:
            if (press := raw.get("callback_query")) is not None:
                await self._to_press(CallbackQuery.model_validate(press), incident)
            elif (message := raw.get("message")) is not None:
                await self._to_message(Message.model_validate(message), incident)
        except (AiogramError, ValidationError) as error:
            log.warning("apology_failed", incident=incident, error=type(error).__name__)

    async def _to_press(self, press: CallbackQuery, incident: str) -> None:
        texts = self._catalogue(press.from_user.language_code)
        text = texts.plain("error-incident", incident=incident).replace("<code>", "").replace("</code>", "")
        await end_press(self._bot, press, text, alert=True)

    async def _to_message(self, message: Message, incident: str) -> None:
        user = message.from_user
        if user is None or user.is_bot or message.chat.type != PRIVATE:
            return
        texts = self._catalogue(user.language_code)
        await say(self._bot, message, texts("error-incident", incident=incident))
