"""Filling the mirror in the background: what came through Telegram, was there before it, or was missed by it.

One process at a time does it, part after part; a lease says which. What it cannot fetch is written down and tried again
later; while one lane has to wait, parts of others go on. Parts whose digest nobody knew are hashed by the way.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.delivery.sources import PartSource
from storage.domain import PartState
from storage.engine.hashing import note_digest
from storage.errors import ArchiveError, FileTooBig, FloodWait, Unreachable
from storage.jobs import BULK, Later, enqueue
from storage.mirror.directory import Draft
from storage.mirror.keeping import Mirror
from storage.mirror.lane_rests import LaneRests
from storage.mirror.rows import unneeded
from storage.mirror.troubles import FileWrong, MirrorTrouble
from storage.tables import Mirror as MirrorRow
from storage.tables import MirrorFile, MirrorMiss, Part

log = structlog.get_logger(__name__)

FILL_JOB = "mirror_fill"
_SLICE = 20.0
"""Seconds after which a job makes way for others."""

_LEASE = timedelta(minutes=2)
_AGAIN_EVERY = timedelta(minutes=10)
_RETRIES = (timedelta(minutes=2), timedelta(minutes=30), timedelta(hours=6), timedelta(days=1))
_TOO_BIG_AGAIN = timedelta(days=30)
_BATCH = 100


class Filler:
    """``sources``: where bytes can be had but from the mirror."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        mirror: Mirror,
        sources: PartSource,
        clock: Clock,
        node: str,
        stopping: asyncio.Event,
    ) -> None:
        self._sessions = sessions
        self._mirror = mirror
        self._sources = sources
        self._clock = clock
        self._node = node
        self._stopping = stopping
        self._rests = LaneRests()
        self._after = 0
        self._settled: int | None = None
        """Up to this id nothing was on its way when the pass began; None: none is under way."""

        self._whole_pass_at: datetime | None = None

    async def look(self) -> None:
        """The minute's part, on each node: is the mirror there; and have it filled."""
        if await self._mirror.probe():
            async with self._sessions.begin() as session:
                await enqueue(session, FILL_JOB, {}, priority=BULK, dedupe=FILL_JOB)

    async def tidy(self) -> None:
        """The hour's part: what two deletes at the same moment both left to each other."""
        async with self._sessions.begin() as session:
            await session.execute(update(MirrorFile).where(~MirrorFile.leaving, unneeded()).values(leaving=True))

    async def handle(self, _payload: object) -> None:
        """The job: remove what is not needed any more, then bring one missing part after the other."""
        ends = time.monotonic() + _SLICE
        try:
            while await self._lease():
                if await self._purge():
                    continue
                part = await self._next()
                if self._stopping.is_set():
                    return
                if part is None:
                    self._rests.require_none(self._clock.now())
                    return
                await self._bring(part)
                if time.monotonic() > ends:
                    raise Later(0, "others wait too")
        except MirrorTrouble:
            return  # noted; the minute's look begins again once it is over

    async def _lease(self) -> bool:
        now = self._clock.now()
        free = or_(MirrorRow.filled_by.is_(None), MirrorRow.filled_by == self._node, MirrorRow.leased_until < now)
        take = update(MirrorRow).where(free).values(filled_by=self._node, leased_until=now + _LEASE)
        async with self._sessions.begin() as session:
            return await session.scalar(take.returning(MirrorRow.id)) is not None

    async def _purge(self) -> bool:
        """Remove some files that no part needs. True where there may be more."""
        async with self._sessions.begin() as session:
            needed = MirrorFile.leaving & ~unneeded()  # the same bytes came again meanwhile
            await session.execute(update(MirrorFile).where(needed).values(leaving=False))
            rows = await session.scalars(select(MirrorFile.sha256).where(MirrorFile.leaving).limit(_BATCH))
            leaving = [*rows]
        if leaving:
            await self._mirror.run(_each, self._mirror.directory.remove, leaving)
            async with self._sessions.begin() as session:
                await session.execute(delete(MirrorFile).where(MirrorFile.sha256.in_(leaving), MirrorFile.leaving))
            log.info("mirror_files_removed", count=len(leaving))
        return len(leaving) == _BATCH

    async def _next(self) -> Part | None:
        """The next part that is missing. All are looked through every few minutes, new ones always, and those that were
        still on their way the last time.

        Those of lanes that have to wait are passed over, and come when these may go on.
        """
        now = self._clock.now()
        self._after = self._rests.end(now, self._after)
        if self._whole_pass_at is None or now - self._whole_pass_at > _AGAIN_EVERY:
            self._after, self._whole_pass_at = 0, now
        kept = exists().where(MirrorFile.sha256 == Part.sha256, MirrorFile.problem.is_(None))
        later = exists().where(MirrorMiss.part_id == Part.id, MirrorMiss.retry_at > now)
        ours = (Part.id > self._after) & (Part.state == PartState.STORED) & Part.media_id.is_not(None)
        async with self._sessions.begin() as session:
            if self._settled is None:
                self._settled = await _settled(session)
            missing = select(Part).where(ours, ~kept, ~later, self._rests.free())
            part = await session.scalar(missing.order_by(Part.id).limit(1))
        if part is None:
            self._after, self._settled = self._settled, None
        else:
            self._after = part.id
        return part

    async def _bring(self, part: Part) -> None:
        try:
            await self._fetch(part)
        except (FloodWait, Unreachable) as wait:  # nothing is wrong with the part
            async with self._sessions.begin() as session:
                await self._rests.begin(session, part, self._clock.now(), wait.retry_after)
            log.info("mirror_lane_waits", part_id=part.id, chat_id=part.chat_id, seconds=wait.retry_after)
        except (ArchiveError, FileWrong) as error:
            await self._missed(part, error)
            return
        async with self._sessions.begin() as session:
            await session.execute(delete(MirrorMiss).where(MirrorMiss.part_id == part.id))

    async def _fetch(self, part: Part) -> None:
        """Bring one part. Raises `ArchiveError`, `FileWrong` where other bytes came, `MirrorTrouble`."""
        if part.size is None:
            raise FileWrong("size")
        if await self._there_already(part):
            return
        draft = await self._mirror.write(self._mirror.directory.draft)
        try:
            digest = await self._stream(part, draft)
            await self._mirror.write(draft.keep, digest, part.size, size=part.size)
        finally:
            await self._mirror.step(draft.end)
        if part.sha256 is None:
            await note_digest(self._sessions, part.id, digest, part.size)
        await self._mirror.note_kept(digest, part.size)
        log.info("mirror_part_kept", part_id=part.id, media_id=part.media_id, size=part.size)

    async def _there_already(self, part: Part) -> bool:
        """A file without a row: of a mirror that was filled before, or whose row was not written any more."""
        if part.sha256 is None or part.size is None:
            return False
        async with self._sessions.begin() as session:
            problem = await session.scalar(select(MirrorFile.problem).where(MirrorFile.sha256 == part.sha256))
        if problem is not None or not await self._mirror.run(self._mirror.directory.has, part.sha256, part.size):
            return False
        await self._mirror.note_kept(part.sha256, part.size)
        return True

    async def _stream(self, part: Part, draft: Draft) -> bytes:
        assert part.size is not None
        async with AsyncExitStack() as stack:
            async for chunk in await self._sources.open(part, 0, part.size, stack):
                await self._mirror.step(draft.write, chunk)
        return draft.digest if part.sha256 is None else part.sha256

    async def _missed(self, part: Part, error: Exception) -> None:
        reason = error.code if isinstance(error, ArchiveError) else f"wrong_{error}"
        async with self._sessions.begin() as session:
            known = await session.get(MirrorMiss, part.id)
            attempts = 1 if known is None else known.attempts + 1
            wait = _RETRIES[min(attempts, len(_RETRIES)) - 1]
            values = {
                "reason": reason,
                "attempts": attempts,
                "retry_at": self._clock.now() + (_TOO_BIG_AGAIN if isinstance(error, FileTooBig) else wait),
            }
            row = insert(MirrorMiss).values(part_id=part.id, **values)
            still_there = await session.scalar(select(Part.id).where(Part.id == part.id).with_for_update())
            if still_there is not None:
                await session.execute(row.on_conflict_do_update(index_elements=[MirrorMiss.part_id], set_=values))
        log.warning("mirror_part_missed", part_id=part.id, reason=reason, attempts=attempts)


async def _settled(session: AsyncSession) -> int:
    """The id up to which every part is stored for good, or will never be."""
    coming = Part.state.in_((PartState.SPOOLED, PartState.SHIPPING)) | (
        (Part.state == PartState.STORED) & Part.media_id.is_(None)
    )
    first = await session.scalar(select(func.min(Part.id)).where(coming))
    if first is not None:
        return first - 1
    return await session.scalar(select(func.max(Part.id))) or 0


def _each(function: Callable[[bytes], None], digests: list[bytes]) -> None:
    for digest in digests:
        function(digest)
