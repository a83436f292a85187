"""The sweep's part of copying: what is wanted and has no row, what has a row and no job."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, CopyRole, PartState, Purpose
from storage.engine.channels import open_channels
from storage.engine.copies import copies_there, drop_orphans, drop_unwanted, due_copies, move_from_copy, want_backups
from storage.engine.damage import want_replacement
from storage.errors import ChannelNotBound
from storage.tables import Channel, ChannelBinding, Media, Part, PartCopy
from storage.wakeups import REPLACEMENTS, wake_copier

log = structlog.get_logger(__name__)

_BATCH = 5000
_SLICE, _SLICES = 5000, 20
"""How many part ids one statement looks at, and how many of these a sweep does."""

_WHOLE_EVERY = timedelta(hours=1)
_MOVES_TRIED = 2
_OVERLAP = timedelta(minutes=10)
"""A transaction that began so long ago may still commit what it stored then."""


@dataclass(slots=True)
class _Pass:
    """How far a channel is: over all parts from ``next_part`` on, and over those stored since ``swept_at``."""

    next_part: int = 0
    done_at: datetime | None = None
    swept_at: datetime | None = None


class CopySweep:
    """``slots``: how many jobs at once for one channel, as many as there are bots."""

    def __init__(self, *, sessions: Sessions, clock: Clock, channel_most: int, slots: int) -> None:
        self._sessions = sessions
        self._clock = clock
        self._channel_most = channel_most
        self._slots = slots
        self._orphans_at: datetime | None = None
        self._passes: dict[int, _Pass] = {}

    async def sweep(self) -> None:
        """May be done twice, and by several nodes at once."""
        now = self._clock.now()
        await self._want_backups(now)
        await self._want_replacements(_BATCH)
        await self._help_moves()
        if self._orphans_at is None or now - self._orphans_at >= _WHOLE_EVERY:
            async with self._sessions.begin() as session:
                await drop_orphans(session)
            self._orphans_at = now
        await self._wake(now)

    async def _want_backups(self, now: datetime) -> None:
        async with self._sessions.begin() as session:
            await drop_unwanted(session, await backup_chats(session))
            chats = await _open_backups(session, self._channel_most)
        self._passes = {chat_id: self._passes.get(chat_id) or _Pass() for chat_id in chats}
        for chat_id, going in self._passes.items():
            if going.swept_at is not None:
                await self._want(chat_id, Part.stored_at >= going.swept_at - _OVERLAP)
            going.swept_at = now
            await self._go_on(chat_id, going, now)

    async def _go_on(self, chat_id: int, going: "_Pass", now: datetime) -> None:
        """Look at all parts, some in each sweep: those stored before it was bound, and what else was missed."""
        if going.done_at is not None and now - going.done_at < _WHOLE_EVERY:
            return
        async with self._sessions.begin() as session:
            last = await session.scalar(select(func.max(Part.id))) or 0
        for _ in range(_SLICES):
            if going.next_part > last:
                going.next_part, going.done_at = 0, now
                return
            until = going.next_part + _SLICE
            await self._want(chat_id, (Part.id >= going.next_part) & (Part.id < until))
            going.next_part = until

    async def _want(self, chat_id: int, which: ColumnElement[bool]) -> None:
        async with self._sessions.begin() as session:
            wanted = await want_backups(session, chat_id, which)
        if wanted:
            log.info("copies_wanted", chat_id=chat_id, count=wanted)

    async def _want_replacements(self, limit: int) -> None:
        wanted = exists().where(PartCopy.media_key == Part.media_key, PartCopy.part_index == Part.index)
        wanted = wanted.where(PartCopy.role == CopyRole.REPLACEMENT)
        kept = Part.media_id.in_(select(Media.id).where(Media.status.not_in(GONE)))
        query = select(Part).where(Part.state == PartState.DAMAGED, kept, ~wanted).order_by(Part.id).limit(limit)
        async with self._sessions.begin() as session:
            for part in (await session.scalars(query)).all():
                await want_replacement(session, part)

    async def _help_moves(self) -> None:
        """Parts that are to be copied over from a message of ours which seems to be gone: a copy takes its place.

        It is what is left behind when the part has arrived, and made anew then.
        """
        moving = (Part.state == PartState.SPOOLED) & (Part.origin == "telegram") & (Part.attempt >= _MOVES_TRIED)
        ours = Part.source_chat_id.in_(select(Channel.chat_id))
        async with self._sessions.begin() as session:
            for part in (await session.scalars(select(Part).where(moving, ours).with_for_update())).all():
                for copy in (await copies_there(session, part))[:1]:
                    log.warning("part_moves_from_copy", part_id=part.id, copy_id=copy.id)
                    await move_from_copy(session, part, copy)

    async def _wake(self, now: datetime) -> None:
        async with self._sessions.begin() as session:
            for chat_id, count in await due_copies(session, now):
                for slot in range(min(self._slots, count)):
                    await wake_copier(session, REPLACEMENTS if chat_id is None else chat_id, slot=slot)


async def backup_chats(session: AsyncSession) -> Sequence[int]:
    """The channels that are backups now."""
    query = (
        select(Channel.chat_id)
        .join(ChannelBinding, ChannelBinding.channel_id == Channel.id)
        .where(ChannelBinding.purpose == Purpose.BACKUP)
        .order_by(ChannelBinding.position)
    )
    return (await session.scalars(query)).all()


async def _open_backups(session: AsyncSession, most: int) -> Sequence[int]:
    """Each gets a copy of every part; a full one no more, while another has room."""
    try:
        return [channel.chat_id for channel in await open_channels(session, Purpose.BACKUP, most)]
    except ChannelNotBound:
        return []
