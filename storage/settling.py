"""A part has arrived in its channel, by an answer or by being found there: one transaction for both."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.channels import raise_head
from storage.domain import PartState, UploadPhase
from storage.notices import media_changed
from storage.ports import Sent
from storage.strays import cast_off
from storage.tables import Channel, FileRef, Media, Part, Upload


async def part_stored(
    session: AsyncSession, part_id: int, *, chat_id: int, bot_id: int, sent: Sent, now: datetime
) -> bool:
    """Record where the part is. False where nobody owns the message any more: it is then cast off.

    When it was the media's last missing part, the upload is done and its cards want an edit.
    """
    await raise_head(session, chat_id, sent.message_id)
    part = await session.get(Part, part_id, with_for_update=True)
    if part is None or part.state is not PartState.SHIPPING:
        await cast_off(session, [(chat_id, sent.message_id)])
        return False
    part.state, part.chat_id, part.message_id, part.stored_at = PartState.STORED, chat_id, sent.message_id, now
    await _remember_file(session, part, bot_id, sent)
    await _leave_former_place(session, part)
    await session.flush()
    if part.media_id is not None:
        await _note_if_whole(session, part.media_id)
    return True


async def _remember_file(session: AsyncSession, part: Part, bot_id: int, sent: Sent) -> None:
    file_id, unique_id = sent.file_id or part.source_file_id, sent.file_unique_id
    if file_id is None:
        return
    if unique_id is None and part.media_id is not None:
        unique_id = await session.scalar(select(Media.telegram_unique_id).where(Media.id == part.media_id))
    values = {"file_id": file_id, "file_unique_id": unique_id or ""}
    await session.execute(
        insert(FileRef)
        .values(part_id=part.id, bot_id=bot_id, **values)
        .on_conflict_do_update(index_elements=[FileRef.part_id, FileRef.bot_id], set_=values)
    )


async def _leave_former_place(session: AsyncSession, part: Part) -> None:
    """A part that was copied over from another channel of ours has left that message behind."""
    if part.origin != "telegram" or part.source_message_id is None:
        return
    if await session.scalar(select(Channel.id).where(Channel.chat_id == part.source_chat_id)) is not None:
        assert part.source_chat_id is not None
        await cast_off(session, [(part.source_chat_id, part.source_message_id)])


async def _note_if_whole(session: AsyncSession, media_id: int) -> None:
    # Two parts settling at once must not each see the other as missing: the media's row orders them.
    await session.execute(select(Media.id).where(Media.id == media_id).with_for_update())
    missing = await session.scalar(
        select(func.count()).where(Part.media_id == media_id, Part.state.in_([PartState.SPOOLED, PartState.SHIPPING]))
    )
    if not missing:
        await session.execute(update(Upload).where(Upload.media_id == media_id).values(phase=UploadPhase.DONE))
        await media_changed(session, media_id)
