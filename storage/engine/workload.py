"""How much waits: parts for Telegram, updates for the bot. For those who watch."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import InboxState, PartState
from storage.spool import Spool
from storage.tables import InboxUpdate, Lane, Part


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
    return Workload(
        queue_parts=parts,
        queue_bytes=int(size or 0),
        queue_oldest_seconds=_age(oldest, now),
        spool_used_bytes=spool.used_bytes,
        spool_max_bytes=spool.max_bytes,
        inbox_updates=updates,
        inbox_oldest_seconds=_age(first, now),
        lanes_blocked=blocked or 0,
    )


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
