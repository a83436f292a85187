"""Pinning a message, so that whoever knows only the channel finds it with one call, and keeping it up to date."""

from dataclasses import dataclass
from typing import Protocol

from aiogram import Bot
from aiogram.methods import EditMessageMedia, GetChat, PinChatMessage, UnpinChatMessage
from aiogram.types import BufferedInputFile, InputMediaDocument, Message

from storage.telegram.translation import translated

_CALL_TIMEOUT = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinned:
    """The message that a channel shows at its top; ``file_id`` is for the bot that asked."""

    message_id: int
    caption: str | None
    file_id: str | None


class Pins(Protocol):
    """The pinned messages of channels. Every call raises `ArchiveError`s."""

    async def pin(self, chat_id: int, message_id: int) -> None:
        """Pin without a sound. May be called again. Telegram posts a line that says so, which takes a message id."""
        ...

    async def unpin(self, chat_id: int, message_id: int) -> None:
        """Also where it is not pinned (any more)."""
        ...

    async def pinned(self, chat_id: int) -> Pinned | None:
        """The newest pinned message, with its file."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFile:
    """What a message is to hold instead of its document."""

    data: bytes
    filename: str
    caption: str


class Rewriter(Protocol):
    """Changes documents in place."""

    @property
    def bot_id(self) -> int: ...

    async def rewrite(self, chat_id: int, message_id: int, file: NewFile) -> str | None:
        """Put another small file, and caption, into a message of ours; its file id. May be called again.

        Raises `ArchiveError`s, `MessageMissing` where there is none.
        """
        ...


class BotPins:
    """The `Pins` and `Rewriter` of one bot; pinning in a channel needs the right to edit its messages."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def pin(self, chat_id: int, message_id: int) -> None:
        method = PinChatMessage(chat_id=chat_id, message_id=message_id, disable_notification=True)
        with translated("pinChatMessage"):
            await self._bot(method, request_timeout=_CALL_TIMEOUT)

    async def unpin(self, chat_id: int, message_id: int) -> None:
        with translated("unpinChatMessage"):
            await self._bot(UnpinChatMessage(chat_id=chat_id, message_id=message_id), request_timeout=_CALL_TIMEOUT)

    @property
    def bot_id(self) -> int:
        return self._bot.id

    async def rewrite(self, chat_id: int, message_id: int, file: NewFile) -> str | None:
        media = InputMediaDocument(
            media=BufferedInputFile(file.data, file.filename),
            caption=file.caption,
            parse_mode=None,
            disable_content_type_detection=True,
        )
        method = EditMessageMedia(chat_id=chat_id, message_id=message_id, media=media)
        with translated("editMessageMedia"):
            edited = await self._bot(method, request_timeout=_CALL_TIMEOUT)
        return edited.document.file_id if isinstance(edited, Message) and edited.document else None

    async def pinned(self, chat_id: int) -> Pinned | None:
        with translated("getChat"):
            message = (await self._bot(GetChat(chat_id=chat_id), request_timeout=_CALL_TIMEOUT)).pinned_message
        if not isinstance(message, Message):
            return None
        file_id = None if message.document is None else message.document.file_id
        return Pinned(message_id=message.message_id, caption=message.caption, file_id=file_id)
