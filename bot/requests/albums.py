"""A request's files as albums: ten at a time, pictures first, each sent once however often the button is pressed.

Photos and videos that came through Telegram go by their file ids, so no bytes pass through us. A photo that came by
HTTP is a document in the channel: it is shown by its preview. Telegram mixes photos with videos, but documents and
music with nothing; voice messages and the like it shows alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    MaybeInaccessibleMessageUnion,
    MediaUnion,
)

from bot.saying import topic_of
from storage.catalog.request_files import Obstacle, RequestFile
from storage.domain import Caller, FileType, Role
from storage.errors import MediagateError
from storage.previews.serving import Previews

log = structlog.get_logger(__name__)

ALBUM_MOST = 10
_PREVIEW_SIDE = 1280
_SYSTEM = Caller(owner="system", role=Role.ADMIN)
"""Whoever sends an album has asked whether the person may see the request."""


class _Kind(Enum):
    """What goes into one album together."""

    PICTURE = auto()
    DOCUMENT = auto()
    AUDIO = auto()
    ALONE = auto()


@dataclass(frozen=True, slots=True)
class Albums:
    """What can be sent, in albums; what cannot is on the page and in the list."""

    pictures: tuple[tuple[RequestFile, ...], ...]
    papers: tuple[tuple[RequestFile, ...], ...]

    def pictures_after(self, sent: int) -> str | None:
        """Which pictures come next, as ``11–20 / 34``; None after the last."""
        return _span(self.pictures, sent)

    def papers_after(self, sent: int) -> str | None:
        return _span(self.papers, sent)


def albums_of(files: Sequence[RequestFile]) -> Albums:
    sendable = [file for file in files if _is_sendable(file)]
    pictures = [file for file in sendable if _kind(file) is _Kind.PICTURE]
    papers = sorted((file for file in sendable if _kind(file) is not _Kind.PICTURE), key=lambda one: _kind(one).value)
    return Albums(
        pictures=tuple(_chunks(pictures, ALBUM_MOST)),
        papers=tuple(
            chunk
            for kind, same in groupby(papers, key=_kind)
            for chunk in _chunks(list(same), 1 if kind is _Kind.ALONE else ALBUM_MOST)
        ),
    )


class AlbumSender:
    """Sends one album into a chat."""

    def __init__(self, *, bot: Bot, previews: Previews) -> None:
        self._bot = bot
        self._previews = previews

    async def send(self, message: MaybeInaccessibleMessageUnion, files: Sequence[RequestFile], caption: str) -> bool:
        """As one message or album with one caption (HTML). False where none of it can be shown.

        Raises `TelegramAPIError` for what may work later.
        """
        if _kind(files[0]) is _Kind.ALONE:
            return await self._copy(message, files[0], caption)
        for by_preview in (False, True):
            items = [item for file in files if (item := await self._item(file, by_preview=by_preview)) is not None]
            try:
                if items:
                    await self._send(message, items, caption)
                    return True
            except TelegramBadRequest as error:
                # One id that Telegram no longer knows, or knows as another kind, spoils the whole album.
                log.warning("album_refused", description=error.message, by_preview=by_preview)
        return False

    async def _send(self, message: MaybeInaccessibleMessageUnion, items: list[MediaUnion], caption: str) -> None:
        first = items[0].model_copy(update={"caption": caption, "parse_mode": "HTML"})
        await self._bot.send_media_group(message.chat.id, [first, *items[1:]], message_thread_id=topic_of(message))

    async def _item(self, file: RequestFile, *, by_preview: bool) -> MediaUnion | None:
        place = file.view.telegram
        known = None if place is None else place.file_id
        kind = _kind(file)
        if kind is _Kind.PICTURE and (by_preview or known is None or not _is_native(file)):
            return await self._drawn(file)
        if known is None:
            return None
        match kind:
            case _Kind.PICTURE:
                is_film = file.view.file_type is FileType.VIDEO
                return InputMediaVideo(media=known) if is_film else InputMediaPhoto(media=known)
            case _Kind.AUDIO:
                return InputMediaAudio(media=known)
            case _:
                return InputMediaDocument(media=known)

    async def _drawn(self, file: RequestFile) -> MediaUnion | None:
        """The preview; of a video too, where the video itself cannot be part of an album."""
        try:
            found = await self._previews.find(_SYSTEM, file.view.id)
            jpeg = await self._previews.jpeg(found, _PREVIEW_SIDE)
        except MediagateError as error:
            log.info("album_item_left_out", media_id=file.view.id, code=error.code)
            return None
        return InputMediaPhoto(media=BufferedInputFile(jpeg, f"{file.view.id}.jpg"))

    async def _copy(self, message: MaybeInaccessibleMessageUnion, file: RequestFile, caption: str) -> bool:
        place = file.view.telegram
        assert place is not None
        bare = file.view.file_type in (FileType.STICKER, FileType.VIDEO_NOTE)
        try:
            await self._bot.copy_message(
                message.chat.id,
                place.channel_id,
                place.message_id,
                caption=None if bare else caption,
                parse_mode=None if bare else "HTML",
                message_thread_id=topic_of(message),
            )
        except TelegramBadRequest as error:
            log.warning("media_not_copied", media_id=file.view.id, description=error.message)
            return False
        return True


def _is_sendable(file: RequestFile) -> bool:
    place = file.view.telegram
    return place is not None and place.parts == 1 and file.obstacle is not Obstacle.DAMAGED


def _is_native(file: RequestFile) -> bool:
    """Whether Telegram has it as the photo or video it is, and not as a document."""
    return file.view.source == "telegram"


def _kind(file: RequestFile) -> _Kind:
    match file.view.file_type:
        case FileType.PHOTO if _is_native(file) or file.view.previewable:
            return _Kind.PICTURE
        case FileType.VIDEO if _is_native(file):
            return _Kind.PICTURE
        case FileType.AUDIO if _is_native(file):
            return _Kind.AUDIO
        case FileType.VOICE | FileType.VIDEO_NOTE | FileType.STICKER | FileType.ANIMATION if _is_native(file):
            return _Kind.ALONE
        case _:
            return _Kind.DOCUMENT


def _chunks(files: Sequence[RequestFile], size: int) -> Iterator[tuple[RequestFile, ...]]:
    return (tuple(files[start : start + size]) for start in range(0, len(files), size))


def _span(albums: Sequence[Sequence[RequestFile]], sent: int) -> str | None:
    if not 0 <= sent < len(albums):
        return None
    before = sum(len(album) for album in albums[:sent])
    last, total = before + len(albums[sent]), sum(len(album) for album in albums)
    first = before + 1
    return f"{first}–{last} / {total}" if last > first else f"{first} / {total}"
