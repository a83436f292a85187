"""The job ``card``: brings the one answer to a file or an album up to date with its rows."""

from datetime import tzinfo

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import LinkPreviewOptions, ReplyParameters
from sqlalchemy import func

from bot.card_rows import CardRows, ClaimedCard
from bot.card_text import RenderedCard, render_card
from bot.texts import Catalogue
from bot.versions import GONE, UNCHANGED, CatchingUp, Move

Shown = tuple[int | None, bytes]
"""A message's id, and the digest of what it shows."""


class Cards(CatchingUp[ClaimedCard, Shown]):
    """Sends and edits cards."""

    def __init__(self, rows: CardRows, *, bot: Bot, catalogue: Catalogue, timezone: tzinfo, moved: Move) -> None:
        super().__init__(rows, name="card", moved=moved)
        self._rows = rows
        self._bot = bot
        self._catalogue = catalogue
        self._timezone = timezone

    async def claim(self, row_id: int) -> ClaimedCard | None:
        return await self._rows.claim(row_id)

    async def show(self, claim: ClaimedCard) -> Shown:
        rendered = self._rendered(claim)
        return await self._put(claim, rendered), rendered.digest

    async def settle(self, claim: ClaimedCard, shown: Shown | None) -> bool:
        message_id, digest = shown or (claim.message_id, self._rendered(claim).digest)
        said = {"message_id": message_id, "shown": digest, "shown_at": func.clock_timestamp()}
        behind = await self._rows.settle_row(claim.id, claim.version, **said)
        if shown is not None and claim.unstored:
            await self._rows.look_again(claim.id)
        return behind

    def _rendered(self, card: ClaimedCard) -> RenderedCard:
        texts = self._catalogue(card.language)
        private = card.chat_id == card.person_id
        return render_card(texts, card.items, album=card.album, timezone=self._timezone, private=private)

    async def _put(self, card: ClaimedCard, rendered: RenderedCard) -> int:
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
            if any(text in error.message for text in GONE):
                return await self._send(card, rendered)
            if UNCHANGED not in error.message:
                raise
        return card.message_id

    async def _send(self, card: ClaimedCard, rendered: RenderedCard) -> int:
        message = await self._bot.send_message(
            card.chat_id,
            rendered.text,
            message_thread_id=card.thread_id,
            parse_mode="HTML",
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=ReplyParameters(message_id=card.reply_to, allow_sending_without_reply=True),
            reply_markup=rendered.keyboard,
        )
        return message.message_id
