"""Delivery of updates by webhook: in order per chat, chats side by side (TELEGRAM.md, Updates)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp

from sandbox.model import Bot, Json, Update
from sandbox.state import State
from sandbox.updates import UpdateHub

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
# The delays of the real server are not documented, only that they grow.
_FIRST_DELAY: Final = 0.25
_LONGEST_DELAY: Final = 60.0
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
Run = Callable[[Bot, str, dict[str, str]], Awaitable[None]]


class Webhooks:
    """One task per bot and chat with something to deliver; `close` ends them all.

    `again` says whether an update that was taken is to be delivered once more.
    """

    def __init__(self, state: State, updates: UpdateHub, run: Run) -> None:
        self._state = state
        self._updates = updates
        self._run = run
        self._tasks: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._lanes: dict[int, asyncio.Semaphore] = {}
        self._session: aiohttp.ClientSession | None = None
        self.errors: dict[int, Json] = {}
        self.again: Callable[[Bot], bool] = lambda _bot: False

    def resume(self, bot: Bot) -> None:
        """Start delivering what waits: after setWebhook, and after a restart."""
        self._lanes.pop(bot.id, None)
        for chat_id in {update.chat_id for update in self._updates.pending(bot)}:
            self.wake(bot, chat_id)

    def wake(self, bot: Bot, chat_id: int) -> None:
        key = (bot.id, chat_id)
        if key not in self._tasks:
            task = self._tasks[key] = asyncio.create_task(self._deliver(bot, chat_id))
            task.add_done_callback(lambda _done: self._tasks.pop(key, None))

    async def stop(self, bot: Bot) -> None:
        await self._end([task for (bot_id, _), task in self._tasks.items() if bot_id == bot.id])

    async def close(self) -> None:
        await self._end(list(self._tasks.values()))
        if self._session is not None:
            await self._session.close()

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, bot: Bot, chat_id: int) -> None:
        delay = _FIRST_DELAY
        while bot.webhook and (waiting := self._waiting(bot, chat_id)):
            if await self._post(bot, bot.webhook, waiting.body()):
                if self.again(bot):
                    continue  # the fault: delivered once more
                self._state.drop_update(waiting)
                self._state.journal.flush()
                delay = _FIRST_DELAY
            else:
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY)

    def _waiting(self, bot: Bot, chat_id: int) -> Update | None:
        """The oldest of a chat; what is older than 24 h is dropped."""
        self._updates.expire(bot)
        return next((one for one in self._state.updates[bot.id].values() if one.chat_id == chat_id), None)

    async def _post(self, bot: Bot, webhook: Json, body: Json) -> bool:
        """Whether the bot's server took it: any 2xx. Its answer may itself be a call of a method."""
        headers = {SECRET_HEADER: webhook["secret_token"]} if webhook["secret_token"] else {}
        lane = self._lanes.setdefault(bot.id, asyncio.Semaphore(webhook["max_connections"]))
        try:
            async with (
                lane,
                self._client().post(
                    webhook["url"], json=body, headers=headers, ssl=False, allow_redirects=False
                ) as answer,
            ):
                taken = 200 <= answer.status < 300  # noqa: PLR2004 - any 2xx
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            self._note(bot, f"Connection failed: {type(error).__name__}")
            return False
        if not taken:
            self._note(bot, f"Wrong response from the webhook: {answer.status} {answer.reason}")
            return False
        await self._run_answer(bot, text)
        return True

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session

    def _note(self, bot: Bot, text: str) -> None:
        now = int(self._state.clock.now())
        self.errors[bot.id] = {"last_error_date": now, "last_error_message": text}

    async def _run_answer(self, bot: Bot, text: str) -> None:
        try:
            call = json.loads(text)
        except ValueError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in call.items()}
            await self._run(bot, fields.pop("method"), fields)
