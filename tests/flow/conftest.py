"""The storage layer on its own: assembled as in production, without a door."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from gateway.archive import Archive, open_archive
from gateway.sandbox_process import CHANNELS, TOKEN
from gateway.settings import Settings, load_settings
from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.database import open_database
from storage.jobs import JobRunner
from storage.telegram.binding import Binder


@dataclass
class RunningArchive:
    """An archive whose jobs run, over a sandbox."""

    archive: Archive
    sandbox: SandboxClient
    settings: Settings
    spool: Path

    def spooled_files(self) -> list[str]:
        return sorted(path.name for path in self.spool.iterdir())


Start = Callable[..., "Awaitable[RunningArchive]"]


@asynccontextmanager
async def running_archive(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, **variables: str
) -> AsyncIterator[RunningArchive]:
    """Assemble and run; ``variables`` are settings in lower case without prefix."""
    given = {
        "database_url": database_url,
        "secret_key": "a secret key for tests",
        "bot_tokens": TOKEN,
        "telegram_api_url": sandbox.base_url,
        "data_dir": str(tmp_path / "data"),
        "lane_rate": "0",
        **variables,
    }
    settings = load_settings({f"MEDIAGATE_{name.upper()}": value for name, value in given.items()})
    settings.data_dir.mkdir(exist_ok=True)
    api = TelegramAPIServer.from_base(settings.telegram_api_url)
    async with open_database(database_url) as engine, Bot(TOKEN, session=AiohttpSession(api=api)) as bot:
        jobs = JobRunner(database_url)
        archive = open_archive(
            settings=settings, engine=engine, bot=bot, jobs=jobs, clock=SystemClock(), node="test"
        )
        async with archive as opened:
            await Binder(sessions=opened.sessions, bot=bot).bind(CHANNELS)
            async with jobs.running():
                yield RunningArchive(opened, sandbox, settings, settings.data_dir / "spool")


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        yield running


async def eventually(check: Callable[[], Awaitable[bool]], *, within: float = 15.0) -> None:
    """Wait until ``check`` holds."""
    async with asyncio.timeout(within):
        while not await check():
            await asyncio.sleep(0.05)
