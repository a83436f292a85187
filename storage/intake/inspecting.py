"""Inspecting what came through Telegram: fetched once, in constant memory, to sniff its type and hash its bytes.

It happens before the file is shipped, so its message in the channel says the digest from the start, and what breaks the
policy never gets there. Voice messages, video notes and stickers could not be replaced later (TELEGRAM.md,
Sending and files), so their bytes stay in the spool and are shipped as documents.
"""

import asyncio
import hashlib
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.content import HEAD_SIZE, ContentType, resolve, sniff
from storage.content import TypeContradiction as Contradiction
from storage.database import UNHURRIED, Sessions, Together
from storage.domain import EventType, FileType, Inspection, MediaStatus, PartState
from storage.engine.facts import facts_of_several
from storage.errors import ArchiveError, CallRefused, FileTooBig, Postponed, SpoolFull
from storage.events.outbox import tell
from storage.intake.receiving import Limits
from storage.jobs import Later, each, named
from storage.notices import media_changed
from storage.ports import PartStore
from storage.spool import Spool
from storage.spool_writing import write_piece
from storage.tables import CardItem, Media, Part
from storage.tables.many import ForRows, among, update_by
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fetched:
    size: int
    sha256: bytes
    head: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What a media turned out to be. ``keep``: its bytes are in the spool now, and are shipped from there."""

    media_id: int
    fetched: _Fetched
    keep: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Accepted:
    media: Media
    part: Part
    seen: _Seen
    mime: str


class Inspector:
    """Handles the inspection jobs of one node."""

    def __init__(self, *, sessions: Sessions, store: PartStore, spool: Spool, limits: Limits, node: str) -> None:
        self._sessions = sessions
        self._store = store
        self._spool = spool
        self._limits = limits
        self._node = node
        self._failures: dict[int, int] = {}
        self._under_way: set[int] = set()
        self._places = asyncio.Semaphore(_FETCHES_AT_ONCE)
        self._known = asyncio.Semaphore(_READ_AT_ONCE)
        self._read = Together(sessions, _pending, row=int, linger=UNHURRIED)
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
        accepted = await self._conclude(_Seen(media_id=media_id, fetched=fetched, keep=keep))
        if keep and not accepted:
            await self._spool.remove(media.key, [part.index])

    async def _fetch(self, media: Media, part: Part, *, keep: bool) -> _Fetched:
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
        return _Fetched(size=size, sha256=digest.digest(), head=bytes(head))

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
            (found,) = await _pending(session, [media_id], lock=True)
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

    async def _conclude_some(self, session: AsyncSession, seen: Sequence[_Seen]) -> Sequence[bool]:
        """True for what is accepted; of anything else (refused, deleted meanwhile) nothing is kept."""
        found = await _pending(session, [one.media_id for one in seen], lock=True)
        accepted = []
        for row, one in zip(found, seen, strict=True):
            if row is None:
                continue
            judged = self._judge(row[0], one.fetched)
            if isinstance(judged, ContentType):
                accepted.append(_Accepted(media=row[0], part=row[1], seen=one, mime=judged.mime))
            else:
                await self._refuse(session, *row, judged)
        if accepted:
            await _note(session, accepted, node=self._node)
        kept = {one.seen.media_id for one in accepted}
        return [one.media_id in kept for one in seen]

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


async def _pending(
    session: AsyncSession, media_ids: Sequence[int], *, lock: bool = False
) -> Sequence[tuple[Media, Part] | None]:
    """Each of the media with its part; None for one that is not to be inspected (any more)."""
    query = (
        select(Media, Part)
        .join(Part, Part.media_id == Media.id)
        .where(among(Media.id, media_ids), Media.inspection == Inspection.PENDING, Part.state == PartState.SPOOLED)
        .where(Media.status.in_((MediaStatus.ACTIVE, MediaStatus.ARCHIVING)))
        .order_by(Media.id)
    )
    rows = (await session.execute(query.with_for_update() if lock else query)).all()
    found = {media.id: (media, part) for media, part in rows}
    return [found.get(media_id) for media_id in media_ids]


_SEEN = ForRows(Media, lambda new: update_by(Media, new, inspection=Inspection.DONE, verified=True))
_SIZED = ForRows(Part, lambda new: update_by(Part, new))


async def _note(session: AsyncSession, accepted: Sequence[_Accepted], *, node: str) -> None:
    """They are what their bytes say. The index of their words is the same as before; captions will say the type."""
    facts = await facts_of_several(session, [one.media for one in accepted])
    media = [
        {
            "id": one.media.id,
            "content_type": one.mime,
            "file_size": one.seen.fetched.size,
            "sha256": one.seen.fetched.sha256,
            "caption_wanted": replace(facts[one.media.id], content_type=one.mime).digest,
        }
        for one in accepted
    ]
    parts = [
        {
            "id": one.part.id,
            "size": one.seen.fetched.size,
            "sha256": one.seen.fetched.sha256,
            "origin": "spool" if one.seen.keep else one.part.origin,
            "node": node if one.seen.keep else one.part.node,
        }
        for one in accepted
    ]
    await _SEEN.run(session, media)
    await _SIZED.run(session, parts)
    by_node: dict[str, list[int]] = defaultdict(list)
    for one in accepted:
        by_node[node if one.seen.keep else one.part.node].append(one.part.id)
    for where, ids in by_node.items():
        await wake_shippers(session, where, ids)
