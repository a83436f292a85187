"""The storage layer on its own: assembled as in production, without a door; and what tests do with it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from sqlalchemy import func, select

from gateway.archive import Archive, open_archive
from gateway.sandbox_process import CHANNELS, TOKEN
from gateway.settings import Settings, load_settings
from sandbox.client import SandboxClient
from storage.clock import SystemClock
from storage.database import open_database
from storage.details import Details
from storage.domain import Caller, Category, Scope
from storage.intake.taking_in import Accepted, Arrival
from storage.jobs import JobRunner
from storage.request_numbers import RequestNumber
from storage.telegram.binding import Binder


class _PlainSession(AiohttpSession):
    """aiogram's waits a quarter of a second at its end, for TLS; here there is none, but hundreds of ends."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@dataclass
class RunningArchive:
    """An archive over a sandbox, and what it is made of."""

    archive: Archive
    sandbox: SandboxClient
    settings: Settings
    bot: Bot
    jobs: JobRunner

    @property
    def spool(self) -> Path:
        return self.settings.data_dir / "spool"

    def spooled_files(self) -> list[str]:
        return sorted(path.name for path in self.spool.iterdir())


@asynccontextmanager
async def assembled_archive(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, **variables: str
) -> AsyncIterator[RunningArchive]:
    """Assemble all but run no jobs yet: a door may register its own before.

    ``variables`` are settings in lower case without prefix.
    """
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
    api, first = TelegramAPIServer.from_base(settings.telegram_api_url), settings.bot_tokens[0].get_secret_value()
    session = _PlainSession(api=api, proxy=variables.get("telegram_proxy"))
    async with open_database(database_url) as engine, Bot(first, session=session) as bot:
        jobs = JobRunner(database_url, "test")
        archive = open_archive(settings=settings, engine=engine, bot=bot, jobs=jobs, clock=SystemClock(), node="test")
        async with archive as opened:
            await Binder(sessions=opened.sessions, bot=bot).bind(settings.channels or CHANNELS)
            yield RunningArchive(opened, sandbox, settings, bot, jobs)


@asynccontextmanager
async def running_archive(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, **variables: str
) -> AsyncIterator[RunningArchive]:
    """Assemble as `assembled_archive` does, and run the jobs."""
    async with assembled_archive(database_url, sandbox, tmp_path, **variables) as assembled, assembled.jobs.running():
        yield assembled


async def eventually(check: Callable[[], Awaitable[bool]], *, within: float = 60.0) -> None:
    """Wait until ``check`` holds."""
    async with asyncio.timeout(within):
        while not await check():
            await asyncio.sleep(0.05)


REQUESTS, REPORTS = -1_001_000_000_001, -1_001_000_000_002
SERVICE = Caller.service("test", frozenset(Scope))
EARLY = Details(request_number=RequestNumber("250926-001"), category=Category.REQUEST_DOCUMENT)


def some_bytes(size: int, seed: int = 1) -> bytes:
    """Plain text, so that the policy takes it, and different for each seed."""
    return random.Random(seed).randbytes(size // 2 + 1).hex().encode()[:size]


ARRIVAL = Arrival(caller=SERVICE, filename="notes.txt", details=EARLY)


async def accept(
    running: RunningArchive, data: bytes, arrival: Arrival = ARRIVAL, *, details: Details = EARLY, wait: bool = False
) -> Accepted:
    """Take a file in; with ``wait`` until it is stored."""
    async with running.archive.use_cases.intake.begin(arrival) as upload:
        for start in range(0, len(data), 40_000):
            await upload.write(data[start : start + 40_000])
        accepted = await upload.accept(await upload.finish(), details)
        assert not wait or await upload.progress.wait_ended(15)
    return accepted


async def take_in(running: RunningArchive, data: bytes, *, early: bool = True) -> Accepted:
    """Take a file in, with its details known beforehand (``early``) or only at the end, and wait until it is stored."""
    return await accept(running, data, ARRIVAL if early else replace(ARRIVAL, details=None), wait=True)


async def read_back(running: RunningArchive, media_id: int, start: int = 0, stop: int | None = None) -> bytes:
    delivery = running.archive.use_cases.delivery
    deliverable = await delivery.open(SERVICE, media_id)
    stop = deliverable.size if stop is None else stop
    async with delivery.stream(deliverable, start, stop) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def count(running: RunningArchive, table: type) -> int:
    async with running.archive.sessions.begin() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0
