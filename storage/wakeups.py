"""The jobs by name, and the functions that enqueue them inside the caller's transaction.

Those for several rows (`wake_shippers` …) are one job for all of them, and are not deduplicated: whoever finds a row
done passes over it.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.jobs import BULK, INTERACTIVE, NORMAL, enqueue, enqueue_all
from storage.tables import Part

CARD_JOB = "card"
STAFF_CARD_JOB = "staff_card"
STAFF_CARDS_JOB = "staff_cards"
STRAYS_JOB = "strays"
RECONCILE_JOB = "reconcile"
ERASE_JOB = "erase"
CAPTIONS_JOB = "captions"
COPY_JOB = "copy"
REPLACEMENTS = 0
"""What the copy jobs of no backup channel are for."""

_CAPTIONS_DELAY = 1.0


def ship_job(node: str) -> str:
    """The jobs of a node's parts: bytes in a spool belong to it."""
    return f"ship:{node}"


def inspect_job(node: str) -> str:
    """Inspections may put bytes into the spool, so they belong to a node too."""
    return f"inspect:{node}"


async def wake_shipper(session: AsyncSession, part: Part, *, delay: float = 0) -> None:
    """Ship a part that is spooled."""
    await _wake_shipper(session, part.node, _urgency(part), [part.id], delay)


async def wake_shippers(
    session: AsyncSession, node: str, part_ids: Sequence[int], *, priority: int = INTERACTIVE
) -> None:
    """Ship parts of a node that came together; without a ``priority`` they came through chats."""
    if part_ids:
        await enqueue(session, ship_job(node), {"part": list(part_ids)}, priority=priority)


async def wake_left_over(session: AsyncSession, parts: Sequence[Part]) -> None:
    """`wake_shipper` for many that may have a job already: a statement per node and priority."""
    groups: dict[tuple[str, int], list[int]] = {}
    for part in parts:
        groups.setdefault((part.node, _urgency(part)), []).append(part.id)
    for (node, priority), ids in groups.items():
        await _wake_shipper(session, node, priority, ids)


def _urgency(part: Part) -> int:
    return INTERACTIVE if part.origin == "telegram" else NORMAL


async def _wake_shipper(
    session: AsyncSession, node: str, priority: int, part_ids: Sequence[int], delay: float = 0
) -> None:
    """A job for each, by the name of its row."""
    jobs = [({"part": part_id}, f"ship:{part_id}") for part_id in part_ids]
    await enqueue_all(session, ship_job(node), jobs, priority=priority, delay=delay)


async def wake_inspector(session: AsyncSession, node: str, media_id: int) -> None:
    """Fetch, sniff and hash a media that came through Telegram."""
    await enqueue(session, inspect_job(node), {"media": media_id}, priority=INTERACTIVE, dedupe=f"inspect:{media_id}")


async def wake_inspectors(session: AsyncSession, node: str, media_ids: Sequence[int]) -> None:
    """`wake_inspector` for several."""
    if media_ids:
        await enqueue(session, inspect_job(node), {"media": list(media_ids)}, priority=INTERACTIVE)


async def wake_reconciler(session: AsyncSession, chat_id: int, *, delay: float = 0) -> None:
    """Settle the open intents of a channel. Not deduplicated: one that is due later must not swallow this one."""
    await enqueue(session, RECONCILE_JOB, {"chat": chat_id}, priority=NORMAL, delay=delay)


async def wake_strays(session: AsyncSession, chat_ids: Collection[int]) -> None:
    """Remove the messages that were cast off: one job for each channel, however many there are.

    Who casts off holds other locks, so nobody may wait here for the end of somebody else's transaction. While one
    has the channel's name, others go without: as many jobs too many as there are transactions at that moment.
    """
    jobs: list[tuple[dict[str, int], str | None]] = []
    for chat_id in sorted(chat_ids):
        name = f"{STRAYS_JOB}:{chat_id}"
        mine = await session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0))))
        jobs.append(({"chat": chat_id}, name if mine else None))
    await enqueue_all(session, STRAYS_JOB, jobs, priority=BULK)


async def wake_eraser(session: AsyncSession, media_id: int, *, delay: float) -> None:
    """Erase a media that is being deleted, once its grace period is over."""
    await enqueue(session, ERASE_JOB, {"media": media_id}, priority=BULK, delay=delay)


async def wake_card(session: AsyncSession, card_id: int, *, delay: float = 0) -> None:
    """Bring a card up to date. Not deduplicated: a job that runs may have read the row before this change."""
    await enqueue(session, CARD_JOB, {"card": card_id}, priority=INTERACTIVE, delay=delay)


async def wake_cards(session: AsyncSession, card_ids: Sequence[int], *, delay: float = 0) -> None:
    """`wake_card` for several."""
    if card_ids:
        await enqueue(session, CARD_JOB, {"card": list(card_ids)}, priority=INTERACTIVE, delay=delay)


async def wake_captions(session: AsyncSession, media_id: int) -> None:
    """Edit the captions of a media that are behind. The delay lets changes that come together be one edit."""
    await enqueue(
        session, CAPTIONS_JOB, {"media": media_id}, priority=BULK, delay=_CAPTIONS_DELAY, dedupe=f"captions:{media_id}"
    )


async def wake_copier(session: AsyncSession, chat_id: int, *, slot: int = 0) -> None:
    """Make the copies that are due in a backup channel, or the `REPLACEMENTS`; ``slot``: of several that do so."""
    await enqueue(session, COPY_JOB, {"chat": chat_id, "slot": slot}, priority=BULK, dedupe=f"copy:{chat_id}:{slot}")


async def wake_staff_card(session: AsyncSession, *row_ids: int, delay: float = 0) -> None:
    """Bring cards of the staff chat up to date, each by a job of its own."""
    jobs: list[tuple[dict[str, int], str | None]] = [
        ({"staff_card": row_id}, f"staff_card:{row_id}") for row_id in sorted(row_ids)
    ]
    await enqueue_all(session, STAFF_CARD_JOB, jobs, priority=NORMAL, delay=delay)


async def wake_staff_cards(session: AsyncSession, row_ids: Sequence[int]) -> None:
    """`wake_staff_card` where there is a staff chat: who finds that out wakes each."""
    if row_ids:
        await enqueue(session, STAFF_CARDS_JOB, {"staff_card": list(row_ids)}, priority=NORMAL)
