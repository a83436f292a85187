"""How updates come: by polling or by a webhook; and what Telegram is told of us at the start."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramRetryAfter

from bot.admin.room import AdminRoom
from bot.config import BotConfig
from bot.inbox.inbox import Inbox
from bot.inbox.polling import ALLOWED_UPDATES, Poller
from bot.menu import set_menus
from bot.texts import Catalogue

log = structlog.get_logger(__name__)

WEBHOOK_PATH = "/telegram/webhook"
"""Where the web app takes updates and gives them to `BotDoor.accept_update`, below the public URL."""

_RETRY_DELAYS = (1.0, 5.0, 30.0)


class Connecting:
    """Keeps at it until Telegram is there."""

    def __init__(self, *, bot: Bot, inbox: Inbox, admins: AdminRoom, catalogue: Catalogue, config: BotConfig) -> None:
        self._bot = bot
        self._inbox = inbox
        self._admins = admins
        self._catalogue = catalogue
        self._config = config

    async def run(self) -> None:
        """Take updates in, or have them sent, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_until_done("commands_not_set", self._introduce))
            tasks.create_task(self._take_in())

    async def _take_in(self) -> None:
        if self._config.webhook:
            await _until_done("webhook_not_set", self._set_webhook)
            return
        await _until_done("webhook_not_deleted", self._delete_webhook)
        # What was lost is found out before the first update makes somebody look as if they had just written.
        await self._admins.back()
        contact = self._admins.contact
        await Poller(self._bot, self._inbox, rival=contact.rival, heard=contact.heard).run()

    async def _introduce(self) -> None:
        staff = await self._admins.roster.staff()
        languages = await self._admins.roster.languages([one.telegram_id for one in staff])
        await set_menus(self._bot, self._catalogue, {one.telegram_id: one.role for one in staff}, languages)

    async def _set_webhook(self) -> None:
        await self._bot.set_webhook(
            self._config.public_url.rstrip("/") + WEBHOOK_PATH,
            secret_token=self._config.webhook_secret,
            allowed_updates=list(ALLOWED_UPDATES),
        )

    async def _delete_webhook(self) -> None:
        await self._bot.delete_webhook(drop_pending_updates=False)


async def _until_done(event: str, action: Callable[[], Awaitable[None]]) -> None:
    """Telegram may be away when we start: try again until it is there."""
    failures = 0
    while True:
        try:
            await action()
        except AiogramError as error:
            delay = _RETRY_DELAYS[min(failures, len(_RETRY_DELAYS) - 1)]
            if isinstance(error, TelegramRetryAfter):
                delay = float(error.retry_after)
            failures += 1
            log.warning(event, error=type(error).__name__, retry_in=delay)
            await asyncio.sleep(delay)
        else:
            return
