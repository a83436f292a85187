"""The bot over a whole storage layer and a local Telegram, and what a person sees of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from sqlalchemy import select

from bot.app import BotConfig, BotDoor
from gateway.archive import Archive, open_archive
from gateway.sandbox_process import CHANNELS, TOKEN
from gateway.settings import load_settings
from sandbox.client import SandboxClient
from storage.callers.people import Access
from storage.clock import SystemClock
from storage.database import Sessions, open_database
from storage.domain import InboxState
from storage.jobs import JobRunner
from storage.tables import InboxUpdate
from storage.telegram.binding import Binder

Json = dict[str, Any]

TENANT, STAFF, ADMIN, GROUP, REQUESTS = 1001, 1002, 1003, -1_002_000_000_001, -1_001_000_000_001
BOT_ID = int(TOKEN.partition(":")[0])
SAMPLE_PEOPLE: Json = {"admin_ids": frozenset({ADMIN}), "staff_ids": frozenset({STAFF})}


@dataclass
class RunningBot:
    """The door, what is behind it, and the sandbox before it."""

    door: BotDoor
    archive: Archive
    sandbox: SandboxClient
    _presses: int = 0

    @property
    def sessions(self) -> Sessions:
        return self.archive.sessions

    async def answers(
        self, chat: int, after: int = 0, *, until: Callable[[list[Json]], Any] = bool, timeout: float = 10
    ) -> list[Json]:
        """The bot's messages in a chat after a message id, once ``until`` holds of them."""

        def of_bot(messages: list[Json]) -> list[Json]:
            return [one for one in messages if one["message_id"] > after and one["from"]["id"] == BOT_ID]

        messages = await self.sandbox.wait_for(chat, lambda found: until(of_bot(found)), timeout=timeout)
        return of_bot(messages)

    async def ask(self, person: int, text: str, *, timeout: float = 10, **fields: Any) -> Json:
        """Say something to the bot and return its first answer."""
        said = await self.sandbox.send_text(person, text, **fields)
        return (await self.answers(fields.get("chat") or person, said["message_id"], timeout=timeout))[0]

    async def press(self, person: int, message: Json, data: str) -> None:
        """Press a button that the message does not (or no longer) have, as a modified client can."""
        user = {"id": person, "is_bot": False, "first_name": "P", "language_code": "en"}
        self._presses += 1
        press = {"id": str(self._presses), "from": user, "chat_instance": "1", "message": message, "data": data}
        await self.door.accept_update({"update_id": self._presses, "callback_query": press})
        key = InboxUpdate.update_id == self._presses
        async with asyncio.timeout(10):
            while True:
                async with self.sessions.begin() as session:
                    state = await session.scalar(select(InboxUpdate.state).where(key))
                if state in (InboxState.DONE, InboxState.FAILED):
                    break
                await asyncio.sleep(0.02)
        assert state is InboxState.DONE

    async def card(self, chat: int, after: int, *words: str, timeout: float = 10) -> Json:
        """The first answer after a message, once it says all of ``words``."""

        def shown(found: list[Json]) -> bool:
            return bool(found) and all(word in found[0].get("text", "") for word in words)

        return (await self.answers(chat, after, until=shown, timeout=timeout))[0]


@asynccontextmanager
async def running_bot(
    database_url: str,
    sandbox: SandboxClient,
    tmp_path: Path,
    *,
    config: Json | None = None,
    **variables: str,
) -> AsyncIterator[RunningBot]:
    """Assemble and run; ``config`` are fields of `BotConfig`, ``variables`` settings in lower case."""
    given = {
        "database_url": database_url,
        "secret_key": "a secret key for tests",
        "bot_tokens": TOKEN,
        "telegram_api_url": sandbox.base_url,
        "data_dir": str(tmp_path / "data"),
        "lane_rate": "0",
        "delete_grace": "2s",
        **variables,
    }
    settings = load_settings({f"MEDIAGATE_{name.upper()}": value for name, value in given.items()})
    settings.data_dir.mkdir(exist_ok=True)
    api = TelegramAPIServer.from_base(settings.telegram_api_url)
    async with open_database(database_url) as engine, Bot(TOKEN, session=AiohttpSession(api=api)) as bot:
        jobs = JobRunner(database_url, "test")
        archive = open_archive(settings=settings, engine=engine, bot=bot, jobs=jobs, clock=SystemClock(), node="test")
        async with archive as opened:
            await Binder(sessions=opened.sessions, bot=bot).bind(CHANNELS)
            fields = {"node": "test", "access": Access.OPEN, **SAMPLE_PEOPLE, **(config or {})}
            door = BotDoor(bot=bot, use_cases=opened.use_cases, jobs=jobs, config=BotConfig(**fields))
            async with jobs.running(), door.running():
                yield RunningBot(door, opened, sandbox)


def buttons(message: Json) -> list[Json]:
    """All buttons under a message, row by row."""
    return [one for row in message.get("reply_markup", {}).get("inline_keyboard", []) for one in row]
