"""Parts that moved to another channel after the dump: two messages say the same, and the former one is gone."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import CopyRole, MediaStatus, Purpose
from storage.engine.captions import parse_manifest
from storage.engine.looking import Looker
from storage.errors import ArchiveError, CallRefused, MessageLocked
from storage.tables import Channel, ChannelBinding, FileRef, Media, Part, PartCopy


class Mover:
    """Decides which of two messages is the part's."""

    def __init__(self, *, sessions: Sessions, looker: Looker) -> None:
        self._sessions = sessions
        self._looker = looker

    async def settle(self) -> int:
        """Look at the former place of each part that was found elsewhere too; how many had moved."""
        moved = 0
        for copy_id, chat_id, message_id in await self._doubtful():
            if await self._is_gone(chat_id, message_id):
                async with self._sessions.begin() as session:
                    await _move(session, copy_id)
                moved += 1
        return moved

    async def _doubtful(self) -> Sequence[tuple[int, int, int]]:
        """Copies outside the channels for copies, and where their parts are said to be."""
        backups = (
            select(Channel.chat_id)
            .join(ChannelBinding, ChannelBinding.channel_id == Channel.id)
            .where(ChannelBinding.purpose == Purpose.BACKUP)
        )
        same = (Part.media_key == PartCopy.media_key) & (Part.index == PartCopy.part_index)
        query = (
            select(PartCopy.id, Part.chat_id, Part.message_id)
            .join(Part, same)
            .where(PartCopy.role == CopyRole.BACKUP, PartCopy.message_id.is_not(None), PartCopy.chat_id.not_in(backups))
            .order_by(PartCopy.id)
        )
        async with self._sessions.begin() as session:
            rows = await session.execute(query)
            return [(copy_id, chat_id, message_id) for copy_id, chat_id, message_id in rows if chat_id and message_id]

    async def _is_gone(self, chat_id: int, message_id: int) -> bool:
        try:
            seen = await self._looker.look(chat_id, message_id)
        except MessageLocked:
            return False
        except CallRefused:
            return True
        except ArchiveError:
            return False  # nothing is known: it stays the part's
        return parse_manifest(seen.caption) is None


async def _move(session: AsyncSession, copy_id: int) -> None:
    copy = await session.get_one(PartCopy, copy_id)
    same = (Part.media_key == copy.media_key) & (Part.index == copy.part_index)
    part = (await session.scalars(select(Part).where(same).with_for_update())).one()
    part.chat_id, part.message_id = copy.chat_id, copy.message_id
    part.purpose = await _purpose_of(session, copy.chat_id) or part.purpose
    await session.execute(delete(FileRef).where(FileRef.part_id == part.id))
    if copy.file_id is not None and copy.file_bot_id is not None:
        session.add(FileRef(part_id=part.id, bot_id=copy.file_bot_id, file_id=copy.file_id, file_unique_id=""))
    await session.delete(copy)
    await session.flush()
    await _note_archived(session, part)


async def _purpose_of(session: AsyncSession, chat_id: int | None) -> Purpose | None:
    purpose: Purpose | None = await session.scalar(
        select(ChannelBinding.purpose)
        .join(Channel, Channel.id == ChannelBinding.channel_id)
        .where(Channel.chat_id == chat_id)
        .order_by(ChannelBinding.purpose)
        .limit(1)
    )
    return purpose


async def _note_archived(session: AsyncSession, part: Part) -> None:
    """With its last part in the archive a media is archived."""
    media = None if part.media_id is None else await session.get(Media, part.media_id, with_for_update=True)
    elsewhere = select(Part.id).where(Part.media_id == part.media_id, Part.purpose != Purpose.ARCHIVE).limit(1)
    if media is None or await session.scalar(elsewhere) is not None:
        return
    if media.status is MediaStatus.ACTIVE:
        media.status = MediaStatus.ARCHIVING
    if media.status is MediaStatus.ARCHIVING:
        media.status, media.purpose = MediaStatus.ARCHIVED, Purpose.ARCHIVE
