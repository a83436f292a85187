"""The mirror: bytes outside Telegram too, read when Telegram has them no more, and never in the way of an upload."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from sandbox.client import SandboxClient
from storage.engine.events import untold_events
from storage.errors import ArchiveError
from storage.mirror.directory import MirrorDirectory
from storage.mirror.filling import FILL_JOB
from storage.jobs import enqueue
from storage.tables import MirrorFile, MirrorNode, Part
from tests.flow.archives import (
    REQUESTS,
    SERVICE,
    RunningArchive,
    count,
    eventually,
    read_back,
    running_archive,
    some_bytes,
    take_in,
)

KEY = "0123456789abcdef0123456789abcdef"
DATA = some_bytes(150_000)


def files_in(mirror: Path) -> list[Path]:
    return sorted(path for path in mirror.glob("??/??/*") if path.is_file())


async def fill(running: RunningArchive) -> None:
    """What the minute's schedule does."""
    async with running.archive.sessions.begin() as session:
        await enqueue(session, FILL_JOB, {}, dedupe=FILL_JOB)


async def empty_the_channel(running: RunningArchive) -> None:
    """By hand, and with it every file id stops to work."""
    async with running.archive.sessions.begin() as session:
        for part in (await session.scalars(select(Part))).all():
            assert part.chat_id is not None
            assert part.message_id is not None
            await running.sandbox.delete(part.chat_id, part.message_id)
    wrong = "Bad Request: wrong file_id or the file is temporarily unavailable"
    await running.sandbox.add_fault("error", method="getFile", status=400, description=wrong)


@pytest.mark.parametrize("key", ["", KEY])
async def test_what_telegram_has_no_more_is_read_from_the_mirror(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, key: str
) -> None:
    mirror = tmp_path / "mirror"
    async with running_archive(
        database_url, sandbox, tmp_path, part_size="64KiB", mirror=str(mirror), mirror_key=key
    ) as running:
        media_id = (await take_in(running, DATA)).media.id
        assert len(files_in(mirror)) == await count(running, MirrorFile) == 3
        held = b"".join(path.read_bytes() for path in files_in(mirror))
        assert (DATA[:1000] in held) is (not key)
        await empty_the_channel(running)
        assert await read_back(running, media_id) == DATA
        assert await read_back(running, media_id, 65_000, 70_001) == DATA[65_000:70_001]
