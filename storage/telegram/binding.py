"""Binding channels to purposes. Binding posts a message, so that a greatest message id is always known."""

from collections.abc import Mapping, Sequence

import structlog
from aiogram import Bot
from aiogram.methods import GetChat, SendMessage
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from storage.database import Sessions
from storage.domain import Purpose
from storage.tables import Channel, ChannelBinding
from storage.telegram.ledger import note_sent
from storage.telegram.translation import translated

log = structlog.get_logger(__name__)

_ANCHOR_TEXT = "Mediagate keeps its archive here. Please leave its messages as they are."


class Binder:
    """Makes the bindings what the settings say."""

    def __init__(self, *, sessions: Sessions, bot: Bot) -> None:
        self._sessions = sessions
        self._bot = bot

    async def bind(self, channels: Mapping[Purpose, Sequence[int]]) -> None:
        """Bind these channels, and only these. A channel that is bound already keeps its anchor.

        Raises `ChannelUnavailable` where the bot cannot post to one, and other `ArchiveError`s.
        """
        for chat_id in {chat_id for ids in channels.values() for chat_id in ids}:
            await self.ensure(chat_id)
        async with self._sessions.begin() as session:
            known = {channel.chat_id: channel.id for channel in (await session.scalars(select(Channel))).all()}
            await session.execute(delete(ChannelBinding).where(ChannelBinding.purpose.in_(channels)))
            for purpose, ids in channels.items():
                for position, chat_id in enumerate(ids):
                    session.add(ChannelBinding(purpose=purpose, channel_id=known[chat_id], position=position))

    async def anything_bound(self) -> bool:
        """Whether some channel serves some purpose."""
        async with self._sessions.begin() as session:
            return await session.scalar(select(ChannelBinding.channel_id).limit(1)) is not None

    async def ensure(self, chat_id: int) -> None:
        """Know this channel, by a message of ours in it; a known one is left alone. Raises `ArchiveError`s."""
        async with self._sessions.begin() as session:
            if await session.scalar(select(Channel.id).where(Channel.chat_id == chat_id)) is not None:
                return
        with translated("getChat"):
            chat = await self._bot(GetChat(chat_id=chat_id))
        with translated("sendMessage"):
            anchor = await self._bot(SendMessage(chat_id=chat_id, text=_ANCHOR_TEXT, disable_notification=True))
        values = {"title": chat.title or str(chat_id), "anchor_message_id": anchor.message_id}
        async with self._sessions.begin() as session:
            row = insert(Channel).values(chat_id=chat_id, head_message_id=anchor.message_id, **values)
            await session.execute(row.on_conflict_do_nothing(index_elements=[Channel.chat_id]))
            await note_sent(session, self._bot.id, chat_id, anchor.date)
        log.info("channel_bound", chat_id=chat_id, title=values["title"])
