"""The job ``staff_card``: shows staff what waits for a request, with the pictures, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramMigrateToChat
from aiogram.types import LinkPreviewOptions

from bot.cards.text import RenderedCard
from bot.saying import reply_to
from bot.staff.rows import ClaimedStaffCard, Source, StaffCardRows
from bot.staff.text import render_staff_card, render_summary
from bot.texts import Catalogue
from bot.versions import GONE, CatchingUp, Move, edit
from storage.domain import FileType, WaitingState

log = structlog.get_logger(__name__)

_WITHOUT_CAPTION = frozenset({FileType.STICKER, FileType.VIDEO_NOTE})
_POSTED_AGAIN_AFTER = timedelta(minutes=10)
"""An edit makes no sound: when more has come since, the summary is sent anew, no oftener than this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What the staff chat shows: null ids where there is no message."""

    message_id: int | None
    pictures: Sequence[int]
    captioned: bool
    digest: bytes | None
    at: datetime | None


class StaffCards(CatchingUp[ClaimedStaffCard, Shown]):
    """Sends and edits them. One file's card is its caption; an album comes first, and its card answers it."""

    def __init__(self, rows: StaffCardRows, *, bot: Bot, catalogue: Catalogue, timezone: tzinfo, moved: Move) -> None:
        super().__init__(rows, name="staff_card", moved=moved)
        self._rows = rows
        self._bot = bot
        self._catalogue = catalogue
        self._timezone = timezone

    async def claim(self, row_id: int) -> ClaimedStaffCard | None:
        return await self._rows.claim(row_id)

    async def show(self, claim: ClaimedStaffCard) -> Shown:
        if claim.summary:
            return await self._show_summary(claim)
        rendered = render_staff_card(self._catalogue(claim.language), claim, timezone=self._timezone)
        if claim.message_id is None:
            return await self._send(claim, rendered)
        if claim.shown != rendered.digest and not await self._edited(claim, rendered):
            if claim.state is not WaitingState.OPEN:
                return _shown(claim, rendered, message_id=None)  # somebody deleted it, and nobody need see it any more
            return await self._send(claim, rendered)
        return _shown(claim, rendered, message_id=claim.message_id)

    async def settle(self, claim: ClaimedStaffCard, shown: Shown | None) -> bool:
        values: dict[str, Any] = {}
        if shown is not None:
            values = {
                "chat_id": claim.chat_id,
                "message_id": shown.message_id,
                "pictures": list(shown.pictures),
                "captioned": shown.captioned,
                "shown": shown.digest,
                "shown_at": shown.at,
            }
        return await self._rows.settle_row(claim.id, claim.version, **values)

    async def _edited(self, claim: ClaimedStaffCard, rendered: RenderedCard) -> bool:
        assert claim.message_id is not None
        return await edit(
            self._bot, claim.chat_id, claim.message_id, rendered.text, rendered.keyboard, caption=claim.captioned
        )

    async def _send(self, claim: ClaimedStaffCard, rendered: RenderedCard) -> Shown:
        if _fits_caption(claim) and (message_id := await self._copy_with_card(claim, rendered)) is not None:
            return _shown(claim, rendered, message_id=message_id, captioned=True)
        pictures = claim.pictures or await self._copy_pictures(claim)
        if pictures and not claim.pictures:
            await self._rows.note_pictures(claim.id, claim.chat_id, pictures)
        message = await self._bot.send_message(
            claim.chat_id,
            rendered.text,
            parse_mode="HTML",
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_parameters=reply_to(pictures[0] if pictures else claim.reply_to),
            reply_markup=rendered.keyboard,
        )
        return _shown(claim, rendered, message_id=message.message_id, pictures=pictures)

    async def _copy_with_card(self, claim: ClaimedStaffCard, rendered: RenderedCard) -> int | None:
        """The file with the card as its caption; null where it cannot be had any more, here and in the channel."""
        for chat_id, message_id in _places(claim.sources[0]):
            try:
                copied = await self._bot.copy_message(
                    claim.chat_id,
                    chat_id,
                    message_id,
                    caption=rendered.text,
                    parse_mode="HTML",
                    reply_parameters=reply_to(claim.reply_to),
                    reply_markup=rendered.keyboard,
                )
            except TelegramMigrateToChat:
                raise
            except TelegramBadRequest as error:
                log.info("staff_picture_missing", id=claim.id, description=error.message)
            else:
                return copied.message_id
        return None

    async def _copy_pictures(self, claim: ClaimedStaffCard) -> list[int]:
        """An album stays one; empty where nothing of it can be had any more."""
        for batch in _batches(claim.sources):
            chat_id, ids = batch[0][0], sorted(message_id for _, message_id in batch)
            try:
                copied = await self._bot.copy_messages(claim.chat_id, chat_id, ids, remove_caption=True)
            except TelegramMigrateToChat:
                raise
            except TelegramBadRequest as error:
                log.info("staff_picture_missing", id=claim.id, description=error.message)
            else:
                return [one.message_id for one in copied]
        return []

    async def _show_summary(self, claim: ClaimedStaffCard) -> Shown:
        if not claim.more:
            await self._delete(claim)
            return Shown(message_id=None, pictures=(), captioned=False, digest=None, at=None)
        rendered = render_summary(self._catalogue(claim.language), claim.more)
        there = claim.message_id is not None and not _grown(claim)
        if there and (claim.shown == rendered.digest or await self._edited(claim, rendered)):
            return _shown(claim, rendered, message_id=claim.message_id)
        await self._delete(claim)
        message = await self._bot.send_message(
            claim.chat_id, rendered.text, parse_mode="HTML", reply_markup=rendered.keyboard
        )
        return _shown(claim, rendered, message_id=message.message_id, at=claim.now)

    async def _delete(self, claim: ClaimedStaffCard) -> None:
        if claim.message_id is None:
            return
        try:
            await self._bot.delete_message(claim.chat_id, claim.message_id)
        except TelegramBadRequest as error:
            if not any(text in error.message for text in (*GONE, "message to delete not found", "can't be deleted")):
                raise


def _shown(
    claim: ClaimedStaffCard,
    rendered: RenderedCard,
    *,
    message_id: int | None,
    captioned: bool | None = None,
    pictures: Sequence[int] | None = None,
    at: datetime | None = None,
) -> Shown:
    return Shown(
        message_id=message_id,
        pictures=claim.pictures if pictures is None else pictures,
        captioned=claim.captioned if captioned is None else captioned,
        digest=rendered.digest,
        at=at or claim.shown_at or claim.now,
    )


def _fits_caption(claim: ClaimedStaffCard) -> bool:
    return len(claim.views) == 1 and claim.views[0].file_type not in _WITHOUT_CAPTION and not claim.pictures


def _grown(claim: ClaimedStaffCard) -> bool:
    """Whether more has come since the summary was posted, long enough ago."""
    if claim.shown_at is None or claim.newest is None:
        return True
    return claim.newest > claim.shown_at and claim.now - claim.shown_at > _POSTED_AGAIN_AFTER


def _places(source: Source) -> list[tuple[int, int]]:
    """Where to copy from: as it was sent, else as it is kept."""
    sent = [] if source.chat_id is None or source.message_id is None else [(source.chat_id, source.message_id)]
    return sent + ([] if source.channel is None else [source.channel])


def _batches(sources: Sequence[Source]) -> list[list[tuple[int, int]]]:
    """The album as it was sent, else as it is kept: each from one chat, as `copyMessages` takes it."""
    found = []
    for pick in (0, 1):
        batch = [places[min(pick, len(places) - 1)] for one in sources if (places := _places(one))]
        if batch and len({chat_id for chat_id, _ in batch}) == 1 and batch not in found:
            found.append(batch)
    return found
