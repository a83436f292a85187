"""Sending a media to a chat: the bot copies it there, and no byte passes through us."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from storage.auditing.audit import record
from storage.catalog.reading import Reading
from storage.database import Sessions
from storage.domain import Caller
from storage.engine.copies import copies_there
from storage.engine.damage import part_damaged
from storage.errors import (
    CallRefused,
    ChannelUnavailable,
    InSeveralParts,
    InvalidFields,
    MessageLocked,
    MessageMissing,
    RecipientUnavailable,
    SourceUnavailable,
)
from storage.ports import Messenger
from storage.tables import Channel, Part, PartCopy
from storage.views import MediaView, TelegramPlace

log = structlog.get_logger(__name__)

_NOT_STORED_YET = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed:
    """Where it is now."""

    media_id: int
    chat_id: int
    message_id: int


class Sending:
    """The use case. Each call is a message: not to be repeated for the same wish."""

    def __init__(self, *, sessions: Sessions, reading: Reading, messenger: Messenger) -> None:
        self._sessions = sessions
        self._reading = reading
        self._messenger = messenger

    async def send(self, caller: Caller, media_id: int, chat_id: int, *, text: str | None) -> Handed:
        """Copy the media into the chat, with ``text`` or its name as the caption.

        Raises what `Reading.media` raises; `SourceUnavailable` while it is on its way to Telegram, `InSeveralParts`
        for what Telegram cannot show as one file, `RecipientUnavailable` for a chat that does not know the bot,
        `InvalidFields` for an archive channel, and `ArchiveError`s.
        """
        view = await self._reading.media(caller, media_id)
        place = _place(view)
        await self._refuse_channels(chat_id)
        message_id = await self._copy(view, place, chat_id, view.filename if text is None else text)
        async with self._sessions.begin() as session:
            record(session, caller.owner, "sent", media_id=view.id, detail={"chat_id": chat_id})
        log.info("media_sent", media_id=view.id, chat_id=chat_id, message_id=message_id)
        return Handed(media_id=view.id, chat_id=chat_id, message_id=message_id)

    async def _copy(self, view: MediaView, place: TelegramPlace, chat_id: int, text: str) -> int:
        """From its channel, and where it is not there (any more), from its copies."""
        try:
            return await self._messenger.copy(chat_id, place.channel_id, place.message_id, text)
        except (MessageMissing, ChannelUnavailable) as error:
            missed: CallRefused = error
        for copy in await self._copies(view.id, missed):
            assert copy.chat_id is not None
            assert copy.message_id is not None
            with suppress(MessageMissing, ChannelUnavailable):
                return await self._messenger.copy(chat_id, copy.chat_id, copy.message_id, text)
        if isinstance(missed, ChannelUnavailable):
            raise RecipientUnavailable(chat_id=chat_id, reason=missed.description) from missed
        raise missed

    async def _copies(self, media_id: int, missed: CallRefused) -> Sequence[PartCopy]:
        """The copies of a media of one part, whose message may be gone."""
        async with self._sessions.begin() as session:
            part = await session.scalar(select(Part).where(Part.media_id == media_id))
            if part is None or part.chat_id is None or part.message_id is None:
                return []
            if isinstance(missed, MessageMissing) and not isinstance(missed, MessageLocked):
                where = {"chat_id": part.chat_id, "message_id": part.message_id}
                await part_damaged(session, part.id, **where, reason=missed.code)
            return await copies_there(session, part)

    async def _refuse_channels(self, chat_id: int) -> None:
        async with self._sessions.begin() as session:
            if await session.scalar(select(Channel.id).where(Channel.chat_id == chat_id)) is not None:
                raise InvalidFields(("chat_id", "is a channel that holds the archive"))


def _place(view: MediaView) -> TelegramPlace:
    if view.telegram is None:
        raise SourceUnavailable(media_id=view.id, retry_after=_NOT_STORED_YET)
    if view.telegram.parts > 1:
        raise InSeveralParts(media_id=view.id, parts=view.telegram.parts)
    return view.telegram
