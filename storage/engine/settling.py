"""A part has arrived in its channel, by an answer or by being found there: one transaction for both."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.refreshing import note_captions
from storage.domain import EventType, MediaStatus, PartState, UploadPhase
from storage.engine.channels import raise_head
from storage.engine.strays import cast_off
from storage.events.outbox import tell, tell_once
from storage.notices import media_changed
from storage.ports import Sent
from storage.tables import Channel, FileRef, Media, Part, Upload


async def part_stored(
    session: AsyncSession,
    part_id: int,
    *,
    chat_id: int,
    bot_id: int,
    sent: Sent,
    now: datetime,
    caption: bytes | None = None,
) -> bool:
    """Record where the part is. False where nobody owns the message any more: it is then cast off.

    ``caption`` is the digest of what its message says, None where that is not known. When it was the media's last
    missing part, the upload is done and its cards want an edit.
    """
    await raise_head(session, chat_id, sent.message_id, posted=1)
    part = await session.get(Part, part_id, with_for_update=True)
    if part is None or part.state is not PartState.SHIPPING:
        await cast_off(session, [(chat_id, sent.message_id)])
        return False
    part.state, part.chat_id, part.message_id, part.stored_at = PartState.STORED, chat_id, sent.message_id, now
    part.caption_sent = caption
    await _remember_file(session, part, bot_id, sent)
    await _leave_former_place(session, part)
    await session.flush()
    if part.media_id is not None:
        await note_if_whole(session, part.media_id, now)
    return True


async def _remember_file(session: AsyncSession, part: Part, bot_id: int, sent: Sent) -> None:
    file_id, unique_id = sent.file_id or part.source_file_id, sent.file_unique_id
    if file_id is None:
        return
    if unique_id is None and part.media_id is not None:
        of_media = select(Media.telegram_unique_id).where(Media.id == part.media_id)
        unique_id = part.source_file_unique_id or await session.scalar(of_media)
    if sent.file_id is None and part.source_bot_id is not None:
        bot_id = part.source_bot_id
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


async def note_if_whole(session: AsyncSession, media_id: int, now: datetime) -> None:
    """The media's last part may have arrived: its upload is done, or it is archived, and its cards want an edit."""
    # Two parts settling at once must not each see the other as missing: the media's row orders them.
    locked = select(Media).where(Media.id == media_id).with_for_update().execution_options(populate_existing=True)
    media = (await session.scalars(locked)).one()
    await note_captions(session, media_id, media.caption_wanted)
    missing = await session.scalar(
        select(func.count()).where(
            Part.media_id == media_id, Part.state.in_([PartState.SPOOLED, PartState.SHIPPING, PartState.LOST])
        )
    )
    if not missing:
        await session.execute(update(Upload).where(Upload.media_id == media_id).values(phase=UploadPhase.DONE))
        if media.status is MediaStatus.ARCHIVING:
            media.status, media.archived_at = MediaStatus.ARCHIVED, now
            record(session, "system", "archived", media_id=media_id)
            await session.flush()
            await tell(session, EventType.MEDIA_ARCHIVED, media, by="system")
        else:
            await tell_once(session, EventType.MEDIA_STORED, media, by="system")
        await media_changed(session, media_id)
