"""Archiving: a media moves to the ``archive`` channel.

The status says so first; its parts are then copied over by the ship jobs, each former message is removed once its copy
is there, and with the last of them the media is archived (`storage.engine.settling`). A kill only delays it.
"""

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.editing import lock_media
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, MediaStatus, PartState, Purpose
from storage.engine.channels import bound_channels
from storage.engine.replacing import move_parts
from storage.engine.settling import note_if_whole
from storage.errors import WrongStatus
from storage.tables import Media, Part
from storage.views import MediaView, media_view

_UNSTORED = (PartState.SPOOLED, PartState.SHIPPING)


class Archiving:
    """The use case, and the sweep's part of it."""

    def __init__(self, *, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def archive(self, caller: Caller, media_id: int, *, reason: str | None) -> MediaView:
        """Have the media moved; asking again while it moves changes nothing.

        Raises `MediaNotFound`, `MediaDeleted`, `WrongStatus` where it is archived or damaged, `ChannelNotBound`.
        """
        async with self._sessions.begin() as session:
            media = await lock_media(session, caller, media_id)
            if media.status is MediaStatus.ARCHIVING:
                return await media_view(session, media)
            if media.status is not MediaStatus.ACTIVE:
                raise WrongStatus(media_id=media_id, status=media.status.value)
            await _require_whole(session, media)
            media.status, media.purpose = MediaStatus.ARCHIVING, Purpose.ARCHIVE
            record(session, caller.owner, "archiving", media_id=media.id, detail={"reason": reason})
            await session.flush()
            await _move(session, media)
            await note_if_whole(session, media.id, now=self._clock.now())
            return await media_view(session, media)

    async def sweep(self) -> None:
        """Media whose last part arrived while they were being deleted, and which were then restored."""
        waiting = exists().where(Part.media_id == Media.id, Part.state.in_(_UNSTORED))
        stuck = select(Media.id).where(Media.status == MediaStatus.ARCHIVING, ~waiting)
        async with self._sessions.begin() as session:
            for media_id in (await session.scalars(stuck)).all():
                await note_if_whole(session, media_id, now=self._clock.now())


async def _require_whole(session: AsyncSession, media: Media) -> None:
    """What is damaged would be copied as it is, and then be taken for sound."""
    damaged = select(Part.id).where(Part.media_id == media.id, Part.state == PartState.DAMAGED).limit(1)
    if await session.scalar(damaged) is not None:
        raise WrongStatus(media_id=media.id, status=PartState.DAMAGED.value)


async def _move(session: AsyncSession, media: Media) -> None:
    target = (await bound_channels(session, Purpose.ARCHIVE))[0]
    there = (Part.media_id == media.id) & (Part.chat_id == target.chat_id)
    await session.execute(update(Part).where(there).values(purpose=Purpose.ARCHIVE))
    await move_parts(session, media.key, Purpose.ARCHIVE)
