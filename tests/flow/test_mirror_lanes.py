"""Filling the mirror while one lane has to wait: what other bots and other channels have is brought meanwhile."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Category, FileType, Inspection, MediaStatus, PartState, Purpose
from storage.errors import FloodWait
from storage.jobs import Later
from storage.mirror.directory import MirrorDirectory
from storage.mirror.filling import Filler
from storage.mirror.keeping import Mirror
from storage.tables import FileRef, Media, MirrorFile, Part

_FIRST, _SECOND = 1, 2
_HERE, _THERE = -1, -2
_WAIT = 500.0


class Clock:
    def __init__(self) -> None:
        self.at = SystemClock().now()

    def now(self) -> datetime:
        return self.at


class Telegram:
    """A source whose ``busy`` parts have to wait."""

    def __init__(self) -> None:
        self.busy: set[int] = set()
        self.asked: list[int] = []

    async def open(self, part: Part, _offset: int, _length: int, _stack: AsyncExitStack) -> AsyncIterator[bytes]:
        self.asked.append(part.id)
        if part.id in self.busy:
            raise FloodWait(retry_after=_WAIT)
        return _bytes_of(part.index)


async def _bytes_of(number: int) -> AsyncIterator[bytes]:
    yield b"%03d" % number


async def stored(sessions: Sessions, number: int, chat_id: int, *bots: int) -> int:
    """A part of its own media in this channel, whose file these bots know."""
    async with sessions.begin() as session:
        media = Media(
            key=uuid4(), owner="service:test", source="http", filename="a.txt", content_type="text/plain",
            file_type=FileType.DOCUMENT, category=Category.OTHER, purpose=Purpose.REQUESTS, status=MediaStatus.ACTIVE,
            inspection=Inspection.DONE, verified=True, file_size=3,
        )  # fmt: skip
        session.add(media)
        await session.flush()
        part = Part(
            media_key=media.key, media_id=media.id, index=number, offset=0, size=3, state=PartState.STORED,
            origin="telegram", node="a", purpose=Purpose.REQUESTS, chat_id=chat_id, message_id=number + 1,
            sha256=hashlib.sha256(b"%03d" % number).digest(),
        )  # fmt: skip
        session.add(part)
        await session.flush()
        session.add_all(FileRef(part_id=part.id, bot_id=bot, file_id="f", file_unique_id="u") for bot in bots)
        return part.id


async def kept(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        return len((await session.scalars(select(MirrorFile.sha256))).all())


async def test_a_lane_that_has_to_wait_holds_up_no_other(sessions: Sessions, tmp_path: Path) -> None:
    """Its own parts are not asked for one after the other; they are brought when the wait is over."""
    (tmp_path / "mirror").mkdir()
    clock, telegram = Clock(), Telegram()
    slow = [await stored(sessions, number, _HERE, _FIRST) for number in range(3)]
    other_bot = await stored(sessions, 3, _HERE, _FIRST, _SECOND)
    other_channel = await stored(sessions, 4, _THERE, _FIRST)
    nobody_knows = await stored(sessions, 5, _HERE)
    telegram.busy = {*slow, nobody_knows}
    directory = MirrorDirectory(tmp_path / "mirror", None)
    async with Mirror(directory=directory, sessions=sessions, clock=clock, node="a").opened() as mirror:
        filler = Filler(
            sessions=sessions, mirror=mirror, sources=telegram, clock=clock, node="a", stopping=asyncio.Event()
        )
        with pytest.raises(Later) as later:
            await filler.handle({})
        assert 0 < later.value.delay <= 60
        assert telegram.asked == [slow[0], other_bot, other_channel, nobody_knows]
        assert await kept(sessions) == 2
        with pytest.raises(Later):
            await filler.handle({})
        assert len(telegram.asked) == 4
        telegram.busy.clear()
        clock.at += timedelta(seconds=_WAIT + 1)
        await filler.handle({})
        assert telegram.asked[4:] == [*slow, nobody_knows]
        assert await kept(sessions) == 6
