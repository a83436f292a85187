"""The first words to somebody: a greeting, and once the question for the language, in all of them."""

from aiogram import Bot
from aiogram.types import Message

from bot.keyboards import language_keyboard
from bot.saying import PRIVATE, say
from bot.texts import Texts
from storage.callers.people import PersonView


async def greet(bot: Bot, message: Message, person: PersonView, texts: Texts, hello: str) -> None:
    """Say ``hello`` (HTML). Nobody has to find a command for the language."""
    if person.chose_language or message.chat.type != PRIVATE:
        await say(bot, message, hello)
    else:
        await say(bot, message, f"{hello}\n\n{texts('start-language')}", language_keyboard(hello=True))
