"""Passes over the archive, as rows: who asked for one, how far it is, what it found.

Whoever asks writes a row. Whichever process runs the gateway's jobs works it off (`storage.engine.verifying`), and goes
on with it after a restart; so the command line and the schedule ask the same way, and see the same numbers.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import CopyRole, CopyState, PartState
from storage.errors import FloodWait, Unreachable
from storage.jobs import BULK, enqueue
from storage.tables import Part, PartCheck, PartCopy, VerifyRun

VERIFY_JOB = "verify"
IN_CHANNEL = (PartState.STORED, PartState.DAMAGED)
_KEPT = timedelta(days=90)
_RESTED = timedelta(days=1)
"""What was stored since is not in a sample: Telegram has just said that it has it."""


@dataclass(kw_only=True, slots=True)
class Counts:
    """Parts by what was found, and the rest in numbers. ``unknown``: could not be checked, which says nothing."""

    checked: int = 0
    sound: int = 0
    damaged: int = 0
    unknown: int = 0
    restored: int = 0
    hashed: int = 0
    too_big: int = 0
    bytes_read: int = 0
    copies: int = 0
    copies_damaged: int = 0
    mirrored: int = 0
    mirror_wrong: int = 0

    def add(self, other: "Counts") -> "Counts":
        return Counts(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)})


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """A pass as others see it. ``waiting``: what it waits for now; ``still_damaged``: parts that are, by now."""

    id: int
    deep: bool
    repair: bool
    by: str
    total: int
    counts: Counts
    waiting: str | None
    started_at: datetime
    finished_at: datetime | None
    still_damaged: int

    def as_json(self) -> dict[str, Any]:
        moments = {"started_at": self.started_at.isoformat(), "finished_at": None}
        if self.finished_at is not None:
            moments["finished_at"] = self.finished_at.isoformat()
        return {**asdict(self), **moments}


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundDamaged:
    """A part that was found damaged, and how it is now."""

    part_id: int
    media_id: int | None
    part: int
    reason: str | None
    repaired: bool


class VerifyRuns:
    """The rows of passes."""

    def __init__(self, *, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def begin(self, *, deep: bool, repair: bool, by: str) -> tuple[int, bool]:
        """Have every part checked. The pass's id, and whether it goes on with one that was not finished."""
        unfinished = VerifyRun.finished_at.is_(None) & VerifyRun.sample.is_(None)
        async with self._sessions.begin() as session:
            same = unfinished & (VerifyRun.deep == deep)
            run = await session.scalar(select(VerifyRun).where(same).order_by(VerifyRun.id).limit(1).with_for_update())
            if run is not None:
                run.repair = run.repair or repair
                await _wake(session, run.id)
                return run.id, True
            last = await session.scalar(select(func.max(Part.id)).where(_checkable())) or 0
            total = await session.scalar(select(func.count()).where(_checkable())) or 0
            run = VerifyRun(deep=deep, repair=repair, by=by, last_part=last, total=total)
            return await _added(session, run), False

    async def begin_night(self, night: date, *, deep: bool, size: int) -> int | None:
        """Have the parts checked that were not for the longest time. None where that was begun, or there are none."""
        checked = func.coalesce(PartCheck.read_at if deep else PartCheck.checked_at, Part.stored_at)
        rested = Part.stored_at < self._clock.now() - _RESTED
        oldest = select(Part.id).outerjoin(PartCheck, PartCheck.part_id == Part.id).where(_checkable(), rested)
        same = (VerifyRun.night == night) & (VerifyRun.deep == deep)
        async with self._sessions.begin() as session:
            await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("verify_night", 0))))
            if await session.scalar(select(VerifyRun.id).where(same)) is not None:
                return None
            ids = (await session.scalars(oldest.order_by(checked.asc(), Part.id).limit(size))).all()
            if not ids:
                return None
            sample: list[int] = [*ids]
            run = VerifyRun(
                deep=deep, repair=False, by="schedule", night=night, sample=sample, last_part=0, total=len(sample)
            )
            return await _added(session, run)

    async def wake_unfinished(self) -> None:
        """The minute's part: after a restart nobody is at it. Where somebody is, the lease says so."""
        async with self._sessions.begin() as session:
            for run_id in (await session.scalars(select(VerifyRun.id).where(VerifyRun.finished_at.is_(None)))).all():
                await _wake(session, run_id)

    async def view(self, run_id: int) -> RunView:
        async with self._sessions.begin() as session:
            run = await session.get_one(VerifyRun, run_id)
            found = select(func.count()).select_from(PartCheck).join(Part, Part.id == PartCheck.part_id)
            damaged = found.where(PartCheck.run_id == run_id, Part.state == PartState.DAMAGED)
            return RunView(
                id=run.id,
                deep=run.deep,
                repair=run.repair,
                by=run.by,
                total=run.total,
                counts=Counts(**run.counts),
                waiting=run.waiting,
                started_at=run.started_at,
                finished_at=run.finished_at,
                still_damaged=await session.scalar(damaged) or 0,
            )

    async def damaged(self, run_id: int, limit: int = 1000) -> Sequence[FoundDamaged]:
        """What the pass found damaged, as it is now."""
        query = (
            select(Part, PartCheck)
            .join(PartCheck, PartCheck.part_id == Part.id)
            .where(PartCheck.run_id == run_id, PartCheck.outcome == "damaged")
        )
        async with self._sessions.begin() as session:
            rows = (await session.execute(query.order_by(Part.id).limit(limit))).all()
        return [
            FoundDamaged(
                part_id=part.id,
                media_id=part.media_id,
                part=part.index + 1,
                reason=check.reason,
                repaired=part.state is PartState.STORED,
            )
            for part, check in rows
        ]

    async def repairs_open(self, run_id: int) -> int:
        """How many damaged parts of the pass are to be replaced, and neither were nor were tried in vain.

        That Telegram asks to wait is no answer.
        """
        replacement = exists().where(
            PartCopy.media_key == Part.media_key,
            PartCopy.part_index == Part.index,
            PartCopy.role == CopyRole.REPLACEMENT,
            or_(PartCopy.problem.is_(None), PartCopy.problem.in_((FloodWait.code, Unreachable.code))),
        )
        found = select(func.count()).select_from(PartCheck).join(Part, Part.id == PartCheck.part_id)
        async with self._sessions.begin() as session:
            damaged = (PartCheck.run_id == run_id) & (Part.state == PartState.DAMAGED)
            return await session.scalar(found.where(damaged, replacement)) or 0

    async def per_channel(self, run_id: int) -> dict[int, int]:
        """How many messages are left to be looked at, by channel: what the flood limits are counted for."""
        async with self._sessions.begin() as session:
            run = await session.get_one(VerifyRun, run_id)
            left = _checkable()
            if run.sample is None:
                left &= (Part.id > run.position) & (Part.id <= run.last_part)
            else:
                left &= Part.id.in_(run.sample[run.position :])
            own = select(Part.chat_id.label("chat_id")).where(left)
            of_left = (PartCopy.media_key == Part.media_key) & (PartCopy.part_index == Part.index)
            there = (PartCopy.role == CopyRole.BACKUP) & (PartCopy.state == CopyState.VERIFIED)
            copies = select(PartCopy.chat_id).join(Part, of_left).where(left, there)
            looks = own.union_all(copies).subquery()
            rows = await session.execute(select(looks.c.chat_id, func.count()).group_by(looks.c.chat_id))
            return {chat_id: count for chat_id, count in rows if chat_id is not None}

    async def forget(self) -> None:
        """The hour's part: passes of long ago. What they found of each part stays."""
        old = VerifyRun.finished_at < self._clock.now() - _KEPT
        async with self._sessions.begin() as session:
            await session.execute(delete(VerifyRun).where(old))


def _checkable() -> ColumnElement[bool]:
    return Part.state.in_(IN_CHANNEL) & Part.media_id.is_not(None)


async def _added(session: AsyncSession, run: VerifyRun) -> int:
    run.counts = asdict(Counts())
    session.add(run)
    await session.flush()
    await _wake(session, run.id)
    return run.id


async def _wake(session: AsyncSession, run_id: int) -> None:
    await enqueue(session, VERIFY_JOB, {"run": run_id}, priority=BULK, dedupe=f"{VERIFY_JOB}:{run_id}")
