"""What a look found, written down: in one transaction with what follows from it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import CopyRole, CopyState, EventType, PartState
from storage.engine.copies import copy_failed, lock_copy, of_part
from storage.engine.copy_sources import source_back
from storage.engine.damage import part_damaged, want_replacement
from storage.engine.events import EventKind, note_event
from storage.engine.probing import Finding, Target, Verdict
from storage.engine.verify_runs import Counts
from storage.events.outbox import tell
from storage.notices import media_changed
from storage.tables import FileRef, Media, Part, PartCheck, PartCopy, VerifyRun
from storage.wakeups import REPLACEMENTS, wake_copier


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at, and what was found."""

    target: Target
    verdict: Verdict

    @property
    def place(self) -> tuple[int, int]:
        return self.target.chat_id, self.target.message_id


async def note_verdict(session: AsyncSession, run_id: int, part_id: int, looked: Looked, now: datetime) -> None:
    """Write down what was found of a part's message, and change its state where that is certain.

    A part that was sound before has to be found wrong twice: `Finding.SUSPECT` alone changes nothing.
    """
    part = await session.get(Part, part_id, with_for_update=True)
    if part is None:
        return
    verdict = looked.verdict
    moved = (part.chat_id, part.message_id) != looked.place
    finding = Finding.UNKNOWN if moved else verdict.finding
    if finding is Finding.SUSPECT and part.state is PartState.DAMAGED:
        finding = Finding.DAMAGED  # it was looked at twice when it was found damaged
    restored = await _follow(session, run_id, part, looked, finding)
    read = verdict.digest is not None and not moved
    counts = _counted(finding, verdict, restored=restored)
    await note_check(
        session, run_id, part_id, finding, "moved" if moved else verdict.reason, now=now, read=read, counts=counts
    )


async def _follow(session: AsyncSession, run_id: int, part: Part, looked: Looked, finding: Finding) -> bool:
    """Do what a finding asks for. True where a damaged part turned out to be sound."""
    verdict, (chat_id, message_id) = looked.verdict, looked.place
    if finding is Finding.SOUND and part.state is PartState.DAMAGED:
        return await _part_sound(session, part)
    if finding is Finding.DAMAGED:
        if verdict.unique_id:
            bad = (FileRef.part_id == part.id) & (FileRef.file_unique_id == verdict.unique_id)
            await session.execute(delete(FileRef).where(bad))  # it would be read, or sent, again
        await part_damaged(session, part.id, chat_id=chat_id, message_id=message_id, reason=verdict.reason or "")
        if await session.scalar(select(VerifyRun.repair).where(VerifyRun.id == run_id)):
            await _repair_now(session, part)
    return False


async def _repair_now(session: AsyncSession, part: Part) -> None:
    """Not when its next attempt is due: somebody waits for it."""
    await want_replacement(session, part)
    waiting = of_part(part) & (PartCopy.role == CopyRole.REPLACEMENT) & (PartCopy.state == CopyState.WAITING)
    copy = await session.scalar(select(PartCopy).where(waiting).with_for_update())
    if copy is not None:
        copy.next_attempt_at, copy.problem = min(copy.next_attempt_at, copy.created_at), None
        await session.flush()
        await wake_copier(session, REPLACEMENTS)


async def _part_sound(session: AsyncSession, part: Part) -> bool:
    """Its message is there after all, with the right bytes. False while another one is being put in its place."""
    replacement = of_part(part) & (PartCopy.role == CopyRole.REPLACEMENT)
    under_way = replacement & (PartCopy.state != CopyState.WAITING)
    if await session.scalar(select(PartCopy.id).where(under_way)) is not None:
        return False
    await session.execute(delete(PartCopy).where(replacement))
    part.state = PartState.STORED
    await session.flush()
    await source_back(session, part)
    detail = {"part": part.index + 1, "message_id": part.message_id}
    note_event(session, EventKind.PART_SOUND, chat_id=part.chat_id, media_id=part.media_id, **detail)
    if part.media_id is not None:
        await media_changed(session, part.media_id)
        media = await session.get_one(Media, part.media_id)
        await tell(session, EventType.MEDIA_UPDATED, media, by="system", changed=["repaired"])
    return True


def _counted(finding: Finding, verdict: Verdict, *, restored: bool) -> Counts:
    """A suspect is counted once it is known what it is."""
    return Counts(
        checked=int(finding is not Finding.SUSPECT),
        sound=int(finding is Finding.SOUND),
        damaged=int(finding is Finding.DAMAGED),
        unknown=int(finding is Finding.UNKNOWN),
        restored=int(restored),
        too_big=int(verdict.reason == "too_big"),
        bytes_read=verdict.size,
    )


async def note_check(
    session: AsyncSession,
    run_id: int,
    part_id: int,
    finding: Finding,
    reason: str | None,
    *,
    now: datetime,
    read: bool,
    counts: Counts,
) -> None:
    """The part was looked at in this pass."""
    values: dict[str, Any] = {"run_id": run_id, "outcome": finding.value, "reason": reason, "checked_at": now}
    if read:
        values["read_at"] = now
    row = insert(PartCheck).values(part_id=part_id, **values)
    await session.execute(row.on_conflict_do_update(index_elements=[PartCheck.part_id], set_=values))
    await add_counts(session, run_id, counts)


async def add_counts(session: AsyncSession, run_id: int, counts: Counts) -> None:
    # Not its key: every check refers to it, and would be waited for.
    locked = select(VerifyRun).where(VerifyRun.id == run_id).with_for_update(key_share=True)
    run = await session.scalar(locked.execution_options(populate_existing=True))
    if run is not None:
        run.counts = asdict(Counts(**run.counts).add(counts))


async def note_copy(session: AsyncSession, run_id: int, copy_id: int, looked: Looked, now: datetime) -> None:
    """A copy in a backup channel was looked at, twice where it was wrong: then it is made again.

    Unless that was done meanwhile: the message that it has now was not looked at.
    """
    verdict = looked.verdict
    damaged = verdict.finding is Finding.DAMAGED
    if damaged:
        copy = await lock_copy(session, copy_id)
        if copy is not None and (copy.chat_id, copy.message_id) == looked.place:
            await copy_failed(session, copy_id, problem=verdict.reason or "", now=now, delay=0, gone=True)
    await add_counts(session, run_id, Counts(copies=1, copies_damaged=int(damaged), bytes_read=verdict.size))
