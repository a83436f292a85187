"""The job ``tidings``: tells those who sent something what became of it, with the media it is about.

A row is told when its message was sent. A lost answer may have it told again: better than never.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import (
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
    MediaUnion,
    ReplyParameters,
)

from bot.keyboards import GetMedia, button, rows_of
from bot.texts import Catalogue, Texts
from storage.callers.people import People
from storage.callers.telling import Batch, TidingKind, Tidings
from storage.catalog.reading import Reading
from storage.domain import Caller, FileType, Role
from storage.jobs import Later
from storage.views import MediaView

log = structlog.get_logger(__name__)

_RETRY_DELAY, _STORING_DELAY = 3.0, 5.0
_LONGEST_STORING = 600.0
"""Seconds after which a report is told without those of its media that are not in Telegram yet."""

_ALBUM_MOST = 10
_BUTTONS_MOST = 8
_ARCHIVE = Caller(owner="system", role=Role.ADMIN)
"""Reports are shown to people who cannot see them otherwise."""


class Teller:
    """Handles the jobs. Staff, who see requests anyway, are not told."""

    def __init__(self, rows: Tidings, *, bot: Bot, people: People, reading: Reading, catalogue: Catalogue) -> None:
        self._rows = rows
        self._bot = bot
        self._people = people
        self._reading = reading
        self._catalogue = catalogue

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job: tell what is untold of a person, kind and request. Raises `Later` for what passes."""
        batch = await self._rows.claim(payload)
        if batch is None:
            return
        try:
            await self._tell(batch)
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            log.info("tidings_given_up", person_id=batch.person_id, description=error.message)
        except AiogramError as error:
            await self._rows.release(batch)
            delay = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else _RETRY_DELAY
            raise Later(delay, "telegram") from error
        except BaseException:
            await self._rows.release(batch)
            raise
        await self._rows.told(batch)

    async def _tell(self, batch: Batch) -> None:
        if await self._people.role_of(batch.person_id) is not Role.USER:
            return
        there = await self._rows.still_attached(batch)
        views = await self._reading.several(_ARCHIVE, there)
        if not views:
            return
        texts = self._catalogue(await self._rows.language_of(batch.person_id))
        card = await self._rows.card_of(batch)
        reply = ReplyParameters(message_id=card, allow_sending_without_reply=True) if card is not None else None
        if batch.kind is TidingKind.ATTACHED:
            text = texts("told-attached", number=batch.request_number, count=len(views))
            await self._say(batch, text, reply, _get_keyboard(texts, views))
        else:
            await self._report(batch, texts, views, reply)

    async def _report(
        self, batch: Batch, texts: Texts, views: Sequence[MediaView], reply: ReplyParameters | None
    ) -> None:
        """Photos and videos as one album under the words, all else after it."""
        if any(not view.stored for view in views) and batch.oldest.total_seconds() < _LONGEST_STORING:
            raise Later(_STORING_DELAY, "being stored")
        words = texts("told-report", number=batch.request_number)
        album = [view for view in views if _input(view, None) is not None][:_ALBUM_MOST]
        if album and await self._album(batch, words, album, reply):
            await self._rows.told(batch.of([view.id for view in album]))
        else:
            album = []
        rest = [view for view in views if view not in album and view.telegram is not None and view.telegram.parts == 1]
        for view in rest:
            assert view.telegram is not None
            await self._bot.copy_message(
                batch.person_id,
                view.telegram.channel_id,
                view.telegram.message_id,
                caption=words,
                parse_mode="HTML",
                reply_parameters=reply,
            )
            await self._rows.told(batch.of([view.id]))
        if not album and not rest:
            await self._say(batch, texts("told-report-plain", number=batch.request_number), reply, None)

    async def _album(self, batch: Batch, words: str, views: Sequence[MediaView], reply: ReplyParameters | None) -> bool:
        """False where Telegram does not take them so."""
        try:
            await self._send_album(batch, words, views, reply)
        except TelegramBadRequest as error:
            log.warning("album_refused", person_id=batch.person_id, description=error.message)
            return False
        return True

    async def _send_album(
        self, batch: Batch, words: str, views: Sequence[MediaView], reply: ReplyParameters | None
    ) -> None:
        inputs = [_input(view, words if at == 0 else None) for at, view in enumerate(views)]
        media: list[MediaUnion] = [one for one in inputs if one is not None]
        first = media[0]
        if len(media) > 1:
            await self._bot.send_media_group(batch.person_id, media, reply_parameters=reply)
        elif isinstance(first, InputMediaVideo):
            await self._bot.send_video(
                batch.person_id, first.media, caption=words, parse_mode="HTML", reply_parameters=reply
            )
        else:
            await self._bot.send_photo(
                batch.person_id, first.media, caption=words, parse_mode="HTML", reply_parameters=reply
            )

    async def _say(
        self, batch: Batch, text: str, reply: ReplyParameters | None, keyboard: InlineKeyboardMarkup | None
    ) -> None:
        await self._bot.send_message(
            batch.person_id,
            text,
            parse_mode="HTML",
            reply_parameters=reply,
            reply_markup=keyboard,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )


def _input(view: MediaView, caption: str | None) -> InputMediaPhoto | InputMediaVideo | None:
    """What Telegram shows as a picture: photos and videos that came through a chat. The rest are documents."""
    if view.telegram is None or view.telegram.file_id is None or view.source != "telegram":
        return None
    match view.file_type:
        case FileType.PHOTO:
            return InputMediaPhoto(media=view.telegram.file_id, caption=caption, parse_mode="HTML")
        case FileType.VIDEO:
            return InputMediaVideo(media=view.telegram.file_id, caption=caption, parse_mode="HTML")
    return None


def _get_keyboard(texts: Texts, views: Sequence[MediaView]) -> InlineKeyboardMarkup:
    buttons = [button(texts.plain("button-get", id=str(view.id)), GetMedia(id=view.id)) for view in views]
    return InlineKeyboardMarkup(inline_keyboard=rows_of(buttons[:_BUTTONS_MOST]))
