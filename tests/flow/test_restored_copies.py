"""Copies that were made after the dump: they are known again, and not made a second time."""

import hashlib
from uuid import uuid4

from sqlalchemy import select

from storage.clock import SystemClock
from storage.database import Sessions
from storage.domain import Category, CopyRole, CopyState, FileType, Inspection, MediaStatus, PartState, Purpose
from storage.engine.captions import caption
from storage.engine.facts import media_facts, part_manifest
from storage.recovery.building import Builder
from storage.tables import Channel, ChannelBinding, FoundMessage, Media, Part, PartCopy

_REQUESTS, _BACKUP = -1, -2


async def test_a_copy_that_the_dump_wanted_is_the_one_that_was_found(sessions: Sessions) -> None:
    media = Media(
        key=uuid4(), owner="service:test", source="http", filename="a.txt", content_type="text/plain", file_size=4,
        file_type=FileType.DOCUMENT, category=Category.OTHER, purpose=Purpose.REQUESTS, status=MediaStatus.ACTIVE,
        inspection=Inspection.DONE, verified=True,
    )  # fmt: skip
    part = Part(
        media_key=media.key, index=0, offset=0, size=4, sha256=hashlib.sha256(b"text").digest(), last=True, node="old",
        state=PartState.STORED, origin="spool", purpose=Purpose.REQUESTS, chat_id=_REQUESTS, message_id=10,
    )  # fmt: skip
    wanted = PartCopy(media_key=media.key, part_index=0, role=CopyRole.BACKUP, state=CopyState.WAITING, chat_id=_BACKUP)
    async with sessions.begin() as session:
        channel = Channel(chat_id=_BACKUP, title="Backup", anchor_message_id=1, head_message_id=1)
        session.add_all([media, channel, wanted])
        await session.flush()
        part.media_id = media.id
        session.add_all([part, ChannelBinding(purpose=Purpose.BACKUP, channel_id=channel.id)])
        text = caption(await media_facts(session, media), part_manifest(part, media))
        found = {"chat_id": _BACKUP, "message_id": 7, "bot_id": 5, "file_id": "file", "caption": text}
        session.add(FoundMessage(media_key=media.key, index=0, **found))
    await Builder(sessions=sessions, clock=SystemClock(), node="new").build()
    async with sessions.begin() as session:
        [copy] = (await session.scalars(select(PartCopy))).all()
    assert (copy.state, copy.message_id, copy.file_id) == (CopyState.VERIFIED, 7, "file")
