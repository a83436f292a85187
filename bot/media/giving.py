"""Handing a media back in a chat: copied from the channel, or from where it was sent; no byte passes through us."""

from datetime import tzinfo

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import MaybeInaccessibleMessageUnion, ReplyParameters
from sqlalchemy import select

from bot.lines import numbers_text, shown_name
from bot.saying import PRIVATE, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.domain import Caller, FileType, Role
from storage.tables import Media
from storage.use_cases import UseCases
from storage.views import MediaView

log = structlog.get_logger(__name__)

_WITHOUT_CAPTION = frozenset({FileType.STICKER, FileType.VIDEO_NOTE})


class Giver:
    """Sends media into chats. Whoever calls has checked that the person may see them."""

    def __init__(self, *, bot: Bot, use_cases: UseCases, public_url: str, timezone: tzinfo) -> None:
        self._bot = bot
        self._use_cases = use_cases
        self._public_url = public_url.rstrip("/")
        self._timezone = timezone

    async def give(
        self,
        message: MaybeInaccessibleMessageUnion,
        person: PersonView,
        texts: Texts,
        media_id: int,
        *,
        on_word_of: Caller | None = None,
    ) -> None:
        """Send the media as an answer to ``message``, or say why not now. Raises what `Reading.media` raises.

        ``on_word_of``: who may see it, where that is not the person themselves.
        """
        view = await self._use_cases.reading.media(on_word_of or person.caller, media_id)
        shown = str(view.id)
        if view.telegram is not None and view.telegram.parts > 1:
            await say(self._bot, message, self._about_parts(person, texts, view, view.telegram.parts))
            return
        place = await self._place(view)
        if place is None:
            await say(self._bot, message, texts("get-not-yet", id=shown))
            return
        try:
            await self._copy(message, texts, view, place)
            self._use_cases.audit.read(person.caller.owner, "bytes_read", media_id=view.id)
        except TelegramBadRequest as error:
            log.warning("media_not_copied", media_id=view.id, description=error.message)
            await say(self._bot, message, texts("get-lost", id=shown))

    def _about_parts(self, person: PersonView, texts: Texts, view: MediaView, parts: int) -> str:
        if person.role is Role.ADMIN:
            url = f"{self._public_url}/api/v1/media/{view.id}/file"
            return texts("get-parts-link", id=str(view.id), count=parts, url=url)
        return texts("get-parts", id=str(view.id), count=parts)

    async def _place(self, view: MediaView) -> tuple[int, int] | None:
        """Chat and message to copy from: the channel's, before that the one it came in."""
        if view.telegram is not None:
            return view.telegram.channel_id, view.telegram.message_id
        source = select(Media.source_chat_id, Media.source_message_id).where(Media.id == view.id)
        async with self._use_cases.sessions.begin() as session:
            chat_id, message_id = (await session.execute(source)).one()
        return None if chat_id is None or message_id is None else (chat_id, message_id)

    async def _copy(
        self, message: MaybeInaccessibleMessageUnion, texts: Texts, view: MediaView, place: tuple[int, int]
    ) -> None:
        chat_id, message_id = place
        reply = None
        if message.chat.type != PRIVATE:
            reply = ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True)
        # Without a caption of its own the copy would show the channel's, with our line for programs.
        plain = view.telegram is None and view.file_type in _WITHOUT_CAPTION
        await self._bot.copy_message(
            message.chat.id,
            chat_id,
            message_id,
            caption=None if plain else self._caption(texts, view),
            parse_mode=None if plain else "HTML",
            reply_parameters=reply,
        )

    def _caption(self, texts: Texts, view: MediaView) -> str:
        key = "get-caption-request" if view.request_numbers else "get-caption"
        values = {"numbers": numbers_text(view.request_numbers)} if view.request_numbers else {}
        return texts(key, name=shown_name(texts, view, self._timezone), id=str(view.id), **values)
