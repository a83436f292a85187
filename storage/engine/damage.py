"""Parts whose message cannot be read any more: said loudly, and replaced in the background.

Whoever finds one out (a read, a copy, a check) calls `part_damaged`; `want_replacement` alone has a part that is not
known to be damaged put into a channel again, as where its channel is out of reach. `storage.engine.copying` does it.
"""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import CopyRole, CopyState, EventType, PartState
from storage.engine.copy_sources import source_back
from storage.engine.events import EventKind, note_event
from storage.events.outbox import tell
from storage.notices import media_changed
from storage.tables import Media, Part, PartCopy
from storage.wakeups import REPLACEMENTS, wake_copier


async def part_damaged(session: AsyncSession, part_id: int, *, chat_id: int, message_id: int, reason: str) -> bool:
    """The message ``message_id`` of ``chat_id`` does not give the part's bytes back: have it replaced.

    False, and nothing is done, where the part has another message by now, or was known to be damaged.
    """
    part = await session.get(Part, part_id, with_for_update=True)
    if part is None or part.state is not PartState.STORED or (part.chat_id, part.message_id) != (chat_id, message_id):
        return False
    part.state = PartState.DAMAGED
    detail = {"part": part.index + 1, "message_id": message_id}
    note_event(session, EventKind.PART_DAMAGED, chat_id=chat_id, media_id=part.media_id, **detail, reason=reason)
    await session.flush()
    if part.media_id is not None:
        await want_replacement(session, part)
        await media_changed(session, part.media_id)
        media = await session.get_one(Media, part.media_id)
        await tell(session, EventType.MEDIA_DAMAGED, media, by="system", **detail)
    return True


async def want_replacement(session: AsyncSession, part: Part) -> bool:
    """Have a part that is in a channel put into one of its purpose once more. False where that is wanted already."""
    row = insert(PartCopy).values(
        media_key=part.media_key,
        part_index=part.index,
        role=CopyRole.REPLACEMENT,
        state=CopyState.WAITING,
        instead_chat_id=part.chat_id,
        instead_message_id=part.message_id,
    )
    fresh = await session.scalar(row.on_conflict_do_nothing().returning(PartCopy.id))
    if fresh is not None:
        await wake_copier(session, REPLACEMENTS)
    return fresh is not None


async def part_repaired(session: AsyncSession, part: Part) -> None:
    """The part has a message again; to be called once its row says so."""
    note_event(
        session, EventKind.PART_REPAIRED, chat_id=part.chat_id, media_id=part.media_id,
        part=part.index + 1, message_id=part.message_id,
    )  # fmt: skip
    await source_back(session, part)
    if part.media_id is not None:
        await media_changed(session, part.media_id)
        media = await session.scalar(select(Media).where(Media.id == part.media_id))
        if media is not None:
            await tell(session, EventType.MEDIA_UPDATED, media, by="system", changed=["repaired"])
