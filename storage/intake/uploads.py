"""Uploads as their callers watch them: from memory while this process moves their bytes, else from the index."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import own_uploads
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, MediaId, PartState, Purpose, UploadId, UploadPhase
from storage.errors import UploadNotFound
from storage.intake.progress import KEEP_SECONDS, Progress, ProgressBoard
from storage.tables import Channel, ChannelBinding, Lane, Part, Upload

_POLL_SECONDS = 1.0
_STORED = (PartState.STORED, PartState.DAMAGED)
_MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadState:
    """One upload at one moment. ``version`` rises with each change and starts anew with each process."""

    upload_id: UploadId
    phase: UploadPhase
    filename: str | None
    received_bytes: int
    total_bytes: int | None
    stored_bytes: int
    stored_parts: int
    total_parts: int | None
    rate: float
    eta_seconds: float | None
    media_id: MediaId | None
    error: dict[str, Any] | None
    version: int

    @property
    def ended(self) -> bool:
        return self.phase in (UploadPhase.DONE, UploadPhase.FAILED)


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveState:
    """How shipping goes: bytes that wait for Telegram, and seconds until a lane is free where all are blocked."""

    queued_bytes: int
    retry_after: int | None


class Uploads:
    """The queries about uploads. A caller sees their own, and by an invitation only what came by it."""

    def __init__(self, *, sessions: Sessions, board: ProgressBoard, clock: Clock) -> None:
        self._sessions = sessions
        self._board = board
        self._clock = clock

    async def get(self, caller: Caller, upload_id: UploadId, *, invitation_id: int | None = None) -> UploadState:
        """Raises `UploadNotFound`, for another caller's upload too."""
        progress = self._board.get(upload_id)
        if progress is not None:
            if not _may_see(caller, invitation_id, progress):
                raise UploadNotFound(upload_id=str(upload_id))
            return state_of(progress)
        async with self._sessions.begin() as session:
            mine = _visible(caller, invitation_id)
            row = await session.scalar(select(Upload).where(Upload.id == upload_id, mine))
            if row is None:
                raise UploadNotFound(upload_id=str(upload_id))
            return (await _states(session, [row]))[0]

    async def of_caller(self, caller: Caller, *, invitation_id: int | None = None) -> list[UploadState]:
        """Those in flight and those that ended within the hour, newest first, at most 200."""
        live = [
            progress
            for progress in reversed(self._board.of_owner(caller.owner))
            if _is_recent(progress) and _may_see(caller, invitation_id, progress)
        ]
        here = {progress.upload_id for progress in live}
        since = self._clock.now() - timedelta(seconds=KEEP_SECONDS)
        recent = Upload.finished_at.is_(None) | (Upload.finished_at > since)
        query = select(Upload).where(_visible(caller, invitation_id), recent).order_by(Upload.created_at.desc())
        async with self._sessions.begin() as session:
            rows = (await session.scalars(query.limit(_MOST_SHOWN))).all()
            others = await _states(session, [row for row in rows if row.id not in here])
        return [*map(state_of, live), *others][:_MOST_SHOWN]

    async def changed(self, state: UploadState, timeout: float) -> bool:
        """Wait for something newer than ``state``; False after ``timeout`` seconds without.

        What only the index knows may have changed whenever this returns True.
        """
        progress = self._board.get(state.upload_id)
        if progress is not None:
            return await progress.changed_since(state.version, timeout)
        await asyncio.sleep(min(timeout, _POLL_SECONDS))
        return True

    async def kept(self, caller: Caller, upload_ids: Sequence[UploadId]) -> MediaId | None:
        """The media that one of the caller's uploads became; None where none of them was acknowledged."""
        query = select(Upload.media_id).where(
            Upload.id.in_(upload_ids), own_uploads(caller), Upload.media_id.is_not(None)
        )
        async with self._sessions.begin() as session:
            media_id = await session.scalar(query.limit(1))
        return None if media_id is None else MediaId(media_id)

    async def archive(self) -> ArchiveState:
        """How far behind Telegram is, and whether every lane into the channels of requests has to wait."""
        unstored = Part.state.in_((PartState.SPOOLED, PartState.SHIPPING))
        now = self._clock.now()
        async with self._sessions.begin() as session:
            queued = await session.scalar(select(func.sum(Part.size)).where(unstored))
            main = select(Channel.chat_id).join(ChannelBinding).where(ChannelBinding.purpose == Purpose.REQUESTS)
            lanes = (await session.scalars(select(Lane.blocked_until).where(Lane.chat_id.in_(main)))).all()
        waits = [(until - now).total_seconds() for until in lanes if until is not None and until > now]
        blocked = bool(lanes) and len(waits) == len(lanes)
        return ArchiveState(queued_bytes=int(queued or 0), retry_after=int(min(waits)) + 1 if blocked else None)


def state_of(progress: Progress) -> UploadState:
    """What this process knows of an upload whose bytes it moves."""
    return UploadState(
        upload_id=progress.upload_id,
        phase=progress.phase,
        filename=progress.filename,
        received_bytes=progress.received_bytes,
        total_bytes=progress.total_bytes,
        stored_bytes=progress.stored_bytes,
        stored_parts=progress.stored_parts,
        total_parts=progress.total_parts,
        rate=progress.rate,
        eta_seconds=progress.eta_seconds,
        media_id=progress.media_id,
        error=progress.error,
        version=progress.version,
    )


def _may_see(caller: Caller, invitation_id: int | None, progress: Progress) -> bool:
    return progress.owner == caller.owner and invitation_id in (None, progress.invitation_id)


def _visible(caller: Caller, invitation_id: int | None) -> ColumnElement[bool]:
    """The same as a condition on `Upload`."""
    own = own_uploads(caller)
    return own if invitation_id is None else own & (Upload.invitation_id == invitation_id)


def _is_recent(progress: Progress) -> bool:
    return progress.finished is None or progress.finished > time.monotonic() - KEEP_SECONDS


async def _states(session: AsyncSession, rows: Sequence[Upload]) -> list[UploadState]:
    totals = await session.execute(
        select(
            Part.upload_id,
            func.count(),
            func.count().filter(Part.state.in_(_STORED)),
            func.sum(Part.size).filter(Part.state.in_(_STORED)),
        )
        .where(Part.upload_id.in_([row.id for row in rows]))
        .group_by(Part.upload_id)
    )
    parts = {key: (count, stored, int(size or 0)) for key, count, stored, size in totals}
    return [_state(row, *parts.get(row.id, (0, 0, 0))) for row in rows]


def _state(row: Upload, total: int, stored: int, stored_bytes: int) -> UploadState:
    phase = row.phase
    if row.media_id is not None and phase is UploadPhase.STORING and total and stored == total:
        phase = UploadPhase.DONE
    return UploadState(
        upload_id=UploadId(row.id),
        phase=phase,
        filename=row.filename,
        received_bytes=row.received_bytes,
        total_bytes=row.total_bytes,
        stored_bytes=stored_bytes,
        stored_parts=stored,
        total_parts=total if row.media_id is not None else None,
        rate=0.0,
        eta_seconds=None,
        media_id=None if row.media_id is None else MediaId(row.media_id),
        error=row.error,
        version=stored,
    )
