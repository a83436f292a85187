"""The channels as an operator wants to see them: what they serve, and how the lanes into them do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Purpose
from storage.tables import Channel, ChannelBinding, Lane, Part, PartCopy


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneState:
    """``per_minute`` was learnt from Telegram, None: nothing was; ``retry_after`` seconds are left of a flood wait."""

    bot_id: int
    per_minute: int | None
    blocked_until: datetime | None
    retry_after: float | None
    learnt_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelState:
    """``purposes`` empty: it serves none any more. ``parts`` counts copies too, ``sent_last_minute`` does not."""

    chat_id: int
    title: str
    purposes: Sequence[Purpose]
    bound_at: datetime
    parts: int
    sent_last_minute: int
    lanes: Sequence[LaneState]


async def channel_states(sessions: Sessions, clock: Clock) -> list[ChannelState]:
    """Every channel we know, in the order of their binding."""
    now = clock.now()
    async with sessions.begin() as session:
        channels = (await session.scalars(select(Channel).order_by(Channel.id))).all()
        purposes = await _purposes(session)
        lanes = (await session.scalars(select(Lane).order_by(Lane.bot_id))).all()
        minute_ago = now - timedelta(minutes=1)
        counted = await session.execute(
            select(Part.chat_id, func.count(), func.count().filter(Part.stored_at > minute_ago))
            .where(Part.chat_id.is_not(None))
            .group_by(Part.chat_id)
        )
        parts = {chat_id: (count, recent) for chat_id, count, recent in counted}
        copied = select(PartCopy.chat_id, func.count()).where(PartCopy.message_id.is_not(None))
        copies = {chat_id: count for chat_id, count in await session.execute(copied.group_by(PartCopy.chat_id))}  # noqa: C416 -- rows are no pairs to mypy
    return [
        ChannelState(
            chat_id=channel.chat_id,
            title=channel.title,
            purposes=purposes.get(channel.id, []),
            bound_at=channel.bound_at,
            parts=parts.get(channel.chat_id, (0, 0))[0] + copies.get(channel.chat_id, 0),
            sent_last_minute=parts.get(channel.chat_id, (0, 0))[1],
            lanes=[_lane(lane, now) for lane in lanes if lane.chat_id == channel.chat_id],
        )
        for channel in channels
    ]


async def _purposes(session: AsyncSession) -> dict[int, list[Purpose]]:
    found: dict[int, list[Purpose]] = {}
    rows = await session.scalars(select(ChannelBinding).order_by(ChannelBinding.purpose))
    for binding in rows:
        found.setdefault(binding.channel_id, []).append(binding.purpose)
    return found


def _lane(lane: Lane, now: datetime) -> LaneState:
    left = None if lane.blocked_until is None else (lane.blocked_until - now).total_seconds()
    return LaneState(
        bot_id=lane.bot_id,
        per_minute=lane.per_minute,
        blocked_until=lane.blocked_until,
        retry_after=left if left is not None and left > 0 else None,
        learnt_at=lane.learnt_at,
    )
