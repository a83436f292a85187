"""Moving parts that were shipped before it was known where they belong."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import PartState, Purpose
from storage.tables import FileRef, Part
from storage.wakeups import wake_shipper


async def move_parts(session: AsyncSession, media_key: UUID, purpose: Purpose) -> None:
    """Have every part of the media end up in the channel of ``purpose``.

    A field that came after the file can change its category, and with it the channel. What is already in the other
    channel is copied over from there, and its old message removed once the copy is stored; what is on its way
    there gets a new row, so that the arrival finds no owner and is removed.
    """
    parts = await session.scalars(
        select(Part).where(Part.media_key == media_key, Part.purpose != purpose).with_for_update()
    )
    for part in parts.all():
        if part.state is PartState.SPOOLED:
            part.purpose = purpose
            continue
        ref = await session.scalar(select(FileRef).where(FileRef.part_id == part.id).limit(1))
        moved = _moved(part, purpose, ref)
        await session.delete(part)
        await session.flush()
        session.add(moved)
        await session.flush()
        await wake_shipper(session, moved)


def _moved(part: Part, purpose: Purpose, ref: FileRef | None) -> Part:
    source: dict[str, Any] = {
        "origin": part.origin,
        "source_chat_id": part.source_chat_id,
        "source_message_id": part.source_message_id,
        "source_bot_id": part.source_bot_id,
        "source_file_id": part.source_file_id,
        "source_file_unique_id": part.source_file_unique_id,
    }
    if part.message_id is not None:
        source |= {"origin": "telegram", "source_chat_id": part.chat_id, "source_message_id": part.message_id}
    if ref is not None:
        source |= {"source_file_id": ref.file_id, "source_file_unique_id": ref.file_unique_id or None}
        source["source_bot_id"] = ref.bot_id
    return Part(
        media_key=part.media_key,
        media_id=part.media_id,
        upload_id=part.upload_id,
        index=part.index,
        offset=part.offset,
        size=part.size,
        sha256=part.sha256,
        last=part.last,
        state=PartState.SPOOLED,
        node=part.node,
        purpose=purpose,
        **source,
    )
