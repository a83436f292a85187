"""The mirror, and parts that are stored after those that came later."""

from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from sandbox.client import SandboxClient
from storage.domain import PartState
from storage.tables import Part
from tests.flow.archives import RunningArchive, read_back, running_archive, some_bytes, take_in
from tests.flow.test_mirror import empty_the_channel, filled


async def test_what_was_on_its_way_while_the_mirror_was_filled_is_brought_the_next_time(
    database_url: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """It is not passed over until everything is looked through again."""
    mirror = tmp_path / "mirror"
    async with running_archive(database_url, sandbox, tmp_path) as running:
        early, late = [(await take_in(running, some_bytes(3_000, seed))).media.id for seed in (1, 2)]
        async with running.archive.sessions.begin() as session:
            part = (await session.scalars(select(Part).where(Part.media_id == early))).one()
        await _changed(running, early, state=PartState.SPOOLED, node="another", chat_id=None, message_id=None)
    async with running_archive(database_url, sandbox, tmp_path, mirror=str(mirror)) as running:
        await filled(running, mirror, 1)
        await _changed(running, early, state=PartState.STORED, chat_id=part.chat_id, message_id=part.message_id)
        await filled(running, mirror, 2)
        await empty_the_channel(running)
        assert [await read_back(running, one) for one in (early, late)] == [some_bytes(3_000, n) for n in (1, 2)]


async def _changed(running: RunningArchive, media_id: int, **values: Any) -> None:
    async with running.archive.sessions.begin() as session:
        await session.execute(update(Part).where(Part.media_id == media_id).values(**values))
