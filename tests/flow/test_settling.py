"""Parts of one media that arrive at once, from two nodes: what one has to wait for it sees then."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import Category, FileType, Inspection, MediaStatus, PartState, Purpose, UploadPhase
from storage.engine.arriving import Arrival
from storage.engine.settling import part_stored
from storage.ports import Sent
from storage.tables import Channel, FileRef, Media, Part, Upload

CHAT, BOT, NOW = -1001, 7, datetime(2025, 9, 26, tzinfo=UTC)
KEY, WAITING_SECONDS = uuid4(), 0.2


def media_of(key: UUID) -> Media:
    return Media(
        key=key,
        owner="service:test",
        source="http",
        filename="a.bin",
        file_size=20,
        content_type="application/octet-stream",
        file_type=FileType.DOCUMENT,
        category=Category.OTHER,
        purpose=Purpose.REQUESTS,
        status=MediaStatus.ACTIVE,
        inspection=Inspection.DONE,
        verified=True,
        uploaded_at=NOW,
    )


async def two_parts(sessions: Sessions) -> tuple[int, int]:
    """Of an upload, on their way; their ids."""
    upload = Upload(id=uuid4(), media_key=KEY, owner="service:test", node="a", phase=UploadPhase.STORING, details={})
    parts = [
        Part(
            media_key=KEY, upload_id=upload.id, index=index, offset=10 * index, size=10, sha256=bytes(32), node="a",
            last=index == 1, state=PartState.SHIPPING, origin="spool", purpose=Purpose.REQUESTS,
        )
        for index in range(2)
    ]  # fmt: skip
    async with sessions.begin() as session:
        session.add(Channel(chat_id=CHAT, title="C", anchor_message_id=1, head_message_id=1))
        session.add(upload)
        await session.flush()
        session.add_all(parts)
    return parts[0].id, parts[1].id


async def make_media(session: AsyncSession) -> int:
    """What the acknowledgement does."""
    media = media_of(KEY)
    session.add(media)
    await session.flush()
    await session.execute(update(Part).where(Part.media_key == KEY).values(media_id=media.id))
    await session.execute(update(Upload).where(Upload.media_key == KEY).values(media_id=media.id))
    return media.id


async def arrives(session: AsyncSession, part_id: int, message_id: int) -> None:
    sent = Sent(message_id=message_id, file_id=f"file-{message_id}", file_unique_id=f"unique-{message_id}")
    arrival = Arrival(part_id=part_id, chat_id=CHAT, bot_id=BOT, sent=sent)
    assert await part_stored(session, arrival, now=NOW)


async def test_of_two_parts_that_arrive_at_once_the_second_makes_the_media_whole(sessions: Sessions) -> None:
    first, second = await two_parts(sessions)
    async with sessions.begin() as session:
        await make_media(session)

    async def other_node() -> None:
        async with sessions.begin() as session:
            await arrives(session, second, 2)

    async with sessions.begin() as session:
        await arrives(session, first, 3)
        other = asyncio.create_task(other_node())
        await asyncio.sleep(WAITING_SECONDS)
        assert not other.done()
    await other
    async with sessions.begin() as session:
        assert await session.scalar(select(Upload.phase)) is UploadPhase.DONE
        channel = await session.scalar(select(Channel))
        assert channel is not None
        assert (channel.head_message_id, channel.posted) == (3, 2)
        assert set(await session.scalars(select(FileRef.file_id))) == {"file-2", "file-3"}


async def test_a_media_that_is_acknowledged_while_its_part_arrives_is_locked_too(sessions: Sessions) -> None:
    """The statement that waits for the part's row does not see a media that is younger than itself."""
    first, _ = await two_parts(sessions)
    arrived, checked = asyncio.Event(), asyncio.Event()

    async def other_node() -> None:
        async with sessions.begin() as session:
            await arrives(session, first, 2)
            arrived.set()
            await checked.wait()

    async with sessions.begin() as session:
        media_id = await make_media(session)
        other = asyncio.create_task(other_node())
        await asyncio.sleep(WAITING_SECONDS)
        assert not arrived.is_set()
    await arrived.wait()
    with pytest.raises(DBAPIError, match="could not obtain lock"):
        async with sessions.begin() as session:
            await session.scalar(select(Media.id).where(Media.id == media_id).with_for_update(nowait=True))
    checked.set()
    await other
    async with sessions.begin() as session:
        assert await session.scalar(select(Part.media_id).where(Part.state == PartState.STORED)) == media_id
        assert await session.scalar(select(Upload.phase)) is UploadPhase.STORING
