"""Working off a pass over the archive: a few parts at a time, after everything else, and on where it was stopped.

Each part is looked at once. What is found wrong is looked at once more at the end of the pass, by another bot where
there is one; only then is it damaged. Whatever Telegram could not answer is counted as not known, and changes nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy import or_, select, update

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import CopyRole, CopyState, PartState
from storage.engine.check_rows import Looked, add_counts, note_copy, note_verdict
from storage.engine.copies import of_part
from storage.engine.hashing import note_digest
from storage.engine.probing import Finding, Prober, Target, Verdict
from storage.engine.verify_runs import IN_CHANNEL, Counts
from storage.errors import Postponed
from storage.jobs import Later
from storage.tables import FileRef, Part, PartCheck, PartCopy, VerifyRun

log = structlog.get_logger(__name__)

SECOND_LOOK = timedelta(seconds=5)
"""How long after the first look at the earliest."""

_BATCH = 8
"""Parts that are looked at together: they may be in several channels, each with a budget of its own."""

_SLICE = 15.0
_COPY_AGAIN = 2.0
_LEASE = timedelta(minutes=2)
_RENEWED_EVERY = 20.0
"""Seconds. A batch may take hours, as where large files are read; what a killed process was at waits for one lease."""


class OutsideChecker(Protocol):
    """Checks what is kept outside Telegram."""

    async def check(self, sha256: bytes, *, deep: bool) -> str | None:
        """``sound``, or what is wrong; None where there is nothing to check, or it cannot be said now."""
        ...


class Verifier:
    """Handles the verify jobs. ``outside`` None: nothing is kept elsewhere."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        prober: Prober,
        outside: OutsideChecker | None,
        clock: Clock,
        node: str,
        stopping: asyncio.Event,
    ) -> None:
        self._sessions = sessions
        self._prober = prober
        self._outside = outside
        self._clock = clock
        self._node = node
        self._stopping = stopping
        self._under_way: set[int] = set()

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: go on with a pass for a while. Raises `Later` until it is done."""
        run_id = payload["run"]
        if run_id in self._under_way:
            return  # the lease is this node's: it says nothing of two jobs of ours
        self._under_way.add(run_id)
        try:
            await self._for_a_while(run_id)
        finally:
            self._under_way.discard(run_id)

    async def _for_a_while(self, run_id: int) -> None:
        ends = time.monotonic() + _SLICE
        while (run := await self._claim(run_id)) is not None:
            if not await self._leased(run, self._go_on(run)) or self._stopping.is_set():
                return
            if time.monotonic() > ends:
                raise Later(0, "others wait too")

    async def _go_on(self, run: VerifyRun) -> bool:
        """A batch. False where there was no more to do. Raises `Later` where that has to wait."""
        parts, position = await self._batch(run)
        if parts:
            await self._each(run, [self._part(run, part) for part in parts], position)
        elif position > run.position:
            await self._advance(run, position)
        elif suspects := await self._suspects(run):
            await self._each(run, [self._again(run, part) for part in suspects], position)
        else:
            await self._finish(run)
            return False
        return True

    async def _leased(self, run: VerifyRun, work: Coroutine[None, None, bool]) -> bool:
        """What ``work`` returns, while the lease is renewed. False where it was lost: others are at the pass then."""
        task = asyncio.create_task(work)
        try:
            while not (await asyncio.wait({task}, timeout=_RENEWED_EVERY))[0]:
                if not await self._renewed(run):
                    log.warning("verify_lease_lost", run=run.id, node=self._node)
                    return False
            return task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _claim(self, run_id: int) -> VerifyRun | None:
        """The pass, where it is not finished, and nobody else is at it."""
        now = self._clock.now()
        ours = or_(VerifyRun.leased_by == self._node, VerifyRun.leased_until.is_(None), VerifyRun.leased_until < now)
        take = update(VerifyRun).where(VerifyRun.id == run_id, VerifyRun.finished_at.is_(None), ours)
        values = {"leased_by": self._node, "leased_until": now + _LEASE, "waiting": None}
        async with self._sessions.begin() as session:
            return await session.scalar(take.values(values).returning(VerifyRun))

    async def _renewed(self, run: VerifyRun) -> bool:
        """Hold the pass for another while. False where somebody else has it."""
        ours = (VerifyRun.id == run.id) & (VerifyRun.leased_by == self._node)
        renewal = update(VerifyRun).where(ours).values(leased_until=self._clock.now() + _LEASE)
        async with self._sessions.begin() as session:
            return await session.scalar(renewal.returning(VerifyRun.id)) is not None

    async def _batch(self, run: VerifyRun) -> tuple[Sequence[Part], int]:
        """The next parts that this pass has not seen, and the position that it has with them done."""
        seen = select(PartCheck.part_id).where(PartCheck.run_id == run.id)
        ours = Part.state.in_(IN_CHANNEL) & Part.media_id.is_not(None)
        if run.sample is not None:
            ids = run.sample[run.position : run.position + _BATCH]
            query, position = select(Part).where(Part.id.in_(ids)), run.position + len(ids)
        else:
            query, position = select(Part).where(Part.id > run.position, Part.id <= run.last_part), run.last_part
        async with self._sessions.begin() as session:
            query = query.where(ours, Part.id.not_in(seen)).order_by(Part.id).limit(_BATCH)
            parts = (await session.scalars(query)).all()
        return parts, (parts[-1].id if parts and run.sample is None else position)

    async def _suspects(self, run: VerifyRun) -> Sequence[Part]:
        """What was found wrong once. Raises `Later` where that is too short ago to ask again."""
        suspect = (PartCheck.run_id == run.id) & (PartCheck.outcome == Finding.SUSPECT.value)
        query = select(Part, PartCheck.checked_at).join(PartCheck, PartCheck.part_id == Part.id).where(suspect)
        async with self._sessions.begin() as session:
            rows = (await session.execute(query.order_by(PartCheck.checked_at).limit(_BATCH))).all()
        due = self._clock.now() - SECOND_LOOK
        ready = [part for part, at in rows if at <= due]
        if rows and not ready:
            await self._waits(run, "second_look")
            raise Later((rows[0][1] - due).total_seconds() + 0.1, "second look")
        return ready

    async def _each(self, run: VerifyRun, looks: Sequence[Awaitable[None]], position: int) -> None:
        """Make all looks. Raises `Later` where Telegram has to be waited for: what was done is not done again."""
        outcomes = await asyncio.gather(*looks, return_exceptions=True)
        waits = [outcome for outcome in outcomes if isinstance(outcome, Postponed)]
        others = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, Postponed)]
        if others:
            raise others[0]
        if waits:
            first = min(waits, key=lambda wait: wait.retry_after)
            await self._waits(run, first.code)
            raise Later(first.retry_after, first.code)
        if position > run.position:
            await self._advance(run, position)

    async def _part(self, run: VerifyRun, part: Part) -> None:
        """A part's first look in this pass; its copies and its file in the mirror come with it."""
        target = await self._target(part)
        verdict = await self._prober.probe(target, deep=run.deep or part.state is PartState.DAMAGED)
        copies = await self._copies(run, part, target)
        mirrored = await self._mirrored(run, part)
        await self._note(run, part, Looked(target, verdict))
        async with self._sessions.begin() as session:
            for copy_id, found in copies:
                await note_copy(session, run.id, copy_id, found, self._clock.now())
            await add_counts(session, run.id, mirrored)

    async def _again(self, run: VerifyRun, part: Part) -> None:
        """The second look, by another bot where one can."""
        target = await self._target(part)
        verdict = await self._twice(target, deep=run.deep)
        await self._note(run, part, Looked(target, verdict))

    async def _twice(self, target: Target, *, deep: bool) -> Verdict:
        """A second opinion: what is wrong for a second time is damaged."""
        verdict = await self._prober.probe(target, deep=deep, bot_id=self._prober.second_bot)
        if verdict.finding is Finding.UNKNOWN:
            verdict = await self._prober.probe(target, deep=deep)
        if verdict.finding is Finding.SUSPECT:
            return replace(verdict, finding=Finding.DAMAGED)
        return verdict

    async def _note(self, run: VerifyRun, part: Part, looked: Looked) -> None:
        verdict = looked.verdict
        async with self._sessions.begin() as session:
            await note_verdict(session, run.id, part.id, looked, self._clock.now())
        if verdict.finding is Finding.DAMAGED:
            log.error("part_found_damaged", part_id=part.id, media_id=part.media_id, reason=verdict.reason)
        hashed = verdict.digest is not None and part.sha256 is None
        if hashed and verdict.digest and await note_digest(self._sessions, part.id, verdict.digest, verdict.size):
            async with self._sessions.begin() as session:
                await add_counts(session, run.id, Counts(hashed=1))

    async def _copies(self, run: VerifyRun, part: Part, target: Target) -> list[tuple[int, Looked]]:
        """What was found of each copy in a backup channel."""
        there = of_part(part) & (PartCopy.role == CopyRole.BACKUP) & (PartCopy.state == CopyState.VERIFIED)
        async with self._sessions.begin() as session:
            copies = (await session.scalars(select(PartCopy).where(there).order_by(PartCopy.id))).all()
        return [(copy.id, await self._copy(run, copy, target)) for copy in copies]

    async def _copy(self, run: VerifyRun, copy: PartCopy, target: Target) -> Looked:
        assert copy.chat_id is not None
        assert copy.message_id is not None
        place = replace(target, chat_id=copy.chat_id, message_id=copy.message_id, unique_id=None)
        verdict = await self._prober.probe(place, deep=run.deep)
        if verdict.finding is Finding.SUSPECT:
            await asyncio.sleep(_COPY_AGAIN)
            verdict = await self._twice(place, deep=run.deep)
        return Looked(place, verdict)

    async def _mirrored(self, run: VerifyRun, part: Part) -> Counts:
        found = None
        if self._outside is not None and part.sha256 is not None:
            found = await self._outside.check(part.sha256, deep=run.deep)
        return Counts() if found is None else Counts(mirrored=1, mirror_wrong=int(found != "sound"))

    async def _target(self, part: Part) -> Target:
        async with self._sessions.begin() as session:
            unique = select(FileRef.file_unique_id).where(FileRef.part_id == part.id, FileRef.file_unique_id != "")
            unique_id = await session.scalar(unique.limit(1))
        assert part.chat_id is not None
        assert part.message_id is not None
        return Target(
            chat_id=part.chat_id,
            message_id=part.message_id,
            media_key=part.media_key,
            index=part.index,
            size=part.size,
            sha256=part.sha256,
            unique_id=unique_id,
        )

    async def _advance(self, run: VerifyRun, position: int) -> None:
        await self._set(run, position=position)

    async def _waits(self, run: VerifyRun, what: str) -> None:
        await self._set(run, waiting=what)

    async def _finish(self, run: VerifyRun) -> None:
        await self._set(run, finished_at=self._clock.now(), leased_by=None, leased_until=None)
        log.info("verify_finished", run=run.id, deep=run.deep, **run.counts)

    async def _set(self, run: VerifyRun, **values: object) -> None:
        """Change the pass, unless somebody else has it by now, and is further."""
        ours = (VerifyRun.id == run.id) & (VerifyRun.leased_by == self._node)
        async with self._sessions.begin() as session:
            await session.execute(update(VerifyRun).where(ours).values(**values))
