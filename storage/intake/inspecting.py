"""Inspecting what came through Telegram: fetched once, in constant memory, to sniff its type and hash its bytes.

It happens before the file is shipped, so its message in the channel says the digest from the start, and what breaks the
policy never gets there. Voice messages, video notes and stickers could not be replaced later (TELEGRAM.md,
Sending and files), so their bytes stay in the spool and are shipped as documents.
"""

import asyncio
import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.content import HEAD_SIZE, ContentType, resolve, sniff
from storage.content import TypeContradiction as Contradiction
from storage.database import UNHURRIED, Sessions, Together
from storage.domain import EventType, FileType, Inspection, MediaStatus
from storage.engine.fresh import Departure, FreshParts, Place
from storage.errors import ArchiveError, CallRefused, FileTooBig, Postponed, SpoolFull
from storage.events.outbox import tell
from storage.intake.inspected import Accepted, Fetched, Seen, note_inspected, pending_media
from storage.intake.receiving import Limits
from storage.jobs import Later, each, named
from storage.notices import media_changed
from storage.ports import PartStore
from storage.spool import Spool
from storage.spool_writing import write_piece
from storage.tables import CardItem, Media, Part
from storage.wakeups import wake_shipper, wake_shippers

log = structlog.get_logger(__name__)

_RESHIPPED = frozenset({FileType.VOICE, FileType.VIDEO_NOTE, FileType.STICKER})
_ATTEMPTS = 5
_RETRY_DELAY = 3.0
_ROOM_AGAIN = 10.0
"""Seconds until a full spool is asked for room again."""

_FETCHES_AT_ONCE, _READ_AT_ONCE = 24, 96
"""Each fetch holds bytes; what waits for its place, or for its transaction, does not."""

_HASHED_HERE = 256 * 1024
"""Bytes: to hash so few takes less than to ask a thread for it."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """``accepted`` is false for what was refused, or deleted meanwhile: nothing of it is kept."""

    accepted: bool
    departure: Departure | None = None


class Inspector:
    """Handles the inspection jobs of one node."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        store: PartStore,
        spool: Spool,
        limits: Limits,
        fresh: FreshParts,
        node: str,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._spool = spool
        self._limits = limits
        self._fresh = fresh
        self._node = node
        self._failures: dict[int, int] = {}
        self._under_way: set[int] = set()
        self._places = asyncio.Semaphore(_FETCHES_AT_ONCE)
        self._known = asyncio.Semaphore(_READ_AT_ONCE)
        self._read = Together(sessions, pending_media, row=int, linger=UNHURRIED)
        self._conclude = Together(sessions, self._conclude_some, row=lambda seen: seen.media_id, linger=UNHURRIED)

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job, for one media or many.

        After a few failures a file is shipped on Telegram's word, unverified, rather than not at all. What has to lie
        in the spool waits while that is full: its bytes are in Telegram meanwhile.
        """
        await each(named(payload, "media"), self._inspect_when_free)

    async def _inspect_when_free(self, media_id: int) -> None:
        """Once at a time: a second job of a media (the sweep's) would write into the spool file of the first."""
        if media_id in self._under_way:
            return
        self._under_way.add(media_id)
        try:
            async with self._known:
                await self._inspect(media_id)
        finally:
            self._under_way.discard(media_id)

    async def _inspect(self, media_id: int) -> None:
        found = await self._read(media_id)
        if found is None:
            return
        media, part = found
        keep = media.file_type in _RESHIPPED
        try:
            async with self._places:
                fetched = await self._fetch(media, part, keep=keep)
        except (ArchiveError, SpoolFull, OSError) as error:
            if keep:
                await self._spool.remove(media.key, [part.index])
            await self._failed(media_id, error)
            return
        self._failures.pop(media_id, None)
        async with self._place(part, keep=keep) as place:
            verdict = await self._conclude(Seen(media_id=media_id, fetched=fetched, keep=keep, lane=place.lane))
            place.departure = verdict.departure
        if keep and not verdict.accepted:
            await self._spool.remove(media.key, [part.index])

    def _place(self, part: Part, *, keep: bool) -> AbstractAsyncContextManager[Place]:
        """What came by a private chat may go at once; what lies in a group of ours is for `ShipDesk` to tell."""
        is_private = part.source_chat_id is not None and part.source_chat_id > 0
        return self._fresh.place_of(part) if is_private and not keep else nullcontext(Place(None))

    async def _fetch(self, media: Media, part: Part, *, keep: bool) -> Fetched:
        assert part.source_file_id is not None
        digest, head, size, fd = hashlib.sha256(), bytearray(), 0, -1
        limit = (part.size or self._limits.max_file_size) + 1
        if keep:
            self._spool.require_room(part.size or 1)
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
                    elif len(chunk) <= _HASHED_HERE:
                        digest.update(chunk)
                    else:
                        await asyncio.to_thread(digest.update, chunk)
        finally:
            if fd >= 0:
                os.close(fd)
        if keep:
            await self._spool.sync(media.key, [part.index])
        return Fetched(size=size, sha256=digest.digest(), head=bytes(head))

    async def _failed(self, media_id: int, error: Exception) -> None:
        if isinstance(error, FileTooBig):
            await self._give_up(media_id, Inspection.IMPOSSIBLE)
            return
        if isinstance(error, SpoolFull):
            log.info("inspection_waits_for_room", media_id=media_id)
            raise Later(_ROOM_AGAIN, "spool_full") from error
        postponed = isinstance(error, Postponed)
        failures = self._failures[media_id] = self._failures.get(media_id, 0) + (not postponed)
        log.warning("inspection_failed", media_id=media_id, attempt=failures, error=type(error).__name__)
        if failures < _ATTEMPTS and not (isinstance(error, CallRefused) and failures > 1):
            raise Later(error.retry_after if isinstance(error, Postponed) else _RETRY_DELAY * failures, "inspection")
        await self._give_up(media_id, Inspection.DONE)

    async def _give_up(self, media_id: int, inspection: Inspection) -> None:
        self._failures.pop(media_id, None)
        async with self._sessions.begin() as session:
            (found,) = await pending_media(session, [media_id], lock=True)
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

    async def _conclude_some(self, session: AsyncSession, seen: Sequence[Seen]) -> Sequence[_Verdict]:
        found = await pending_media(session, [one.media_id for one in seen], lock=True)
        accepted = []
        for row, one in zip(found, seen, strict=True):
            if row is None:
                continue
            judged = self._judge(row[0], one.fetched)
            if isinstance(judged, ContentType):
                accepted.append(Accepted(media=row[0], part=row[1], seen=one, mime=judged.mime))
            else:
                await self._refuse(session, *row, judged)
        verdicts = await self._accept(session, accepted) if accepted else {}
        return [verdicts.get(one.media_id, _Verdict(accepted=False)) for one in seen]

    async def _accept(self, session: AsyncSession, accepted: Sequence[Accepted]) -> Mapping[int, _Verdict]:
        """By media. What has no lane gets a job."""
        known = await note_inspected(session, accepted, node=self._node)
        departures = await self._fresh.send_off(session, known)
        by_node: dict[str, list[int]] = defaultdict(list)
        for one, departure in zip(known, departures, strict=True):
            if departure is None:
                by_node[one.part.node].append(one.part.id)
        for where, ids in by_node.items():
            await wake_shippers(session, where, ids)
        return {
            one.media.id: _Verdict(accepted=True, departure=departure)
            for one, departure in zip(accepted, departures, strict=True)
        }

    def _judge(self, media: Media, fetched: Fetched) -> ContentType | dict[str, str]:
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
