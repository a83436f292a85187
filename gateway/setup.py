"""`mediagate setup`: from nothing to a bot that leads its administrator on.

The token is asked for without echo, checked, and kept in ``.env``. Then a link is made that turns whoever opens it
first, within an hour, into the administrator; the bot does the rest in its chat.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiogram.exceptions import TelegramAPIError, TelegramUnauthorizedError
from aiogram.utils.token import TokenValidationError, validate_token

from gateway.cli_ground import ACTOR, command_bot, command_ground
from gateway.data_dir import serves_the_other
from gateway.env_file import set_in_env_file
from gateway.settings import PREFIX, Settings, SettingsError, load_settings
from storage.callers.invite_links import SETUP_VALID
from storage.domain import Role

TOKENS, DATA_DIR = f"{PREFIX}BOT_TOKENS", f"{PREFIX}DATA_DIR"
_LOOK = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class SetUp:
    """What setting up came to. ``link`` makes its first opener the administrator."""

    username: str
    link: str
    wrote_token: bool


class TokenRefused(SettingsError):
    """Telegram does not know the token, or it is none."""


async def set_up(
    ask: Callable[[], str], *, env_file: Path = Path(".env"), environ: Mapping[str, str] | None = None, sandbox: bool
) -> SetUp:
    """Check or ask for a token, keep it, and make the link.

    ``ask`` asks a person for the token; with ``sandbox`` the local Telegram is set up, which needs none.
    Raises `TokenRefused`, and SettingsError where Telegram cannot be reached or `.env` cannot be written.
    """
    given = dict(os.environ if environ is None else environ)
    settings = load_settings(given, env_file)
    wrote = settings.sandbox and not sandbox
    if wrote:
        given[TOKENS] = _plausible(ask())
        settings = load_settings(given, env_file)
        await username_of(settings)
        settings = _keep(env_file, settings, given)
    username = await username_of(settings)
    async with command_ground(settings) as ground:
        parameter = await ground.links.create(Role.ADMIN, by=ACTOR, expires_in=SETUP_VALID, most_uses=1)
    return SetUp(username=username, link=f"https://t.me/{username}?start={parameter}", wrote_token=wrote)


async def new_passphrase(settings: Settings) -> str:
    """Another recovery passphrase, in place of the one there may be."""
    async with command_ground(settings) as ground:
        passphrase = await ground.recovery.make(by=ACTOR, anew=True)
    assert passphrase is not None
    return passphrase


def _plausible(token: str) -> str:
    cleaned = token.strip()
    try:
        validate_token(cleaned)
    except TokenValidationError as error:
        raise TokenRefused("this is no bot token: @BotFather gives one that looks like 123456789:AAE…") from error
    return cleaned


async def username_of(settings: Settings) -> str:
    """The bot's name, which says that its token is good. Raises `TokenRefused` and SettingsError."""
    try:
        async with command_bot(settings) as bot:
            return (await bot.get_me(request_timeout=_LOOK)).username or ""
    except TelegramUnauthorizedError as error:
        raise TokenRefused("Telegram does not know this token: copy it again from @BotFather") from error
    except TelegramAPIError as error:
        where = "the local Telegram" if settings.sandbox else settings.telegram_api_url
        raise SettingsError(f"there is no answer from {where} ({type(error).__name__})") from error


def _keep(env_file: Path, settings: Settings, given: dict[str, str]) -> Settings:
    """Write the token down, and where the usual DATA_DIR served the local Telegram another one; the settings then.

    A token that came from the environment is not copied: the environment wins, and the copy would grow old.
    """
    moved = "data_dir" not in settings.model_fields_set and serves_the_other(settings)
    try:
        if moved:
            given[DATA_DIR] = f"{settings.data_dir.name}-telegram"
            set_in_env_file(env_file, DATA_DIR, given[DATA_DIR])
        set_in_env_file(env_file, TOKENS, given[TOKENS])
    except OSError as error:
        raise SettingsError(f"{env_file} cannot be written ({error.strerror})") from error
    return load_settings(given, env_file)
