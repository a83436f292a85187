"""Telling admins: the job ``alert`` brings every person's message up to the alert's row."""

from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import LinkPreviewOptions

from bot.admin.alert_texts import Moment, alert_page
from bot.media.pages import Page
from bot.texts import Catalogue
from storage.auditing.alerts import Alerts, AlertView, Telling
from storage.callers.roster import Roster
from storage.jobs import Later

log = structlog.get_logger(__name__)

_AGAIN = 10.0


class Teller:
    """Sends one message per person and alert, and edits it when the alert is over."""

    def __init__(self, *, alerts: Alerts, roster: Roster, bot: Bot, catalogue: Catalogue, moment: Moment) -> None:
        self._alerts = alerts
        self._roster = roster
        self._bot = bot
        self._catalogue = catalogue
        self._moment = moment

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job: ``{"alert": id}``. Where Telegram is away it is tried again until it is there."""
        found = await self._alerts.to_tell(int(payload["alert"]))
        if found is None:
            return
        alert, tellings = found
        languages = await self._roster.languages([one.chat_id for one in tellings])
        for telling in tellings:
            page = alert_page(self._catalogue(languages.get(telling.chat_id)), alert, self._moment)
            await self._tell(alert, telling, page)

    async def _tell(self, alert: AlertView, telling: Telling, page: Page) -> None:
        over = alert.ended_at is not None
        message_id: int | None = None
        try:
            message_id = await self._show(telling, page)
        except TelegramRetryAfter as error:
            raise Later(error.retry_after, "flood") from error
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            log.info("person_not_told", chat_id=telling.chat_id, kind=alert.kind, description=error.message)
        except TelegramAPIError as error:
            raise Later(_AGAIN, type(error).__name__) from error
        await self._alerts.told(telling, message_id, end=over)

    async def _show(self, telling: Telling, page: Page) -> int:
        if telling.message_id is not None:
            try:
                await self._bot.edit_message_text(
                    page.text, chat_id=telling.chat_id, message_id=telling.message_id, parse_mode="HTML"
                )
            except TelegramBadRequest as error:
                if "message is not modified" not in error.message:
                    log.info("alert_told_anew", description=error.message)
                    return await self._send(telling, page)
            return telling.message_id
        return await self._send(telling, page)

    async def _send(self, telling: Telling, page: Page) -> int:
        sent = await self._bot.send_message(
            telling.chat_id,
            page.text,
            parse_mode="HTML",
            reply_markup=page.keyboard,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return sent.message_id
