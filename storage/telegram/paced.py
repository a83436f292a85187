"""A `PartStore` that stays inside the lanes' budgets, as a decorator of one that does not care."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from storage.errors import FloodWait, OutcomeUnknown, Unreachable
from storage.ports import Copy, PartStore, Seen, Sent, Shipment
from storage.telegram.lanes import BULK, INTERACTIVE, UPLOAD, Lanes


class PacedPartStore:
    """Enters the lane before each message it makes, and tells the lane when Telegram refused one all the same."""

    def __init__(self, inner: PartStore, lanes: Lanes) -> None:
        self._inner = inner
        self._lanes = lanes

    @property
    def bot_id(self) -> int:
        return self._inner.bot_id

    async def send(self, chat_id: int, what: Shipment | Copy) -> Sent:
        # A person waits for what came through a chat; a service for what came by HTTP.
        async with self._lane(chat_id, INTERACTIVE if isinstance(what, Copy) else UPLOAD):
            return await self._inner.send(chat_id, what)

    async def look(self, chat_id: int, message_id: int) -> Seen:
        async with self._lane(chat_id, UPLOAD):
            return await self._inner.look(chat_id, message_id)

    async def delete(self, chat_id: int, message_ids: Sequence[int]) -> None:
        await self._inner.delete(chat_id, message_ids)

    async def replace(self, chat_id: int, message_id: int) -> None:
        async with self._lane(chat_id, BULK):
            await self._inner.replace(chat_id, message_id)

    async def caption(self, chat_id: int, message_id: int, text: str) -> None:
        async with self._lane(chat_id, BULK):
            await self._inner.caption(chat_id, message_id, text)

    def fetch(self, file_id: str, offset: int, length: int) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._inner.fetch(file_id, offset, length)

    @asynccontextmanager
    async def _lane(self, chat_id: int, priority: int) -> AsyncIterator[None]:
        await self._lanes.enter(chat_id, priority)
        try:
            yield
        except FloodWait as wait:
            await self._lanes.flooded(chat_id, wait.retry_after)
            raise
        except (Unreachable, OutcomeUnknown):
            self._lanes.pause(chat_id)
            raise
