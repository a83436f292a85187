"""Queues of updates, one per bot, and the long polls on them (TELEGRAM.md, Updates)."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Final

from sandbox.errors import CONFLICT, INTERNAL, UNAUTHORIZED, ApiError, api_error
from sandbox.model import Bot, Json, Update
from sandbox.state import State

LIFETIME: Final = 24 * 3600
LEFT_OUT_BY_DEFAULT: Final = ("chat_member", "message_reaction", "message_reaction_count")
_OTHER_POLL: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"


class UpdateHub:
    """`on_webhook` is told of every update of a bot that has a webhook."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._polls: dict[int, asyncio.Future[None]] = {}
        self.on_webhook: Callable[[Bot, int], None] = lambda _bot, _chat_id: None

    def push(self, bot: Bot, kind: str, chat_id: int, payload: Json) -> None:
        """Queue an update, unless the bot does not want its kind."""
        allowed = bot.allowed_updates
        wanted = kind in allowed if allowed else kind not in LEFT_OUT_BY_DEFAULT
        if not wanted:
            return
        self.expire(bot)
        expires = self._state.clock.now() + LIFETIME
        update = Update(id=bot.next_update, bot_id=bot.id, kind=kind, chat_id=chat_id, payload=payload, expires=expires)
        bot.next_update += 1
        self._state.save_update(update)
        if bot.webhook:
            self.on_webhook(bot, chat_id)
        poll = self._polls.get(bot.id)
        if poll is not None and not poll.done():
            poll.set_result(None)

    def pending(self, bot: Bot) -> list[Update]:
        """What waits for a bot, oldest first; what is older than 24 h is dropped."""
        self.expire(bot)
        return list(self._state.updates[bot.id].values())

    def expire(self, bot: Bot) -> None:
        now, waiting = self._state.clock.now(), self._state.updates[bot.id]
        while waiting and (oldest := next(iter(waiting.values()))).expires <= now:
            self._state.drop_update(oldest)

    def confirmable(self, bot: Bot, offset: int) -> list[Update]:
        """What an offset confirms."""
        self.expire(bot)
        waiting = self._state.updates[bot.id].values()
        if offset < 0:
            return list(waiting)[:offset]
        return list(itertools.takewhile(lambda update: update.id < offset, waiting))

    def confirm(self, bot: Bot, offset: int) -> None:
        """An offset above an id confirms it; a negative one keeps the last N; 0 confirms nothing."""
        for update in self.confirmable(bot, offset):
            self._state.drop_update(update)

    def drop_all(self, bot: Bot) -> None:
        for update in self.pending(bot):
            self._state.drop_update(update)

    async def poll(self, bot: Bot, *, offset: int, limit: int, timeout: float) -> list[Update]:
        """Raises the 409 when another poll, or a webhook, takes over."""
        self._end_poll(bot.id, api_error(CONFLICT, _OTHER_POLL))
        self.confirm(bot, offset)
        found = self.pending(bot)
        if not found and timeout > 0:
            await self._wait(bot.id, timeout)
            found = self.pending(bot)
        return found[:limit]

    async def _wait(self, bot_id: int, timeout: float) -> None:
        poll = self._polls[bot_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                await poll
        except TimeoutError:
            pass  # an empty answer is what a long poll ends with
        finally:
            if self._polls.get(bot_id) is poll:
                del self._polls[bot_id]

    def end_for_webhook(self, bot: Bot) -> None:
        self._end_poll(bot.id, api_error(CONFLICT, "terminated by setWebhook request"))

    def shut_down_bot(self, bot: Bot) -> None:
        self._end_poll(bot.id, api_error(INTERNAL, "restart"))

    def revoke(self, bot_id: int) -> None:
        self._end_poll(bot_id, ApiError(UNAUTHORIZED, "Unauthorized"))

    def shut_down(self) -> None:
        for bot_id in list(self._polls):
            self._end_poll(bot_id, api_error(INTERNAL, "restart"))

    def _end_poll(self, bot_id: int, error: ApiError) -> None:
        poll = self._polls.pop(bot_id, None)
        if poll is not None and not poll.done():
            poll.set_exception(error)
