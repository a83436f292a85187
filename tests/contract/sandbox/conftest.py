from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import RunningSandbox, running
from tests.contract.sandbox.driving import TOKEN, MakeBot, Raw
from tests.contract.sandbox.strict import TypeChecker


@pytest.fixture
def checker() -> Iterator[TypeChecker]:
    """Whatever a test's sandbox answers has to fit the Bot API's types."""
    one = TypeChecker()
    yield one
    assert one.problems == []


@pytest.fixture
async def sandbox(tmp_path: Path, checker: TypeChecker) -> AsyncIterator[RunningSandbox]:
    """A fresh sandbox with its samples; the updates of their making are gone."""
    async with running(SandboxConfig(data_dir=tmp_path / "sandbox"), checker.middleware()) as one:
        for bot in one.state.bots.values():
            one.world.updates.drop_all(bot)
        yield one


@pytest.fixture
async def client(sandbox: RunningSandbox) -> AsyncIterator[SandboxClient]:
    async with SandboxClient(sandbox.url) as one:
        yield one


@pytest.fixture
async def make_bot(sandbox: RunningSandbox) -> AsyncIterator[MakeBot]:
    """aiogram's Bot for a token, against the sandbox."""
    async with AsyncExitStack() as stack:

        def make(token: str) -> Bot:
            session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.url))
            stack.push_async_callback(close_quickly, session)
            return Bot(token, session=session)

        yield make


@pytest.fixture
def bot(make_bot: MakeBot) -> Bot:
    return make_bot(TOKEN)


@pytest.fixture
async def raw(sandbox: RunningSandbox) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(session, sandbox.url)


async def close_quickly(session: AiohttpSession) -> None:
    """aiogram's own close sleeps for a quarter of a second, for the sake of TLS."""
    if session._session is not None:
        await session._session.close()
