"""The engine and the sessions. Use cases open short transactions with ``async with sessions.begin()``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

Sessions = async_sessionmaker[AsyncSession]

POOL_SIZE = 12
"""Connections per process: transactions are short and never wait for the network, so few serve many."""


@asynccontextmanager
async def open_database(dsn: str) -> AsyncIterator[AsyncEngine]:
    """Yield an engine on ``dsn`` (``postgresql+asyncpg://…``); its pool is closed at the end."""
    engine = create_async_engine(
        dsn,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        hide_parameters=True,  # what users sent has no place in logs and traces
        connect_args={"server_settings": {"timezone": "UTC", "application_name": "mediagate"}},
    )
    try:
        yield engine
    finally:
        await engine.dispose()


def session_factory(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)
