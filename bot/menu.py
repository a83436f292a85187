"""The commands as Telegram's menu shows them, per language and kind of chat."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeUnion,
)

from bot.texts import Catalogue, Texts
from storage.callers.people import LANGUAGES
from storage.domain import Role

_EVERYONE = (
    "my",
    "find",
    "get",
    "link",
    "delete",
    "attach",
    "done",
    "usage",
    "lang",
    "avatar",
    "unlink",
    "privacy",
    "cancel",
    "help",
)
_STAFF = ("waiting", "request", "report", "move", "detach", "history", "invite", *_EVERYONE)
_ADMIN = ("status", "channels", "staff", "keys", "block", "setup", *_STAFF)
_OF_ROLE = {Role.USER: _EVERYONE, Role.STAFF: _STAFF, Role.ADMIN: _ADMIN}
_GROUPS = ("attach", "report", "done", "move", "detach", "request", "get", "help")


async def set_menus(
    bot: Bot, catalogue: Catalogue, roles: Mapping[int, Role], languages: Mapping[int, str] = MappingProxyType({})
) -> None:
    """Tell Telegram the commands; ``roles`` are people whose private chat shows theirs too, in the language that they
    chose, where they did. May be repeated.
    """
    for at, texts in enumerate(catalogue):
        # The first language is for everyone else: without a code.
        code = texts.language if at else None
        await _set(bot, texts, _EVERYONE, BotCommandScopeAllPrivateChats(), code)
        await _set(bot, texts, _GROUPS, BotCommandScopeAllGroupChats(), code)
    for person, role in sorted(roles.items()):
        await set_menu(bot, catalogue, person, role, languages.get(person))


async def set_menu(bot: Bot, catalogue: Catalogue, person: int, role: Role, language: str | None = None) -> None:
    """Show somebody the commands of the role that they have now, in the language they chose, else in Telegram's."""
    try:
        if language is not None:
            await set_menu_in(bot, catalogue(language), person, role)
            return
        for at, texts in enumerate(catalogue):
            await _set(bot, texts, _OF_ROLE[role], BotCommandScopeChat(chat_id=person), texts.language if at else None)
    except (TelegramBadRequest, TelegramForbiddenError):
        return  # they have not spoken to the bot yet, or do not want to


async def set_menu_in(bot: Bot, texts: Texts, person: int, role: Role) -> None:
    """Show somebody their commands in the language they chose, whatever their Telegram speaks."""
    for code in (None, *LANGUAGES[1:]):
        await _set(bot, texts, _OF_ROLE[role], BotCommandScopeChat(chat_id=person), code)


async def _set(
    bot: Bot, texts: Texts, names: Collection[str], scope: BotCommandScopeUnion, language_code: str | None
) -> None:
    commands = [BotCommand(command=name, description=texts.plain(f"command-{name}")) for name in names]
    await bot.set_my_commands(commands, scope=scope, language_code=language_code)
