"""Parts in channels through a pool of bots: what one bot cannot do another one does.

Each message is made within a lane's budget, and what Telegram says to it is told to the lane.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from storage.errors import (
    BotUnavailable,
    CallRefused,
    ChannelUnavailable,
    FloodWait,
    MessageMissing,
    NoLane,
    OutcomeUnknown,
    Unreachable,
)
from storage.ports import Copy, LaneKey, Seen, Sent, Shipment, Urgency, Wish
from storage.telegram.lanes import Lanes
from storage.telegram.parts import BotPartStore

_NO_LANE_SECONDS = 60.0
Call = Callable[[BotPartStore], Awaitable[None]]


class PooledPartStore:
    """The `PartStore` and `PartSender` of several bots; the first of them is the one people talk to."""

    def __init__(self, bots: Mapping[int, BotPartStore], lanes: Lanes) -> None:
        self._bots = dict(bots)
        self._lanes = lanes

    @property
    def bot_ids(self) -> Sequence[int]:
        return tuple(self._bots)

    async def reserve(self, wish: Wish) -> LaneKey:
        return await self._lanes.reserve(wish)

    async def reserve_now(self, wish: Wish) -> LaneKey | None:
        return await self._lanes.reserve_now(wish)

    def unused(self, lane: LaneKey) -> None:
        self._lanes.over(lane)

    async def send(self, lane: LaneKey, what: Shipment | Copy) -> Sent:
        async with self._telling(lane):
            return await self._bots[lane.bot_id].send(lane.chat_id, what)

    async def look(
        self, chat_id: int, message_id: int, *, bot_id: int | None = None, urgency: Urgency = Urgency.UPLOAD
    ) -> Seen:
        left = [*self._bots] if bot_id is None else [bot_id]
        while True:
            wish = Wish(chat_ids=(chat_id,), bot_ids=tuple(left), urgency=urgency)
            lane = await self._lanes.reserve(wish)
            try:
                async with self._telling(lane):
                    return await self._bots[lane.bot_id].look(chat_id, message_id)
            except ChannelUnavailable as error:
                left.remove(lane.bot_id)
                if not left:
                    raise NoLane(retry_after=_NO_LANE_SECONDS, method=str(error.fields.get("method"))) from error

    async def delete(self, chat_id: int, message_ids: Sequence[int]) -> None:
        await self._by_any(chat_id, lambda bot: bot.delete(chat_id, message_ids), urgency=None)

    async def replace(self, chat_id: int, message_id: int) -> None:
        await self._by_any(chat_id, lambda bot: bot.replace(chat_id, message_id), urgency=Urgency.BULK)

    async def caption(self, chat_id: int, message_id: int, text: str) -> None:
        await self._by_any(chat_id, lambda bot: bot.caption(chat_id, message_id, text), urgency=Urgency.BULK)

    def fetch(
        self, file_id: str, offset: int, length: int, *, bot_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        bot_id = next(iter(self._bots)) if bot_id is None else bot_id
        if bot_id not in self._bots:
            raise BotUnavailable(method="getFile", description="the bot is none of ours")
        return self._bots[bot_id].fetch(file_id, offset, length)

    async def _by_any(self, chat_id: int, call: Call, *, urgency: Urgency | None) -> None:
        """Let one bot after the other try what may be done twice, those that work in the channel first.

        A refusal by all is that of the first; of a bot that is not in the channel only where none is: it says nothing
        about the message.
        """
        refusal: CallRefused | None = None
        for bot_id in await self._lanes.usable(chat_id, self.bot_ids):
            lane = LaneKey(bot_id=bot_id, chat_id=chat_id)
            if urgency is not None:
                try:
                    lane = await self._lanes.reserve(Wish(chat_ids=(chat_id,), bot_ids=(bot_id,), urgency=urgency))
                except NoLane:
                    if refusal is None:
                        raise
                    continue
            try:
                async with self._telling(lane, may=False):
                    return await call(self._bots[bot_id])
            except MessageMissing:
                raise  # for every bot
            except CallRefused as error:
                if refusal is None or (
                    isinstance(refusal, ChannelUnavailable) and not isinstance(error, ChannelUnavailable)
                ):
                    refusal = error
        assert refusal is not None
        raise refusal

    @asynccontextmanager
    async def _telling(self, lane: LaneKey, *, may: bool = True) -> AsyncIterator[None]:
        """Tell the lane how a call went. ``may`` false: that it lacks a right says nothing about posting there."""
        try:
            try:
                yield
            finally:
                self._lanes.over(lane)
        except FloodWait as wait:
            await self._lanes.flooded(lane, wait.retry_after)
            raise
        except (Unreachable, OutcomeUnknown):
            self._lanes.pause(lane)
            raise
        except ChannelUnavailable as error:
            whole = isinstance(error, BotUnavailable)
            if whole or may:
                await self._lanes.lost(lane, error.description, whole=whole)
            raise
        else:
            if may:
                await self._lanes.worked(lane)
