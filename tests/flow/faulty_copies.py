"""The protocol of copying on its own: the ground of `tests.flow.faulty`, with a backup channel."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from sandbox.client import SandboxClient
from storage.database import Sessions
from storage.domain import Category, CopyState, FileType, Inspection, MediaStatus, PartState, Purpose
from storage.engine.captions import parse_manifest
from storage.engine.damage import part_damaged
from storage.tables import FileRef, Intent, Media, Part, PartCopy, StrayMessage
from storage.telegram.binding import Binder
from tests.flow.archives import REPORTS, REQUESTS
from tests.flow.faulty import SECOND, Ground, faulty_ground

_ADMIN = 1003


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits long for its next attempt."""
    monkeypatch.setattr("storage.engine.copy_delays.RETRY_DELAYS", (0.0,))
    monkeypatch.setattr("storage.engine.copy_delays._ASIDE_SECONDS", 0.0)
    monkeypatch.setattr("storage.engine.copy_sources._DELAYS", (0.0,))
    monkeypatch.setattr("storage.engine.copying.RETRY_DELAYS", (0.0, 0.0))
    monkeypatch.setattr("storage.engine.copy_checks._RETRY_SECONDS", 0.0)
    monkeypatch.setattr("storage.engine.reconciling.SETTLE_SECONDS", 0.0)
    monkeypatch.setattr("storage.telegram.memberships._GOOD_FOR", 0.0)


class CopyGround:
    """The ground of parts, with a backup channel."""

    def __init__(self, ground: Ground, backup: int) -> None:
        self.ground = ground
        self.backup = backup

    async def stored(self, data: bytes) -> tuple[int, UUID]:
        """A media of one part, which is in its channel."""
        part_id, key = await self.ground.spooled(data)
        media = Media(
            key=key, owner="service:test", source="http", filename="a.txt", content_type="text/plain",
            file_type=FileType.DOCUMENT, category=Category.OTHER, purpose=Purpose.REQUESTS, status=MediaStatus.ACTIVE,
            inspection=Inspection.DONE, verified=True, file_size=len(data),
        )  # fmt: skip
        async with self.ground.sessions.begin() as session:
            session.add(media)
            await session.flush()
            await session.execute(update(Part).where(Part.id == part_id).values(media_id=media.id))
        await self.ground.engine().shipper.handle({"part": part_id})
        return part_id, key

    async def damaged(self, part_id: int) -> None:
        """Its message is deleted by hand, and its file ids are good no more."""
        async with self.ground.sessions.begin() as session:
            part = await session.get_one(Part, part_id)
            assert part.chat_id is not None
            assert part.message_id is not None
            await session.execute(delete(FileRef).where(FileRef.part_id == part_id))
            where = {"chat_id": part.chat_id, "message_id": part.message_id}
            await self.ground.sandbox.delete(part.chat_id, part.message_id)
            await part_damaged(session, part_id, **where, reason="message_missing")

    async def broken(self, key: UUID) -> list[str]:
        """What does not hold."""
        broken = []
        async with self.ground.sessions.begin() as session:
            part = (await session.scalars(select(Part).where(Part.media_key == key))).one()
            copies = (await session.scalars(select(PartCopy).where(PartCopy.media_key == key))).all()
            left = await session.scalar(select(func.count()).select_from(Intent)) or 0
            left += await session.scalar(select(func.count()).select_from(StrayMessage)) or 0
        if part.state is not PartState.STORED or [copy.state for copy in copies] != [CopyState.VERIFIED]:
            broken.append(f"the part is {part.state}, its copies are {[copy.state.value for copy in copies]}")
        owned = {(part.chat_id, part.message_id), *((copy.chat_id, copy.message_id) for copy in copies)}
        if set(found := await self._messages(key)) != owned or len(found) != len(owned):
            broken.append(f"{len(found)} messages for {len(owned)} rows")
        if left:
            broken.append("intents or strays are left")
        return broken

    async def _messages(self, key: UUID) -> list[tuple[int | None, int | None]]:
        found: list[tuple[int | None, int | None]] = []
        for chat_id in (REQUESTS, REPORTS, self.backup):
            for message in await self.ground.sandbox.messages(chat_id, limit=1000):
                manifest = parse_manifest(message.get("caption"))
                if "forward_origin" in message or (manifest is not None and manifest.media_key == key):
                    found.append((chat_id, message["message_id"]))
        return found


@asynccontextmanager
async def copy_ground(sessions: Sessions, sandbox: SandboxClient, directory: Path) -> AsyncIterator[CopyGround]:
    async with faulty_ground(sessions, sandbox, directory) as ground:
        backup = (await sandbox.channel("Backup", creator=_ADMIN, bots=(ground.bot.id, SECOND)))["id"]
        await Binder(sessions=sessions, bot=ground.bot).bind({Purpose.BACKUP: (backup,)})
        yield CopyGround(ground, backup)
