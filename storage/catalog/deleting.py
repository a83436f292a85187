"""Deleting: a delete deletes. The database commits first, Telegram and the disk follow.

`delete` only marks; until the grace period ends `restore` takes it back. `Eraser` then gives up the media's messages
(`storage.engine.strays` removes them), its files, links and names. What stays is the id, so that it answers "deleted".
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import deletable_media, visible_media
from storage.auditing.audit import record
from storage.callers.quotas import give_back
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, Caller, EventType, MediaId, MediaStatus
from storage.engine.copies import give_up_copies
from storage.engine.strays import cast_off
from storage.errors import MediaNotFound, WrongStatus
from storage.events.outbox import tell
from storage.jobs import Later
from storage.mirror.rows import note_unneeded
from storage.notices import media_changed
from storage.spool import Spool
from storage.tables import Attachment, Channel, Media, Part
from storage.tables.many import among
from storage.wakeups import wake_eraser

log = structlog.get_logger(__name__)

_MAX_ID = 2**63 - 1


class Deleting:
    """The use case both doors call. ``grace`` seconds pass between the delete and the erasure."""

    def __init__(self, *, sessions: Sessions, clock: Clock, grace: float) -> None:
        self._sessions = sessions
        self._clock = clock
        self.grace = grace

    async def delete(self, caller: Caller, media_id: int) -> None:
        """Delete a media; deleting it again does nothing. Raises `MediaNotFound` where the caller may not."""
        async with self._sessions.begin() as session:
            media = await self._deletable(session, caller, media_id)
            if media.status in GONE:
                return
            media.status_before, media.status = media.status, MediaStatus.DELETING
            media.delete_after = self._clock.now() + timedelta(seconds=self.grace)
            record(session, caller.owner, "deleted", media_id=media.id)
            await tell(session, EventType.MEDIA_DELETED, media, by=caller.owner)
            await session.flush()
            await wake_eraser(session, media.id, delay=self.grace)
            await media_changed(session, media.id)

    async def restore(self, caller: Caller, media_id: int) -> None:
        """Take a delete back while its grace period lasts. Raises `MediaNotFound`, or `WrongStatus` when it is over."""
        async with self._sessions.begin() as session:
            media = await self._deletable(session, caller, media_id)
            if media.status is not MediaStatus.DELETING or media.status_before is None:
                raise WrongStatus(media_id=media_id, status=media.status.value)
            media.status, media.status_before = MediaStatus(media.status_before), None
            media.delete_after = None
            record(session, caller.owner, "restored", media_id=media.id)
            await tell(session, EventType.MEDIA_UPDATED, media, by=caller.owner, changed=["status"])
            await session.flush()
            await media_changed(session, media.id)

    async def _deletable(self, session: AsyncSession, caller: Caller, media_id: int) -> Media:
        allowed = visible_media(caller) & deletable_media(caller)
        media = None
        if 0 < media_id <= _MAX_ID:
            media = await session.scalar(select(Media).where(Media.id == media_id, allowed).with_for_update())
        if media is None:
            raise MediaNotFound(media_id=media_id)
        return media


class MediaCache(Protocol):
    """Something of media that lies on this node's disk, and can be had again."""

    def keys(self) -> Collection[UUID]:
        """The media of which it has something."""
        ...

    async def forget(self, key: UUID) -> None:
        """Remove everything of a media that is erased, and take nothing of it any more."""
        ...


class Eraser:
    """Handles the erase jobs."""

    def __init__(self, *, sessions: Sessions, spool: Spool, caches: Sequence[MediaCache], clock: Clock) -> None:
        self._sessions = sessions
        self._spool = spool
        self._caches = caches
        self._clock = clock

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: erase the media if it is still to be deleted and its grace period is over."""
        media_id = MediaId(payload["media"])
        async with self._sessions.begin() as session:
            media = await session.get(Media, media_id, with_for_update=True)
            if media is None or media.status is not MediaStatus.DELETING or media.delete_after is None:
                return
            left = (media.delete_after - self._clock.now()).total_seconds()
            if left > 0:
                raise Later(left, "grace period")
            indexes = await self._erase(session, media)
        await self._spool.remove(media.key, indexes)
        for cache in self._caches:
            await cache.forget(media.key)
        log.info("media_erased", media_id=media_id)

    async def wake_due(self) -> None:
        """The sweep's part: media whose grace period is over."""
        due = (Media.status == MediaStatus.DELETING) & (Media.delete_after <= self._clock.now())
        async with self._sessions.begin() as session:
            for media_id in (await session.scalars(select(Media.id).where(due))).all():
                await wake_eraser(session, media_id, delay=0)

    async def forget_erased(self) -> None:
        """At start and every hour, on each node: what its caches have of media that another node erased, or one that
        was killed before it got here.
        """
        for cache in self._caches:
            erased = select(Media.key).where(among(Media.key, cache.keys()), Media.status == MediaStatus.DELETED)
            async with self._sessions.begin() as session:
                keys = (await session.scalars(erased)).all()
            for key in keys:
                await cache.forget(key)

    async def _erase(self, session: AsyncSession, media: Media) -> list[int]:
        """A part or copy on its way has no message yet: its intent finds it without an owner when it arrives."""
        parts = (await session.scalars(delete(Part).where(Part.media_id == media.id).returning(Part))).all()
        await note_unneeded(session, [part.sha256 for part in parts])
        await give_up_copies(session, media.key)
        places = [(part.chat_id, part.message_id) for part in parts]
        places += await _former_places(session, [part for part in parts if part.message_id is None])
        await cast_off(
            session, [(chat, message) for chat, message in places if chat is not None and message is not None]
        )
        await session.execute(delete(Attachment).where(Attachment.media_id == media.id))
        await give_back(session, media)
        media.status, media.status_before, media.awaits_request = MediaStatus.DELETED, None, False
        media.filename, media.description, media.tags = "deleted", None, []
        media.sha256 = media.external_id = media.telegram_unique_id = media.uploaded_by = None
        media.search, media.captions_due = "", False
        media.thumbnail_file_id = None
        await session.flush()
        await media_changed(session, media.id)
        return [part.index for part in parts]


async def _former_places(session: AsyncSession, moving: Sequence[Part]) -> list[tuple[int | None, int | None]]:
    """Messages in our channels that these parts were still to be copied from."""
    chats = {part.source_chat_id for part in moving if part.source_chat_id is not None}
    ours = set(await session.scalars(select(Channel.chat_id).where(Channel.chat_id.in_(chats)))) if chats else set()
    return [(part.source_chat_id, part.source_message_id) for part in moving if part.source_chat_id in ours]
