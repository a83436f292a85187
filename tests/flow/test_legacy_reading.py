"""After the move: old ids give the old bytes, and what two rows shared outlives the delete of one. And the command."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from aiogram.types import BufferedInputFile
from sqlalchemy import select
from sqlalchemy.engine import make_url

from bench.legacy_database import make
from gateway.cli_legacy import _words
from storage.clock import SystemClock
from storage.domain import PartState
from storage.engine.channel_book import ChannelBook
from storage.errors import MediaDeleted
from storage.legacy.channels import look_at
from storage.legacy.importing import Importing, Options
from storage.legacy.mapping import Rules
from storage.legacy.report import Report
from storage.legacy.source import LegacyChannel, open_source
from storage.legacy.writing import Writer
from storage.tables import Part, StrayMessage
from tests.flow.archives import REQUESTS, SERVICE, RunningArchive, eventually, read_back, some_bytes
from tests.flow.http_door import open_door

GONE = -1_009_999_999_999


@pytest.fixture
async def legacy_url(database_url: str) -> str:
    plain = make_url(database_url).set(drivername="postgresql").update_query_dict({"search_path": "legacy"})
    url = plain.render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE SCHEMA legacy")
    await make(connection, 0)
    await connection.close()
    return url


async def test_old_ids_give_the_old_bytes_by_any_bot(archive: RunningArchive, legacy_url: str) -> None:
    """The file ids are of a bot that is not ours: ours obtains its own from the message."""
    data = some_bytes(30_000)
    sent = await archive.bot.send_document(REQUESTS, BufferedInputFile(data, "old.txt"))
    connection = await asyncpg.connect(legacy_url)
    for row_id in (700, 701):  # both name the one message
        await connection.execute(
            "INSERT INTO media_files (id, telegram_channel_id, telegram_message_id, telegram_file_id, file_type,"
            " file_size, mime_type, uploaded_at) VALUES ($1, $2, $3, 'foreign', 'document', $4, 'text/plain', now())",
            *(row_id, REQUESTS, sent.message_id, len(data)),
        )
    await connection.close()
    await _import(archive, legacy_url)

    assert await read_back(archive, 700) == data
    await archive.archive.sweeper.sweep()
    await eventually(lambda: _stored(archive, 701))
    await eventually(lambda: _tidy(archive))
    assert sent.message_id in await _messages(archive), "700 has it still"
    async with open_door(archive) as door:
        for row_id in (700, 701):
            status, body, _ = await door.fetch(f"/api/v1/media/{row_id}/file")
            assert (status, body) == (200, data), "links that others keep lead to what they led to"
    await archive.archive.use_cases.deleting.delete(SERVICE, 700)
    await eventually(lambda: _erased(archive, 700))
    assert await read_back(archive, 701) == data
    assert sent.message_id not in await _messages(archive)
    with pytest.raises(MediaDeleted):
        await read_back(archive, 700)


async def _import(archive: RunningArchive, url: str) -> Report:
    importing = Importing(
        sessions=archive.archive.sessions,
        clock=SystemClock(),
        rules=Rules(now=datetime.now(UTC), fetch_limit=archive.archive.fetch_limit, bot_id=None),
        writer=Writer(node="test", bot_id=None, actor="cli"),
        actor="cli",
    )
    async with open_source(url) as source:
        return await importing.run(source, Options())


async def _stored(archive: RunningArchive, media_id: int) -> bool:
    async with archive.archive.sessions.begin() as session:
        return await session.scalar(select(Part.state).where(Part.media_id == media_id)) is PartState.STORED


async def _erased(archive: RunningArchive, media_id: int) -> bool:
    """Its rows are gone, and so is every message that nobody has any more."""
    async with archive.archive.sessions.begin() as session:
        part = await session.scalar(select(Part.id).where(Part.media_id == media_id))
    return part is None and await _tidy(archive)


async def _tidy(archive: RunningArchive) -> bool:
    async with archive.archive.sessions.begin() as session:
        return await session.scalar(select(StrayMessage.chat_id).limit(1)) is None


async def _messages(archive: RunningArchive) -> set[int]:
    return {message["message_id"] for message in await archive.sandbox.messages(REQUESTS)}


async def test_channels_that_nobody_can_read_are_named(archive: RunningArchive) -> None:
    book = ChannelBook(sessions=archive.archive.sessions, bot=archive.bot, clock=SystemClock())
    channels = [
        LegacyChannel(chat_id=one, name=name, purpose="requests", active=True, retention_days=None, files=9)
        for one, name in ((REQUESTS, "Here"), (GONE, "Away"))
    ]
    report = Report(dry_run=False)
    report.channels = await look_at(channels, book, bind=True, actor="cli")

    assert not report.complete
    said = "\n".join(_words(report))
    assert f"channel {REQUESTS} Here: 9 files, serves requests here" in said
    assert f"NOT READABLE channel {GONE} Away: 9 files" in said


async def test_the_command_reports_lists_and_ends_with_three(
    database_url: str, legacy_url: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(legacy_url)
    await connection.execute("DROP TABLE media_files, media_tags, media_channels, media_upload_sessions")
    await make(connection, 25, messy_every=1)
    await connection.close()
    given = {"DATABASE_URL": database_url, "SECRET_KEY": "a secret key for tests", "DATA_DIR": str(tmp_path / "data")}
    environ = os.environ | {f"MEDIAGATE_{name}": value for name, value in given.items()}
    arguments = ["import-legacy", legacy_url, "--offline", "--json", "--list", str(tmp_path / "list")]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from gateway.cli import main; main()", *arguments), env=environ, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()

    assert process.returncode == 3, err.decode()
    report = json.loads(out)
    assert (report["read"], report["added"], report["refused"]) == (25, 24, 1)
    lines = [json.loads(line) for line in (tmp_path / "list").read_text().splitlines()]
    assert {line["id"] for line in lines if line["what"] == "refused"} == {18}
    assert any(note["value"] == "заявка 17/а" for line in lines for note in line["notes"])
