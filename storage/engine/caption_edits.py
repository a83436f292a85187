"""Bringing captions in the channels up to date, one job per media.

What is wanted is a digest on the media, what each message says one on its part. Changes that come together are one
edit, edits go after everything else in their lane, and one that was made twice does no harm.
"""

from dataclasses import dataclass

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import GONE, PartState
from storage.engine.captions import caption
from storage.engine.copies import Place, place_gone
from storage.engine.copy_sweep import backup_chats
from storage.engine.facts import media_facts, part_manifest
from storage.errors import ArchiveError, CallRefused, ChannelUnavailable, MessageMissing, NoLane, Postponed
from storage.jobs import Later
from storage.ports import PartStore
from storage.tables import Media, Part, PartCopy

log = structlog.get_logger(__name__)

_RETRY_DELAY = 10.0
_CHANNEL_LOST_DELAY = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edit:
    part_id: int
    copy_id: int | None
    chat_id: int
    message_id: int
    text: str
    digest: bytes


class CaptionEditor:
    """Handles the captions jobs."""

    def __init__(self, *, sessions: Sessions, store: PartStore) -> None:
        self._sessions = sessions
        self._store = store

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: edit until nothing is behind. Raises `Later` while Telegram does not let it."""
        media_id = payload["media"]
        while (edit := await self._next(media_id)) is not None:
            try:
                await self._store.caption(edit.chat_id, edit.message_id, edit.text)
            except (NoLane, ChannelUnavailable) as error:
                if edit.copy_id is not None and not await self._is_backup(edit.chat_id):
                    await self._done(edit)  # a channel of former times: what it says is nobody's concern any more
                    continue
                delay = error.retry_after if isinstance(error, NoLane) else _CHANNEL_LOST_DELAY
                raise Later(delay, error.code) from error
            except Postponed as wait:
                raise Later(wait.retry_after, wait.code) from wait
            except MessageMissing as error:
                await self._gone(edit, error.code)
            except CallRefused as error:
                # Of a kind without captions: no edit will ever do.
                log.warning("caption_refused", media_id=media_id, part_id=edit.part_id, error=str(error))
            except ArchiveError as error:
                raise Later(_RETRY_DELAY, error.code) from error
            await self._done(edit)
            log.info("caption_edited", media_id=media_id, part_id=edit.part_id)

    async def _next(self, media_id: int) -> _Edit | None:
        """What is to be edited, as it is now; None, and nothing due any more, where all say what they should."""
        async with self._sessions.begin() as session:
            media = await session.get(Media, media_id, with_for_update=True)
            if media is None or media.status in GONE:
                return None
            facts = await media_facts(session, media)
            media.caption_wanted = facts.digest
            part, copy = await self._behind(session, media)
            if part is None:
                media.captions_due = False
                return None
            place = copy or part
            assert place.chat_id is not None
            assert place.message_id is not None
            return _Edit(
                part_id=part.id,
                copy_id=None if copy is None else copy.id,
                chat_id=place.chat_id,
                message_id=place.message_id,
                text=caption(facts, part_manifest(part, media)),
                digest=facts.digest,
            )

    async def _behind(self, session: AsyncSession, media: Media) -> tuple[Part | None, PartCopy | None]:
        """A part whose message, or one whose copy, says something else. Parts go first."""
        part = await session.scalar(
            select(Part)
            .where(Part.media_id == media.id, Part.state.in_((PartState.STORED, PartState.DAMAGED)))
            .where(Part.caption_sent.is_distinct_from(media.caption_wanted))
            .order_by(Part.index)
            .limit(1)
        )
        if part is not None:
            return part, None
        found = await session.execute(
            select(Part, PartCopy)
            .join(PartCopy, (PartCopy.media_key == Part.media_key) & (PartCopy.part_index == Part.index))
            .where(Part.media_id == media.id, PartCopy.message_id.is_not(None))
            .where(PartCopy.caption_sent.is_distinct_from(media.caption_wanted))
            .order_by(Part.index, PartCopy.id)
            .limit(1)
        )
        row = found.first()
        return (None, None) if row is None else (row[0], row[1])

    async def _gone(self, edit: _Edit, reason: str) -> None:
        """There is no such message: it is to be made again."""
        place = Place(chat_id=edit.chat_id, message_id=edit.message_id, copy_id=edit.copy_id)
        async with self._sessions.begin() as session:
            await place_gone(session, edit.part_id, place, reason=reason)

    async def _is_backup(self, chat_id: int) -> bool:
        async with self._sessions.begin() as session:
            return chat_id in await backup_chats(session)

    async def _done(self, edit: _Edit) -> None:
        table = Part if edit.copy_id is None else PartCopy
        row_id = edit.part_id if edit.copy_id is None else edit.copy_id
        same = (table.id == row_id) & (table.message_id == edit.message_id)
        async with self._sessions.begin() as session:
            await session.execute(update(table).where(same).values(caption_sent=edit.digest))
