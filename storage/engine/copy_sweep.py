"""The sweep's part of copying: what is wanted and has no row, what has a row and no job."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, CopyRole, PartState, Purpose
from storage.engine.channels import open_channels
from storage.engine.copies import copies_there, drop_orphans, drop_unwanted, due_copies, move_from_copy, want_backups
from storage.engine.copy_sources import retry_after_outage, retry_all
from storage.engine.damage import want_replacement
from storage.errors import ChannelNotBound
from storage.tables import Channel, ChannelBinding, Media, Part, PartCopy
from storage.wakeups import REPLACEMENTS, wake_copier

log = structlog.get_logger(__name__)

_BATCH = 5000
_SLICE, _SLICES = 5000, 20
"""How many ids one statement looks at, and how many of these a sweep does."""

_Slice = Callable[[ColumnElement[bool]], Awaitable[None]]
_WHOLE_EVERY = timedelta(hours=1)
_MOVES_TRIED = 2
_OVERLAP = timedelta(minutes=10)
"""A transaction that began so long ago may still commit what it stored then."""

_COMMITTED = timedelta(seconds=5)
"""The same for one that only notes an event."""


@dataclass(slots=True)
class _Pass:
    """How far one is: over all rows from ``next_id`` on, and over those of since ``swept_at``."""

    next_id: int = 0
    done_at: datetime | None = None
    swept_at: datetime | None = None


class CopySweep:
    """``slots``: how many jobs at once for one channel, as many as there are bots."""

    def __init__(self, *, sessions: Sessions, clock: Clock, channel_most: int, slots: int) -> None:
        self._sessions = sessions
        self._clock = clock
        self._channel_most = channel_most
        self._slots = slots
        self._orphans = _Pass()
        self._passes: dict[int, _Pass] = {}
        self._retried_at: datetime | None = None

    async def sweep(self) -> None:
        """May be done twice, and by several nodes at once."""
        now = self._clock.now()
        await self._want_backups(now)
        await self._want_replacements(_BATCH)
        await self._help_moves()
        await self._retry(now)
        await self._go_on(self._orphans, PartCopy.id, self._drop_orphans, now)
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
            # Those stored before it was bound, and what else was missed.
            await self._go_on(going, Part.id, partial(self._want, chat_id), now)

    async def _go_on(self, going: "_Pass", ids: InstrumentedAttribute[int], do: _Slice, now: datetime) -> None:
        """Go over all rows, some slices in each sweep, from the first one again an hour after the last."""
        if going.done_at is not None and now - going.done_at < _WHOLE_EVERY:
            return
        async with self._sessions.begin() as session:
            last = await session.scalar(select(func.max(ids))) or 0
        for _ in range(_SLICES):
            if going.next_id > last:
                going.next_id, going.done_at = 0, now
                return
            until = going.next_id + _SLICE
            await do((ids >= going.next_id) & (ids < until))
            going.next_id = until

    async def _drop_orphans(self, which: ColumnElement[bool]) -> None:
        async with self._sessions.begin() as session:
            await drop_orphans(session, which)

    async def _retry(self, now: datetime) -> None:
        """Copies without a source, once bots are back; and after a start: anything may have been mended before."""
        since, self._retried_at = self._retried_at, now
        async with self._sessions.begin() as session:
            if since is None:
                await retry_all(session)
            else:
                await retry_after_outage(session, since - _COMMITTED)

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
