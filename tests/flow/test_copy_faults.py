"""Copies effectively once: the process dies at each step of copying, under each fault of Telegram.

As `tests.flow.test_faults` does for parts: after a restart each backup copy is in its channel once, where its row says,
and a replaced part has one message; no intent, stray or forward is left. ``FAULTS_TABLE=<file>`` writes the table.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
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
from storage.wakeups import REPLACEMENTS
from tests.flow.archives import REPORTS, REQUESTS, some_bytes
from tests.flow.faulty import SECOND, Ground, Points, faulty_ground
from tests.flow.test_faults import FAULTS, Table, _quick, die_at, table

__all__ = ["_quick", "table"]

_MOST_STEPS = 60
_ADMIN = 1003
_EACH, _SOME = ("none",), ("answer lost", "late")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.copying._RETRY_DELAYS", (0.0,))
    monkeypatch.setattr("storage.engine.copy_checks._RETRY_SECONDS", 0.0)
    monkeypatch.setattr("storage.engine.intents.SETTLE_SECONDS", 0.0)
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


@pytest.fixture
async def copying(sessions: Sessions, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[CopyGround]:
    async with faulty_ground(sessions, sandbox, tmp_path) as ground:
        backup = (await sandbox.channel("Backup", creator=_ADMIN, bots=(ground.bot.id, SECOND)))["id"]
        await Binder(sessions=sessions, bot=ground.bot).bind({Purpose.BACKUP: (backup,)})
        yield CopyGround(ground, backup)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("wrong size", "cut in the body")])
async def test_a_copy_is_there_once_wherever_copying_dies(
    copying: CopyGround, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    """Of the common faults every few steps; with ``--every-step`` each of all."""
    every = pytestconfig.getoption("every_step")
    stride = 1 if every else 3 if fault in _EACH else 7 if fault in _SOME else _MOST_STEPS - 1
    for at in range(0, _MOST_STEPS, stride):
        _, key = await copying.stored(some_bytes(3_000, seed=at))
        if await _dies_and_settles(copying, table, key, (copying.backup, fault, at), "copyMessage"):
            return
    pytest.fail("the protocol has more steps than are tried")


@pytest.mark.parametrize("fault", ["none", "answer lost"])
async def test_a_damaged_part_has_one_message_wherever_its_replacement_dies(
    copying: CopyGround, table: Table, fault: str, pytestconfig: pytest.Config
) -> None:
    stride = 1 if pytestconfig.getoption("every_step") else 7
    for at in range(0, _MOST_STEPS, stride):
        part_id, key = await copying.stored(some_bytes(3_000, seed=at))
        await copying.ground.engine().copying.sweep.sweep()
        await copying.ground.settle()
        await copying.damaged(part_id)
        if await _dies_and_settles(copying, table, key, (REPLACEMENTS, fault, at), "copyMessage"):
            return
    pytest.fail("the protocol has more steps than are tried")


async def _dies_and_settles(
    copying: CopyGround, table: Table, key: UUID, case: tuple[int, str, int], method: str
) -> bool:
    """Die at a step of a copy job, start again, and check what has to hold. True where the job came to its end."""
    chat_id, fault, at = case
    ground = copying.ground
    await ground.engine().copying.sweep.sweep()
    await ground.foreign_posts()
    if FAULTS[fault]:
        await ground.sandbox.add_fault(method=method, count=1, **FAULTS[fault])
    points = Points(at)
    copier: Any = ground.engine(points).copying.copier
    step = await die_at(points, lambda: copier.handle({"chat": chat_id}))
    await ground.settle()
    await ground.sandbox.clear_faults()
    broken = await copying.broken(key)
    job = "replace" if chat_id == REPLACEMENTS else "copy"
    table.note(job, fault, "to the end" if step is None else f"{at + 1}. {step}", broken)
    assert not broken, step
    return step is None
