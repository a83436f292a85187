"""The spool is full, or its disk: uploads hear so, the bot goes on, and nothing that was taken in is lost."""

import errno
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.domain import Inspection, PartState
from storage.spool import Spool
from storage.tables import Media, Part
from tests import media
from tests.flow.archives import accept, eventually, read_back, some_bytes
from tests.flow.bot_running import REQUESTS, TENANT, RunningBot, running_bot
from tests.flow.http_door import UPLOAD, Door, open_door
from tests.flow.tus import Tus

T = TypeVar("T")
OFTEN = 7
"""Tries: more than after which a file is shipped without having been inspected."""


class SmallDisk(Spool):
    """Its disk refuses the functions in ``names`` while these say so; ``refused`` counts what had no room."""

    names: tuple[str, ...] = ()
    refused = 0

    def require_room(self, size: int) -> None:
        try:
            super().require_room(size)
        except Exception:
            type(self).refused += 1
            raise

    def _working(self, function: Callable[..., T], *args: object) -> T:
        def refusing(*given: object) -> T:
            if function.__name__ in type(self).names:
                type(self).refused += 1
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return function(*given)

        return super()._working(refusing, *args)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.archive.Spool", SmallDisk)
    monkeypatch.setattr(SmallDisk, "names", ())
    monkeypatch.setattr(SmallDisk, "refused", 0)
    monkeypatch.setattr("storage.intake.inspecting._ROOM_AGAIN", 0.1)
    monkeypatch.setattr("storage.engine.reconciling.SETTLE_SECONDS", 0.3)


@pytest.fixture(autouse=True)
async def _english(sandbox: SandboxClient) -> None:
    """Who sends is no administrator: those hear other things meanwhile, of the full spool too."""
    await sandbox.person(TENANT, language_code="en")


@asynccontextmanager
async def both_doors(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, *, spool: int = 1 << 30
) -> AsyncIterator[tuple[RunningBot, Door]]:
    """``spool``: the bytes that it may hold."""
    async with (
        running_bot(database_url, sandbox, tmp_path, part_size="64KiB", spool_max_bytes=str(spool)) as bot,
        open_door(bot.running) as door,
    ):
        yield bot, door


async def media_of(bot: RunningBot, file_type: str) -> tuple[Media, Part]:
    query = select(Media, Part).join(Part, Part.media_id == Media.id).where(Media.file_type == file_type)
    async with bot.sessions.begin() as session:
        found = (await session.execute(query)).one()
    return found[0], found[1]


async def test_the_bot_goes_on_while_the_spool_is_full(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """A photo is copied, its bytes are in Telegram; a voice message, whose bytes have to lie in the spool, waits."""
    data = some_bytes(95_000)
    async with both_doors(database_url, sandbox, tmp_path, spool=95_100) as (bot, door):
        stalled = await sandbox.add_fault("stall", method="sendDocument")
        waiting = await accept(bot.running, data)
        async with door.client.post(f"{UPLOAD}/stream?filename=b.txt", data=some_bytes(5_000)) as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "spool_full")
            assert int(answer.headers["Retry-After"]) > 0
        (photo,) = await sandbox.send_files(TENANT, [media.jpeg(tmp_path)], caption="Leak #250926-001")
        await bot.card(TENANT, photo["message_id"], "Stored")
        copied, _ = await media_of(bot, "photo")
        assert await read_back(bot.running, copied.id)

        SmallDisk.refused = 0
        spoken_file = media.voice(tmp_path)
        (voice,) = await sandbox.send_files(TENANT, [spoken_file], kind="voice")
        await bot.card(TENANT, voice["message_id"])

        async def tried_often() -> bool:
            return SmallDisk.refused >= OFTEN

        await eventually(tried_often)
        spoken, part = await media_of(bot, "voice")
        assert (spoken.inspection, part.state, part.origin) == (Inspection.PENDING, PartState.SPOOLED, "telegram")
        assert [name for name in bot.running.spooled_files() if spoken.key.hex in name] == []

        await sandbox.remove_fault(stalled)
        await bot.card(TENANT, voice["message_id"], "Stored")
        spoken, part = await media_of(bot, "voice")
        assert (spoken.verified, part.origin, part.state) == (True, "spool", PartState.STORED)
        kept = next(one for one in await sandbox.messages(REQUESTS) if one["message_id"] == part.message_id)
        assert "document" in kept, "a voice message could not be replaced later"
        assert await read_back(bot.running, spoken.id) == spoken_file.read_bytes()
        assert await read_back(bot.running, waiting.media.id) == data

        async def empty() -> bool:
            return bot.running.spooled_files() == [] and bot.archive.spool.used_bytes == 0

        await eventually(empty)
        await bot.calm()


@pytest.mark.parametrize("step", ["open", "write_piece", "_sync"])
async def test_a_voice_message_waits_for_a_disk_that_is_full(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, step: str
) -> None:
    async with running_bot(database_url, sandbox, tmp_path) as bot:
        SmallDisk.names, spoken_file = (step,), media.voice(tmp_path)
        (sent,) = await sandbox.send_files(TENANT, [spoken_file], kind="voice")

        async def tried_often() -> bool:
            return SmallDisk.refused >= OFTEN

        async def nothing_spooled() -> bool:
            return bot.running.spooled_files() == []

        await eventually(tried_often)
        await eventually(nothing_spooled)  # between two tries: one that goes on has made its file
        spoken, _ = await media_of(bot, "voice")
        assert spoken.inspection is Inspection.PENDING
        SmallDisk.names = ()
        await bot.card(TENANT, sent["message_id"], "Stored")
        assert await read_back(bot.running, spoken.id) == spoken_file.read_bytes()
        assert bot.running.spooled_files() == []
        assert bot.archive.spool.used_bytes == 0


@pytest.mark.parametrize("step", ["open", "write_piece", "_sync"])
async def test_an_upload_to_a_full_disk_goes_on_when_there_is_room(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, step: str
) -> None:
    """A raw one is refused and leaves nothing; a resumable one keeps what was told, and nothing else is counted."""
    data = some_bytes(200_000)
    async with both_doors(database_url, sandbox, tmp_path) as (bot, door):
        tus = Tus(door)
        url = await tus.begin(len(data))
        assert (await tus.patch(url, 0, data[:50_000])).offset == 50_000
        SmallDisk.names = (step,)
        status, problem = await door.send(data)
        assert (status, problem["code"]) == (503, "spool_full")
        assert "Try again later" in problem["detail"]
        refused = await tus.patch(url, 50_000, data[50_000:])
        assert (refused.status, refused.code) == (503, "spool_full")
        assert int(refused.headers["Retry-After"]) > 0
        SmallDisk.names = ()
        told = (await tus.head(url)).offset
        assert told >= 50_000
        done = await tus.patch(url, told, data[told:])
        assert done.status == 204
        assert done.media_id is not None
        assert await read_back(bot.running, done.media_id) == data
        assert (await door.send(data))[0] == 201

        async def nothing_is_left() -> bool:
            return bot.running.spooled_files() == [] and bot.archive.spool.used_bytes == 0

        await eventually(nothing_is_left)


async def test_a_short_file_that_a_full_disk_refuses_leaves_nothing(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """It is written and synced in one go."""
    async with both_doors(database_url, sandbox, tmp_path) as (bot, door):
        SmallDisk.names = ("write_part",)
        status, problem = await door.send(some_bytes(1000))
        assert (status, problem["code"]) == (503, "spool_full")
        assert await door.is_clean()
        SmallDisk.names = ()
        assert (await door.send(some_bytes(1000)))[0] == 201
        await bot.calm()
