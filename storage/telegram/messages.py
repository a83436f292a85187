"""Sending what is in a channel to people, in the lane of their chat."""

from aiogram import Bot
from aiogram.methods import CopyMessage

from storage.errors import FloodWait
from storage.ports import Urgency, Wish
from storage.telegram.lanes import Lanes
from storage.telegram.translation import translated

_CALL_TIMEOUT = 30


class BotMessenger:
    """The `Messenger` of one bot."""

    def __init__(self, bot: Bot, lanes: Lanes) -> None:
        self._bot = bot
        self._lanes = lanes

    async def copy(self, chat_id: int, from_chat_id: int, message_id: int, text: str) -> int:
        method = CopyMessage(
            chat_id=chat_id, from_chat_id=from_chat_id, message_id=message_id, caption=text, parse_mode=None
        )
        wish = Wish(chat_ids=(chat_id,), bot_ids=(self._bot.id,), urgency=Urgency.PERSON)
        lane = await self._lanes.reserve(wish)
        try:
            try:
                with translated("copyMessage"):
                    copied = await self._bot(method, request_timeout=_CALL_TIMEOUT)
            finally:
                self._lanes.over(lane)
        except FloodWait as wait:
            await self._lanes.flooded(lane, wait.retry_after)
            raise
        return copied.message_id
