"""The whole story in one go, with both doors busy: what an archive can lose, it loses, and nothing that was
acknowledged and had a copy is gone at the end.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.cli_refill import refill_now
from gateway.sandbox_process import TOKEN
from sandbox.client import SandboxClient
from storage.domain import CopyState, PartState, Purpose
from storage.engine.captions import parse_manifest
from storage.engine.refilling import Refiller
from storage.jobs import enqueue
from storage.mirror.filling import FILL_JOB
from storage.tables import MirrorFile, Part, PartCopy
from storage.telegram.memberships import Memberships
from tests import media
from tests.flow.archives import REPORTS, REQUESTS, RunningArchive, eventually, read_back, running_archive, some_bytes
from tests.flow.bot_running import ADMIN, BOT_ID, RunningBot, running_bot
from tests.flow.faulty_copies import soon
from tests.flow.http_door import UPLOAD, Door, open_door

SECOND, NEW = 7_000_000_002, 7_000_000_003
_SECOND_TOKEN = f"{SECOND}:second-bot-token-bbbbbbbbbbbbbbbbbbbbbbbb"
_NEW_TOKEN = f"{NEW}:a-new-bot-token-cccccccccccccccccccccccccc"
_GIVEN = {"part_size": "64KiB", "part_cache_max_bytes": "0"}
_PAUSE = 0.5


@dataclass
class Load:
    """A service that uploads and a person who takes pictures; ``kept`` is what they were told is kept, by digest."""

    bot: RunningBot
    door: Door
    folder: Path
    kept: dict[int, str] = field(default_factory=dict)
    photos: int = 0
    uploads: int = 0
    stopped: set[str] = field(default_factory=set)
    photographer: asyncio.Task[None] | None = None

    async def upload(self) -> None:
        while "uploads" not in self.stopped:
            self.uploads += 1
            data = some_bytes((20_000, 90_000, 150_000)[self.uploads % 3], seed=self.uploads)
            path = f"{UPLOAD}/stream?filename=load{self.uploads}.txt&category=request_document"
            status, answer = await self.door.send(data, path=f"{path}&request_number=250926-001")
            assert status in (201, 202), answer
            self.kept[answer["media_file_id"]] = hashlib.sha256(data).hexdigest()
            await asyncio.sleep(_PAUSE)

    async def photograph(self) -> None:
        while "photos" not in self.stopped:
            picture = media.jpeg(self.folder, width=300 + len(self.kept), height=200)
            (sent,) = await self.bot.sandbox.send_files(ADMIN, [picture], caption="#250926-001")
            card = await self._stored(sent["message_id"])
            data = await self.bot.sandbox.file(sent["photo"][-1]["file_unique_id"])
            self.kept[int(card.split("ID ")[1].split()[0])] = hashlib.sha256(data).hexdigest()
            self.photos += 1
            await asyncio.sleep(_PAUSE)

    async def _stored(self, message_id: int) -> str:
        """The card, among what else the bot has to say."""

        def cards(found: list[dict[str, Any]]) -> list[str]:
            answers = [one for one in found if one.get("reply_to_message", {}).get("message_id") == message_id]
            return [one["text"] for one in answers if "Stored" in one["text"]]

        return cards(await self.bot.answers(ADMIN, message_id, until=cards))[0]

    async def no_more_photos(self) -> None:
        """The last one is kept then: who sends to a bot that is gone is told nothing."""
        self.stopped.add("photos")
        assert self.photographer is not None
        await asyncio.wait({self.photographer})

    async def more(self, number: int) -> None:
        """Wait for so many acknowledgements more."""
        wanted = len(self.kept) + number

        async def came() -> bool:
            return len(self.kept) >= wanted

        await eventually(came)

    async def reads(self) -> None:
        """Everything that is kept by now comes back by HTTP as it went."""
        for media_id, digest in [*self.kept.items()]:
            status, body, _ = await self.door.fetch(f"/api/v1/media/{media_id}/file")
            assert status == 200, (media_id, body)
            assert hashlib.sha256(body).hexdigest() == digest


@asynccontextmanager
async def under_load(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, **variables: Any
) -> AsyncIterator[Load]:
    async with (
        running_bot(database_url, sandbox, tmp_path, **variables) as bot,
        open_door(bot.running, archive_wait=0.5) as door,
    ):
        load = Load(bot, door, tmp_path)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.upload())
            load.photographer = tasks.create_task(load.photograph())
            try:
                yield load
            finally:
                load.stopped |= {"uploads", "photos"}


async def stored_parts(running: RunningArchive) -> Sequence[Part]:
    async with running.archive.sessions.begin() as session:
        query = select(Part).where(Part.state == PartState.STORED, Part.media_id.is_not(None))
        return (await session.scalars(query)).all()


async def a_minute_later(running: RunningArchive) -> None:
    """What the minute's schedules do; not so often that the load feels it."""
    await asyncio.sleep(0.5)
    await running.archive.sweeper.sweep()
    async with running.archive.sessions.begin() as session:
        await enqueue(session, FILL_JOB, {}, dedupe=FILL_JOB)


async def everything_copied(running: RunningArchive) -> None:
    """What is stored now gets into the backup channel, and into the mirror."""
    now = {(part.media_key, part.index): part.sha256 for part in await stored_parts(running)}

    async def done() -> bool:
        await a_minute_later(running)
        async with running.archive.sessions.begin() as session:
            verified = select(PartCopy.media_key, PartCopy.part_index).where(PartCopy.state == CopyState.VERIFIED)
            copies = {(key, index) for key, index in await session.execute(verified)}
            mirrored = set(await session.scalars(select(MirrorFile.sha256)))
        return now.keys() <= copies and set(now.values()) <= mirrored

    await eventually(done)


async def ours(sandbox: SandboxClient, chat_id: int) -> list[int]:
    """The messages of a channel that carry a manifest."""
    messages = await sandbox.messages(chat_id, limit=1000)
    return [message["message_id"] for message in messages if parse_manifest(message.get("caption"))]


async def empty(sandbox: SandboxClient, chat_id: int) -> int:
    """Somebody deletes all of it by hand; how much that was."""
    found = await ours(sandbox, chat_id)
    for message_id in found:
        await sandbox.delete(chat_id, message_id)
    return len(found)


async def nothing_damaged(running: RunningArchive) -> None:
    async def done() -> bool:
        await a_minute_later(running)
        async with running.archive.sessions.begin() as session:
            return await session.scalar(select(Part.id).where(Part.state == PartState.DAMAGED).limit(1)) is None

    await eventually(done)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror passes over what is not stored yet, and looks again minutes later; so do copies that failed."""
    monkeypatch.setattr("storage.mirror.filling._AGAIN_EVERY", timedelta(0))
    monkeypatch.setattr("storage.mirror.filling._RETRIES", (timedelta(0),))
    soon(monkeypatch)


@pytest.mark.timeout(300)
async def test_nothing_that_had_a_copy_is_lost(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    """A bot is revoked, a channel emptied by hand, then all channels and all bots are gone; a new bot goes on."""
    await sandbox.bot(token=_SECOND_TOKEN)
    for chat_id in (REQUESTS, REPORTS):
        await sandbox.member(chat_id, SECOND, "administrator")
    backup = (await sandbox.channel("Backup", creator=ADMIN, bots=(BOT_ID, SECOND)))["id"]
    mirror = {"mirror": str(tmp_path / "mirror")}
    old = {
        "bot_tokens": f"{TOKEN},{_SECOND_TOKEN}",
        "channels": f"requests={REQUESTS}+{REPORTS},backup={backup}",
    }
    async with under_load(database_url, sandbox, tmp_path, **_GIVEN, **old, **mirror) as load:
        running = load.bot.running
        await load.more(5)
        await sandbox.add_fault("revoked", bot=SECOND)
        await load.more(5)

        await everything_copied(running)
        assert await empty(sandbox, REQUESTS) > 0
        await load.reads()
        await nothing_damaged(running)
        await load.more(2)

        await load.no_more_photos()
        await everything_copied(running)
        await sandbox.add_fault("revoked", bot=BOT_ID)
        for chat_id in (REQUESTS, REPORTS, backup):
            await empty(sandbox, chat_id)
            for bot_id in (BOT_ID, SECOND):
                await sandbox.member(chat_id, bot_id, "kicked")
        await load.more(3)  # into the spool
    assert load.photos >= 3
    await _a_new_bot_goes_on(database_url, sandbox, tmp_path, load.kept, **mirror)


async def _a_new_bot_goes_on(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, kept: dict[int, str], **variables: str
) -> None:
    await sandbox.bot(token=_NEW_TOKEN)
    fresh = (await sandbox.channel("New", creator=ADMIN, bots=(NEW,)))["id"]
    new = {"bot_tokens": _NEW_TOKEN, "channels": f"requests={fresh}"}
    async with running_archive(database_url, sandbox, tmp_path, **_GIVEN, **new, **variables) as running:
        members = Memberships([running.bot])
        refiller = Refiller(sessions=running.archive.sessions, members=members, assumed_rate=20)
        done = await refill_now(refiller, list(Purpose), plan=False)
        assert {one["chat_id"] for one in done["out_of_reach"]} <= {REQUESTS, REPORTS}
        assert done["wanted"] > 0

        async def all_there() -> bool:
            await a_minute_later(running)
            async with running.archive.sessions.begin() as session:
                rows = (await session.scalars(select(Part))).all()
            places = sorted(part.message_id or 0 for part in rows if part.chat_id == fresh)
            return len(places) == len(rows) and places == await ours(sandbox, fresh)

        await eventually(all_there, within=120)
        (tmp_path / "mirror").rename(tmp_path / "away")  # from here on Telegram alone has the bytes
        for media_id, digest in kept.items():
            assert hashlib.sha256(await read_back(running, media_id)).hexdigest() == digest
        assert running.spooled_files() == []
