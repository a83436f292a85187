"""Which digests the mirror has, in the index."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.tables import MirrorFile, Part


async def note_kept(session: AsyncSession, sha256: bytes, size: int, now: datetime) -> None:
    """The mirror has these bytes. A file that is leaving stays so: it is brought again once it has left."""
    # Locked against being deleted meanwhile: whoever deletes it then finds this row.
    living = select(Part.id).where(Part.sha256 == sha256).limit(1).with_for_update(read=True, key_share=True)
    needed = await session.scalar(living) is not None
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
