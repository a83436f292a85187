"""The job ``card``: brings the one answer to a file or an album up to date with its rows."""

from datetime import tzinfo

from aiogram import Bot
from aiogram.types import LinkPreviewOptions

from bot.attaching.offering import with_offers
from bot.cards.claiming import CardRows, ClaimedCard, Settled
from bot.cards.text import RenderedCard, render_card
from bot.saying import reply_to
from bot.staff.groups import DONE, SEEN, Reactions
from bot.texts import Catalogue
from bot.versions import CatchingUp, edit
from storage.callers.groups import Groups
from storage.domain import GONE as GONE_STATUSES

Shown = tuple[int | None, bytes]
"""A message's id, and the digest of what it shows."""


class Cards(CatchingUp[ClaimedCard, Shown]):
    """Sends and edits cards. In a group a reaction says enough where there is nothing to ask or to explain."""

    def __init__(self, rows: CardRows, *, bot: Bot, catalogue: Catalogue, timezone: tzinfo, groups: Groups) -> None:
        super().__init__(rows, name="card", moved=groups.move)
        self._reactions = Reactions(bot, groups)
        self._rows = rows
        self._bot = bot
        self._catalogue = catalogue
        self._timezone = timezone

    async def claim(self, row_id: int) -> ClaimedCard | None:
        return await self._rows.claim(row_id)

    async def show(self, claim: ClaimedCard) -> Shown:
        emoji = reaction_to(claim) if claim.message_id is None else None
        if emoji is not None and await self._reacted(claim, emoji):
            return None, emoji.encode()
        rendered = self._rendered(claim)
        return await self._put(claim, rendered), rendered.digest

    async def settle(self, claim: ClaimedCard, shown: Shown | None) -> bool:
        message_id, digest = shown or (claim.message_id, self._rendered(claim).digest)
        look_again = shown is not None and claim.unstored
        return await self._rows.settle(
            Settled(card_id=claim.id, version=claim.version, message_id=message_id, shown=digest, look_again=look_again)
        )

    async def _reacted(self, card: ClaimedCard, emoji: str) -> bool:
        """False where the chat forbids reactions."""
        return card.shown == emoji.encode() or await self._reactions.react(card.chat_id, card.reply_to, emoji)

    def _rendered(self, card: ClaimedCard) -> RenderedCard:
        texts = self._catalogue(card.language)
        private = card.chat_id == card.person_id
        rendered = render_card(texts, card.items, album=card.album, timezone=self._timezone, private=private)
        return with_offers(texts, rendered, card)

    async def _put(self, card: ClaimedCard, rendered: RenderedCard) -> int:
        """Send or edit, unless the chat shows it already; returns the id of the message that now shows the card."""
        if card.message_id is None:
            return await self._send(card, rendered)
        if card.shown == rendered.digest:
            return card.message_id
        if await edit(self._bot, card.chat_id, card.message_id, rendered.text, rendered.keyboard):
            return card.message_id
        return await self._send(card, rendered)

    async def _send(self, card: ClaimedCard, rendered: RenderedCard) -> int:
        message = await self._bot.send_message(
            card.chat_id,
            rendered.text,
            message_thread_id=card.thread_id,
            parse_mode="HTML",
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=reply_to(card.reply_to),
            reply_markup=rendered.keyboard,
        )
        return message.message_id


def reaction_to(card: ClaimedCard) -> str | None:
    """What acknowledges the card's message in a group; null where words, or buttons, are needed."""
    if card.chat_id == card.person_id or card.reply_to <= 0:
        return None
    views = [item.view for item in card.items if item.view is not None and item.error is None and not item.duplicate]
    told = all(view.deliverable and (view.request_numbers or not card.by_staff) for view in views)
    if len(views) < len(card.items) or not told or any(view.status in GONE_STATUSES for view in views):
        return None
    return DONE if all(view.stored for view in views) else SEEN
