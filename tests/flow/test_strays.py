"""Removing messages that nobody owns any more: no channel holds up another, and what was done is not done again."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from sqlalchemy import select, text

from storage.database import Sessions
from storage.engine.strays import StrayCollector, cast_off
from storage.errors import CallRefused, ChannelUnavailable, FloodWait
from storage.jobs import Later
from storage.ports import PartStore
from storage.tables import StrayMessage

_LOST, _OLD, _FINE = -3, -2, -1


class Telegram:
    """A channel no bot is in, one with old messages of which two a minute may be edited, and one where all is well."""

    def __init__(self) -> None:
        self.replaced: list[int] = []
        self._places = 0

    def next_minute(self) -> None:
        self._places = 2

    async def delete(self, chat_id: int, _ids: Sequence[int]) -> None:
        if chat_id == _LOST:
            raise ChannelUnavailable(method="deleteMessages", description="chat not found")
        if chat_id == _OLD:
            raise CallRefused(method="deleteMessages", description="message can't be deleted")

    async def replace(self, chat_id: int, message_id: int) -> None:
        if chat_id == _LOST:
            raise ChannelUnavailable(method="editMessageMedia", description="chat not found")
        if not self._places:
            raise FloodWait(retry_after=60.0)
        self._places -= 1
        self.replaced.append(message_id)


async def left(sessions: Sessions) -> list[tuple[int, int]]:
    async with sessions.begin() as session:
        rows = await session.execute(select(StrayMessage.chat_id, StrayMessage.message_id))
        return sorted((chat_id, message_id) for chat_id, message_id in rows)


async def test_what_cannot_be_removed_now_holds_up_nothing_else(sessions: Sessions) -> None:
    """Channels out of reach keep their rows: a message goes once a bot is there again."""
    telegram = Telegram()
    async with sessions.begin() as session:
        await cast_off(session, [(_LOST, 1), *((_OLD, number) for number in range(1, 6)), (_FINE, 1)])
    collector = StrayCollector(sessions=sessions, store=cast("PartStore", telegram))
    for _minute in range(2):
        telegram.next_minute()
        with pytest.raises(Later):
            await collector.handle({})
    telegram.next_minute()
    await collector.handle({})
    assert telegram.replaced == [1, 2, 3, 4, 5]
    assert await left(sessions) == [(_LOST, 1)]


async def jobs(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return await session.scalar(text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'strays'")) or 0


async def test_many_strays_make_one_job_of_each_channel(sessions: Sessions) -> None:
    for number in range(1, 11):
        async with sessions.begin() as session:
            await cast_off(session, [(_FINE, number), (_OLD, number)])
    assert await jobs(sessions) == 2
    telegram = Telegram()
    await StrayCollector(sessions=sessions, store=cast("PartStore", telegram)).handle({"chat": _FINE})
    assert {chat_id for chat_id, _ in await left(sessions)} == {_OLD}


async def test_who_casts_off_waits_for_nobody_who_does(sessions: Sessions) -> None:
    """Both hold other locks: one that waited for the other's end would be a deadlock away."""
    async with sessions.begin() as one:
        await cast_off(one, [(_FINE, 1)])
        async with asyncio.timeout(30), sessions.begin() as other:
            await cast_off(other, [(_FINE, 2)])
    assert await left(sessions) == [(_FINE, 1), (_FINE, 2)]
    assert await jobs(sessions) == 2
