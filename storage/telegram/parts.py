"""Parts in channels, through one bot: the Bot API behind the `PartStore` port."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from aiogram import Bot
from aiogram.methods import (
    CopyMessage,
    DeleteMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageMedia,
    ForwardMessage,
    SendAnimation,
    SendAudio,
    SendDocument,
    SendPhoto,
    SendVideo,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    InputFile,
    InputMediaDocument,
    Message,
    MessageOriginChannel,
)

from storage.errors import CallRefused, ChannelUnavailable, MessageMissing, OutcomeUnknown, Postponed
from storage.ports import Copy, Seen, Sent, Shipment
from storage.telegram.by_path import SharedFiles
from storage.telegram.files import FileReader
from storage.telegram.forms import SizedFile
from storage.telegram.translation import translated

_CALL_TIMEOUT = 30
_SLOWEST = 128 * 1024
"""Bytes a second: below this a send counts as stalled."""

_NOT_READ = re.compile(r"wrong (remote )?file identifier|file not found|can't open|no such file", re.IGNORECASE)
"""What a server says that does not see a path, or may not read it. Nothing was sent then."""

_PLACEHOLDER = b"This file was deleted.\n"


class BotPartStore:
    """One bot's way to send, see, delete and fetch."""

    def __init__(self, bot: Bot, reader: FileReader, shared: SharedFiles | None = None) -> None:
        self._bot = bot
        self._reader = reader
        self._shared = shared

    @property
    def bot_id(self) -> int:
        return self._bot.id

    async def send(self, chat_id: int, what: Shipment | Copy) -> Sent:
        if isinstance(what, Copy):
            return await self._copy(chat_id, what)
        if self._shared is not None and what.path is not None:
            async with self._shared.offered(what.path, what.filename) as uri:
                if uri is not None:
                    try:
                        return await self._send(chat_id, what, uri)
                    except CallRefused as error:
                        if not _NOT_READ.search(error.description):
                            raise
                        self._shared.refused(error.description)  # without effect, so it may be sent again
        return await self._send(chat_id, what, SizedFile(what.open_stream, what.filename, what.size))

    async def _send(self, chat_id: int, what: Shipment, document: str | InputFile) -> Sent:
        method = SendDocument(
            chat_id=chat_id,
            document=document,
            thumbnail=None if what.thumbnail is None else BufferedInputFile(what.thumbnail, "thumbnail.jpg"),
            caption=what.caption,
            disable_content_type_detection=True,
            disable_notification=True,
            parse_mode=None,
        )
        with translated("sendDocument"):
            message = await self._bot(method, request_timeout=_CALL_TIMEOUT + what.size // _SLOWEST)
        return _sent(message)

    async def look(self, chat_id: int, message_id: int) -> Seen:
        method = ForwardMessage(chat_id=chat_id, from_chat_id=chat_id, message_id=message_id, disable_notification=True)
        with translated("forwardMessage"):
            forward = await self._bot(method, request_timeout=_CALL_TIMEOUT)
        try:
            with translated("deleteMessage"):
                await self._bot(DeleteMessage(chat_id=chat_id, message_id=forward.message_id))
        except (CallRefused, Postponed) as error:
            # The forward is there: whatever the reason, this look is not one that had no effect.
            raise OutcomeUnknown(method="deleteMessage", reason="forward_left") from error
        origin = forward.forward_origin
        same_chat = isinstance(origin, MessageOriginChannel) and origin.chat.id == chat_id
        own = same_chat and isinstance(origin, MessageOriginChannel) and origin.message_id == message_id
        sent = _sent(forward)
        return Seen(
            bot_id=self._bot.id,
            caption=forward.caption,
            file_id=sent.file_id,
            file_unique_id=sent.file_unique_id,
            forwarded=not own,
            from_here=same_chat,
            forward_message_id=forward.message_id,
            file_size=sent.file_size,
        )

    async def delete(self, chat_id: int, message_ids: Sequence[int]) -> None:
        with translated("deleteMessages"):
            await self._bot(DeleteMessages(chat_id=chat_id, message_ids=[*message_ids]), request_timeout=_CALL_TIMEOUT)

    async def replace(self, chat_id: int, message_id: int) -> None:
        media = InputMediaDocument(media=BufferedInputFile(_PLACEHOLDER, "deleted.txt"), caption="deleted")
        method = EditMessageMedia(chat_id=chat_id, message_id=message_id, media=media)
        with translated("editMessageMedia"):
            await self._bot(method, request_timeout=_CALL_TIMEOUT)

    async def caption(self, chat_id: int, message_id: int, text: str) -> None:
        method = EditMessageCaption(chat_id=chat_id, message_id=message_id, caption=text, parse_mode=None)
        try:
            with translated("editMessageCaption"):
                await self._bot(method, request_timeout=_CALL_TIMEOUT)
        except CallRefused as error:
            if "message is not modified" not in error.description:
                raise

    def fetch(self, file_id: str, offset: int, length: int) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._reader.open(file_id, offset, length)

    async def _copy(self, chat_id: int, what: Copy) -> Sent:
        if what.from_chat_id is None or what.message_id is None:
            return await self._send_by_id(chat_id, what)
        method = CopyMessage(
            chat_id=chat_id,
            from_chat_id=what.from_chat_id,
            message_id=what.message_id,
            caption=what.caption,
            disable_notification=True,
            parse_mode=None,
        )
        try:
            with translated("copyMessage"):
                copied = await self._bot(method, request_timeout=_CALL_TIMEOUT)
        except (MessageMissing, ChannelUnavailable):
            # The sender has deleted the message, or the chat it is in; the file itself can still be sent by its id.
            # Where it is the channel that cannot be written to, that fails too, and says so.
            return await self._send_by_id(chat_id, what)
        return Sent(message_id=copied.message_id)

    async def _send_by_id(self, chat_id: int, what: Copy) -> Sent:
        method = _by_file_id(chat_id, what)
        with translated(method.__api_method__):
            message = await self._bot(method, request_timeout=_CALL_TIMEOUT)
        sent = _sent(message)
        return Sent(message_id=sent.message_id, file_id=sent.file_id, file_unique_id=sent.file_unique_id)


_SENDERS: dict[str, type[TelegramMethod[Message]]] = {
    "photo": SendPhoto,
    "video": SendVideo,
    "audio": SendAudio,
    "animation": SendAnimation,
    "document": SendDocument,
}


def _by_file_id(chat_id: int, what: Copy) -> TelegramMethod[Message]:
    """The method that sends the kind of file it is: a file id cannot change its kind."""
    if what.file_id is None:  # no effect, and nothing is said about the channel
        raise MessageMissing(method="copyMessage", description="gone, and no file id is known")
    kind = what.file_type if what.file_type in _SENDERS else "document"
    fields: dict[str, Any] = {kind: what.file_id, "chat_id": chat_id, "caption": what.caption, "parse_mode": None}
    return _SENDERS[kind](**fields, disable_notification=True)


def _sent(message: Message) -> Sent:
    """The file of a message, whichever field it came under."""
    photo = message.photo[-1] if message.photo else None
    file = (
        message.document or message.video or message.audio or message.animation or message.voice
        or message.video_note or message.sticker or photo
    )  # fmt: skip
    return Sent(
        message_id=message.message_id,
        file_id=None if file is None else file.file_id,
        file_unique_id=None if file is None else file.file_unique_id,
        file_size=None if file is None else file.file_size,
    )
