"""The job ``card``: brings the one answer to a file or an album up to date with its rows."""

from datetime import tzinfo
from typing import Any, NoReturn

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import LinkPreviewOptions, ReplyParameters

from bot.card_rows import CardRows, ClaimedCard
from bot.card_text import RenderedCard, render_card
from bot.texts import Catalogue
from storage.jobs import Later

log = structlog.get_logger(__name__)

_RETRY_DELAY = 3.0
_GONE = ("message to edit not found", "message can't be edited")
_UNCHANGED = "message is not modified"


class Cards:
    """Sends and edits cards. A lost answer to a first send may leave a second card: better than none."""

    def __init__(self, rows: CardRows, *, bot: Bot, catalogue: Catalogue, timezone: tzinfo) -> None:
        self._rows = rows
        self._bot = bot
        self._catalogue = catalogue
        self._timezone = timezone

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job: ``{"card": id}``, with ``late`` the second look at one whose media were still on their way."""
        card_id = int(payload["card"])
        with self._rows.holding.held(card_id):
            if payload.get("late"):
                await self._rows.want_again(card_id)
            while (card := await self._rows.claim(card_id)) is not None:
                if not await self._bring_up_to_date(card):
                    return

    async def _bring_up_to_date(self, card: ClaimedCard) -> bool:
        """True where the card has changed meanwhile. Raises `Later` for what passes."""
        texts = self._catalogue(card.language)
        rendered = render_card(texts, card.items, album=card.album, timezone=self._timezone)
        try:
            message_id = await self._show(card, rendered)
        except TelegramMigrateToChat as error:
            await self._rows.release(card.id, chat_id=error.migrate_to_chat_id)
            return True
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            # The chat is gone, or it never works: what the card would say is not worth trying for ever.
            log.info("card_given_up", card_id=card.id, description=error.message)
            await self._rows.settle(card, card.message_id, rendered.digest, look_again=False)
            return False
        except AiogramError as error:
            await self._try_later(card, error)
        except BaseException:
            await self._rows.release(card.id)
            raise
        return await self._rows.settle(card, message_id, rendered.digest, look_again=card.unstored)

    async def _try_later(self, card: ClaimedCard, error: AiogramError) -> NoReturn:
        await self._rows.release(card.id)
        delay = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else _RETRY_DELAY
        log.info("card_postponed", card_id=card.id, error=type(error).__name__, delay=delay)
        raise Later(delay, "telegram")

    async def _show(self, card: ClaimedCard, rendered: RenderedCard) -> int:
        """Send or edit, unless the chat shows it already; returns the id of the message that now shows the card."""
        if card.message_id is None:
            return await self._send(card, rendered)
        if card.shown == rendered.digest:
            return card.message_id
        try:
            await self._bot.edit_message_text(
                rendered.text,
                chat_id=card.chat_id,
                message_id=card.message_id,
                parse_mode="HTML",
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=rendered.keyboard,
            )
        except TelegramBadRequest as error:
            if any(text in error.message for text in _GONE):
                return await self._send(card, rendered)
            if _UNCHANGED not in error.message:
                raise
        return card.message_id

    async def _send(self, card: ClaimedCard, rendered: RenderedCard) -> int:
        message = await self._bot.send_message(
            card.chat_id,
            rendered.text,
            parse_mode="HTML",
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=ReplyParameters(message_id=card.reply_to, allow_sending_without_reply=True),
            reply_markup=rendered.keyboard,
        )
        return message.message_id
