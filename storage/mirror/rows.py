"""Which digests the mirror has, in the index."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import PartState
from storage.engine.copy_sources import bytes_back
from storage.tables import Mirror, MirrorFile, MirrorMiss, Part


async def note_kept(session: AsyncSession, sha256: bytes, size: int, now: datetime) -> None:
    """The mirror has these bytes. A file that is leaving stays so: it is brought again once it has left."""
    # Locked against being deleted meanwhile: whoever deletes it then finds this row.
    living = select(Part.id).where(Part.sha256 == sha256).limit(1).with_for_update(read=True, key_share=True)
    needed = await session.scalar(living) is not None
    await bytes_back(session, sha256)
    row = insert(MirrorFile).values(sha256=sha256, size=size, kept_at=now, leaving=not needed)
    again = {"size": size, "kept_at": now, "problem": None, "checked_at": None}
    await session.execute(
        row.on_conflict_do_update(index_elements=[MirrorFile.sha256], set_=again, where=~MirrorFile.leaving)
    )


async def note_problem(session: AsyncSession, sha256: bytes, problem: str) -> bool:
    """A file of the mirror is not as it was written: it is brought again from elsewhere. False where that is known."""
    same = (MirrorFile.sha256 == sha256) & MirrorFile.problem.is_(None) & ~MirrorFile.leaving
    noted = update(MirrorFile).where(same).values(problem=problem).returning(MirrorFile.sha256)
    return await session.scalar(noted) is not None


async def note_unneeded(session: AsyncSession, digests: Collection[bytes | None]) -> None:
    """Parts with these digests are gone, in this transaction: what no other part has leaves the mirror."""
    gone = [digest for digest in digests if digest is not None]
    if gone:
        await session.flush()
        await session.execute(update(MirrorFile).where(MirrorFile.sha256.in_(gone), unneeded()).values(leaving=True))


def unneeded() -> ColumnElement[bool]:
    """Rows of `MirrorFile` whose bytes no part has."""
    return ~exists().where(Part.sha256 == MirrorFile.sha256)


async def kept_in_mirror(sessions: Sessions) -> tuple[int, int]:
    """Files, and bytes in them."""
    async with sessions.begin() as session:
        query = select(func.count(), func.coalesce(func.sum(MirrorFile.size), 0)).where(~MirrorFile.leaving)
        files, size = (await session.execute(query)).one()
    return files, int(size)


async def missing_in_mirror(sessions: Sessions) -> tuple[int, int]:
    """Stored parts that the mirror does not have, and files in it that are wrong."""
    kept = exists().where(MirrorFile.sha256 == Part.sha256, MirrorFile.problem.is_(None))
    stored = (Part.state == PartState.STORED) & Part.media_id.is_not(None)
    async with sessions.begin() as session:
        missing = await session.scalar(select(func.count()).select_from(Part).where(stored, ~kept)) or 0
        wrong = select(func.count()).select_from(MirrorFile).where(MirrorFile.problem.is_not(None))
        return missing, await session.scalar(wrong) or 0


async def known_mirror(session: AsyncSession) -> UUID | None:
    """The id of the mirror that is filled; None: none was ever begun."""
    return await session.scalar(select(Mirror.id).order_by(Mirror.began_at, Mirror.id).limit(1))


async def begin_anew(session: AsyncSession, mirror_id: UUID) -> None:
    """From now on it is this one. What it has is found out as it is filled."""
    for table in (MirrorFile, MirrorMiss, Mirror):
        await session.execute(delete(table))
    session.add(Mirror(id=mirror_id))
