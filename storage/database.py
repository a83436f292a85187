"""The engine and the sessions. Use cases open short transactions with ``async with sessions.begin()``."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

Sessions = async_sessionmaker[AsyncSession]

_IDLE_SECONDS = 1.0
"""A connection used so lately is taken for alive: asking each time would double the shortest transactions."""

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
        hide_parameters=True,  # what users sent has no place in logs and traces
        connect_args={"server_settings": {"timezone": "UTC", "application_name": "mediagate"}},
    )
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _ping_idle)
    try:
        yield engine
    finally:
        await engine.dispose()


def session_factory(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _ping_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """A server that restarted has closed its connections: find that out before a statement does."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < _IDLE_SECONDS:
        return
    try:
        connection.ping()
    except connection.dbapi.Error as error:
        raise InvalidatePoolError from error
