"""What admins should hear of the archive, as rows: written with the change they tell of, read by whoever tells them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import EngineEvent

log = structlog.get_logger(__name__)

KEPT = timedelta(days=90)


class EventKind(StrEnum):
    """``bot_*`` carry ``bot_id``, ``lane_*`` also ``chat_id``, both a ``reason`` when lost; ``part_*`` ``media_id`` and
    ``part``, counted from 1; ``mirror_*`` the ``node`` from which the mirror looked so. A part is without a source
    where nothing has its bytes that a copy could be made of.
    """

    BOT_LOST = "bot_lost"
    BOT_BACK = "bot_back"
    LANE_LOST = "lane_lost"
    LANE_BACK = "lane_back"
    CHANNEL_FULL = "channel_full"
    PART_LOST = "part_lost"
    PART_DAMAGED = "part_damaged"
    PART_SOUND = "part_sound"
    MIRROR_LOST = "mirror_lost"
    MIRROR_BACK = "mirror_back"
    PART_REPAIRED = "part_repaired"
    PART_WITHOUT_SOURCE = "part_without_source"


def note_event(
    session: AsyncSession,
    kind: EventKind,
    *,
    bot_id: int | None = None,
    chat_id: int | None = None,
    media_id: int | None = None,
    **detail: Any,
) -> None:
    """Note an event in its transaction, and log it."""
    session.add(EngineEvent(kind=kind.value, bot_id=bot_id, chat_id=chat_id, media_id=media_id, detail=detail))
    log.warning(kind.value, bot_id=bot_id, chat_id=chat_id, media_id=media_id, **detail)


async def untold_events(session: AsyncSession, limit: int = 100) -> Sequence[EngineEvent]:
    """What nobody was told yet, oldest first, locked: to be followed by `mark_told` in the same transaction."""
    query = select(EngineEvent).where(EngineEvent.told_at.is_(None)).order_by(EngineEvent.id).limit(limit)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def mark_told(session: AsyncSession, ids: Sequence[int], now: datetime) -> None:
    await session.execute(update(EngineEvent).where(EngineEvent.id.in_(ids)).values(told_at=now))


async def forget_events(session: AsyncSession, now: datetime) -> None:
    """The sweep's part."""
    await session.execute(delete(EngineEvent).where(EngineEvent.at < now - KEPT))
