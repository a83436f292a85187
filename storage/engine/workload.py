"""How much waits: parts for Telegram, updates for the bot. For those who watch."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import CopyRole, CopyState, InboxState, PartState, Purpose
from storage.engine.copy_sources import parts_without_source
from storage.spool import Spool
from storage.tables import ChannelBinding, InboxUpdate, Lane, Part, PartCopy


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """Of all nodes, but the spool is this one's. The oldest are in seconds, 0 where nothing waits."""

    queue_parts: int
    queue_bytes: int
    queue_oldest_seconds: float
    spool_used_bytes: int
    spool_max_bytes: int
    inbox_updates: int
    inbox_oldest_seconds: float
    lanes_blocked: int
    backup_channels: int
    copies_missing: int
    parts_damaged: int
    parts_without_source: int


async def workload(sessions: Sessions, spool: Spool, clock: Clock) -> Workload:
    """As it is now; every question has an index of its own."""
    waiting = Part.state.in_((PartState.SPOOLED, PartState.SHIPPING))
    pending = InboxUpdate.state.in_((InboxState.PENDING, InboxState.HANDLING))
    now = clock.now()
    async with sessions.begin() as session:
        queue = select(func.count(), func.sum(Part.size), func.min(Part.created_at)).where(waiting)
        parts, size, oldest = (await session.execute(queue)).one()
        inbox = select(func.count(), func.min(InboxUpdate.received_at)).where(pending)
        updates, first = (await session.execute(inbox)).one()
        blocked = await session.scalar(select(func.count()).where(Lane.blocked_until > now))
        copies = await copy_counts(session)
    return Workload(
        queue_parts=parts,
        queue_bytes=int(size or 0),
        queue_oldest_seconds=_age(oldest, now),
        spool_used_bytes=spool.used_bytes,
        spool_max_bytes=spool.max_bytes,
        inbox_updates=updates,
        inbox_oldest_seconds=_age(first, now),
        lanes_blocked=blocked or 0,
        backup_channels=copies.backup_channels,
        copies_missing=copies.missing,
        parts_damaged=copies.damaged,
        parts_without_source=copies.without_source,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyCounts:
    """``missing`` copies are not verified yet; ``damaged`` parts have no message that can be read.

    ``without_source``: parts with copies that cannot be made, for nothing has their bytes.
    """

    backup_channels: int
    missing: int
    damaged: int
    without_source: int


async def copy_counts(session: AsyncSession) -> CopyCounts:
    """As they are now."""
    bound = select(func.count()).where(ChannelBinding.purpose == Purpose.BACKUP)
    missing = select(func.count()).where(PartCopy.state != CopyState.VERIFIED, PartCopy.role == CopyRole.BACKUP)
    damaged = select(func.count()).where(Part.state == PartState.DAMAGED)
    return CopyCounts(
        backup_channels=await session.scalar(bound) or 0,
        missing=await session.scalar(missing) or 0,
        damaged=await session.scalar(damaged) or 0,
        without_source=await parts_without_source(session),
    )


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
