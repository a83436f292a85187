"""Inspecting what came through Telegram: fetched once, in constant memory, to sniff its type and hash its bytes.

It happens before the file is shipped, so its message in the channel says the digest from the start, and what breaks the
policy never gets there. Voice messages, video notes and stickers could not be replaced later (TELEGRAM.md,
Sending and files), so their bytes stay in the spool and are shipped as documents.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.refreshing import refresh
from storage.content import HEAD_SIZE, ContentType, resolve, sniff
from storage.content import TypeContradiction as Contradiction
from storage.database import Sessions
from storage.domain import EventType, FileType, Inspection, MediaStatus, PartState
from storage.errors import ArchiveError, CallRefused, FileTooBig, Postponed, SpoolFull
from storage.events.outbox import tell
from storage.intake.receiving import Limits
from storage.jobs import Later
from storage.notices import media_changed
from storage.ports import PartStore
from storage.spool import Spool, write_piece
from storage.tables import CardItem, Media, Part
from storage.wakeups import wake_shipper

log = structlog.get_logger(__name__)

_RESHIPPED = frozenset({FileType.VOICE, FileType.VIDEO_NOTE, FileType.STICKER})
_ATTEMPTS = 5
_RETRY_DELAY = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fetched:
    size: int
    sha256: bytes
    head: bytes


class Inspector:
    """Handles the inspection jobs of one node."""

    def __init__(self, *, sessions: Sessions, store: PartStore, spool: Spool, limits: Limits, node: str) -> None:
        self._sessions = sessions
        self._store = store
        self._spool = spool
        self._limits = limits
        self._node = node
        self._failures: dict[int, int] = {}

    async def handle(self, payload: dict[str, int]) -> None:
        """The job. After a few failures the file is shipped on Telegram's word, unverified, rather than not at all."""
        media_id = payload["media"]
        async with self._sessions.begin() as session:
            found = await self._pending(session, media_id)
        if found is None:
            return
        media, part = found
        keep = media.file_type in _RESHIPPED
        try:
            fetched = await self._fetch(media, part, keep=keep)
        except FileTooBig:
            await self._give_up(media_id, Inspection.IMPOSSIBLE)
            return
        except (ArchiveError, SpoolFull, OSError) as error:
            await self._failed(media_id, error)
            return
        self._failures.pop(media_id, None)
        await self._conclude(media, fetched, keep=keep)

    async def _pending(self, session: AsyncSession, media_id: int, *, lock: bool = False) -> tuple[Media, Part] | None:
        query = (
            select(Media, Part)
            .join(Part, Part.media_id == Media.id)
            .where(Media.id == media_id, Media.inspection == Inspection.PENDING, Part.state == PartState.SPOOLED)
            .where(Media.status.in_((MediaStatus.ACTIVE, MediaStatus.ARCHIVING)))
        )
        row = (await session.execute(query.with_for_update() if lock else query)).first()
        return None if row is None else (row[0], row[1])

    async def _fetch(self, media: Media, part: Part, *, keep: bool) -> _Fetched:
        assert part.source_file_id is not None
        digest, head, size, fd = hashlib.sha256(), bytearray(), 0, -1
        limit = (part.size or self._limits.max_file_size) + 1
        if keep:
            await self._spool.remove(media.key, [part.index])
            path = self._spool.path(media.key, part.index)
            fd = await self._spool.run(os.open, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            async with self._store.fetch(part.source_file_id, 0, part.size or limit) as chunks:
                async for chunk in chunks:
                    size += len(chunk)
                    head += chunk[: HEAD_SIZE - len(head)]
                    if keep:
                        self._spool.take(len(chunk))
                        await self._spool.run(write_piece, fd, [chunk], [digest.update])
                    else:
                        await asyncio.to_thread(digest.update, chunk)
        finally:
            if fd >= 0:
                os.close(fd)
        if keep:
            await self._spool.sync(media.key, [part.index])
        return _Fetched(size=size, sha256=digest.digest(), head=bytes(head))

    async def _failed(self, media_id: int, error: Exception) -> None:
        postponed = isinstance(error, Postponed)
        failures = self._failures[media_id] = self._failures.get(media_id, 0) + (not postponed)
        log.warning("inspection_failed", media_id=media_id, attempt=failures, error=type(error).__name__)
        if failures < _ATTEMPTS and not (isinstance(error, CallRefused) and failures > 1):
            raise Later(error.retry_after if isinstance(error, Postponed) else _RETRY_DELAY * failures, "inspection")
        await self._give_up(media_id, Inspection.DONE)

    async def _give_up(self, media_id: int, inspection: Inspection) -> None:
        self._failures.pop(media_id, None)
        async with self._sessions.begin() as session:
            found = await self._pending(session, media_id, lock=True)
            if found is None:
                return
            media, part = found
            if not self._limits.policy.allows(media.content_type):
                await self._refuse(
                    session, media, part, {"code": "type_not_allowed", "content_type": media.content_type}
                )
                return
            media.inspection = inspection
            await wake_shipper(session, part)

    async def _conclude(self, media: Media, fetched: _Fetched, *, keep: bool) -> None:
        judged = self._judge(media, fetched)
        async with self._sessions.begin() as session:
            found = await self._pending(session, media.id, lock=True)
            if found is None:
                return
            media, part = found
            if not isinstance(judged, ContentType):
                await self._refuse(session, media, part, judged)
            else:
                media.inspection, media.verified, media.content_type = Inspection.DONE, True, judged.mime
                media.file_size = part.size = fetched.size
                media.sha256 = part.sha256 = fetched.sha256
                if keep:
                    part.origin, part.node = "spool", self._node
                await refresh(session, media)  # not left to the sweep: people search for what they have just sent
                await wake_shipper(session, part)
        if not isinstance(judged, ContentType) and keep:
            await self._spool.remove(media.key, [0])

    def _judge(self, media: Media, fetched: _Fetched) -> ContentType | dict[str, str]:
        """The content type, or the error that the card shows."""
        detected = sniff(fetched.head, complete=fetched.size <= HEAD_SIZE)
        try:
            content_type = resolve(detected, declared=media.content_type, filename=media.filename)
        except Contradiction:
            return {"code": "type_contradiction", "declared": media.content_type, "detected": detected.mime}
        if not self._limits.policy.allows(content_type.mime):
            return {"code": "type_not_allowed", "content_type": content_type.mime}
        return content_type

    async def _refuse(self, session: AsyncSession, media: Media, part: Part, error: dict[str, str]) -> None:
        """It breaks the policy: nothing of it is kept, and its sender is told on the card."""
        log.info("media_refused", media_id=media.id, **error)
        media.status = MediaStatus.DELETING
        media.status, media.inspection = MediaStatus.DELETED, Inspection.DONE
        await session.delete(part)
        await session.execute(update(CardItem).where(CardItem.media_id == media.id).values(error=error))
        record(session, "system", "refused", media_id=media.id, detail=dict(error))
        await tell(session, EventType.MEDIA_DELETED, media, by="system", error=dict(error))
        await session.flush()
        await media_changed(session, media.id)
