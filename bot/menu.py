"""The commands as Telegram's menu shows them, per language and kind of chat."""

from collections.abc import Collection

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeUnion,
)

from bot.texts import Catalogue, Texts

_EVERYONE = ("my", "get", "delete", "attach", "language", "help")
_STAFF = ("request", "history", "invite", *_EVERYONE)
_GROUPS = ("attach", "request", "get", "help")


async def set_menus(bot: Bot, catalogue: Catalogue, staff: Collection[int]) -> None:
    """Tell Telegram the commands; ``staff`` are people whose private chat shows theirs too. May be repeated."""
    for at, texts in enumerate(catalogue):
        # The first language is for everyone else: without a code.
        code = texts.language if at else None
        await _set(bot, texts, _EVERYONE, BotCommandScopeAllPrivateChats(), code)
        await _set(bot, texts, _GROUPS, BotCommandScopeAllGroupChats(), code)
        for person in sorted(staff):
            try:
                await _set(bot, texts, _STAFF, BotCommandScopeChat(chat_id=person), code)
            except TelegramBadRequest:
                continue  # they have not spoken to the bot yet


async def _set(
    bot: Bot, texts: Texts, names: Collection[str], scope: BotCommandScopeUnion, language_code: str | None
) -> None:
    commands = [BotCommand(command=name, description=texts.plain(f"command-{name}")) for name in names]
    await bot.set_my_commands(commands, scope=scope, language_code=language_code)
