"""Which channel serves a purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import NO_FALLBACK, Purpose
from storage.engine.events import EventKind, note_event
from storage.errors import ChannelNotBound
from storage.tables import Channel, ChannelBinding
from storage.tables.many import bare

_RETRY_AFTER = 300


@dataclass(frozen=True, slots=True)
class Bound:
    """What is asked of a `Channel` for every file."""

    chat_id: int
    head_message_id: int
    posted: int


async def bound_channels(session: AsyncSession, purpose: Purpose) -> Sequence[Bound]:
    """The channels of ``purpose`` in the order of their use, those of ``requests`` where none is bound.

    Raises `ChannelNotBound` where there is neither.
    """
    for candidate in _serving(purpose):
        rows = (await session.execute(_CHANNELS, {"purpose": candidate})).all()
        if rows:
            return [Bound(row.chat_id, row.head_message_id, row.posted) for row in rows]
    raise ChannelNotBound(purpose=purpose.value, retry_after=_RETRY_AFTER)


_CELLS, _BINDINGS = bare(Channel).c, bare(ChannelBinding).c
_CHANNELS = (
    select(_CELLS.chat_id, _CELLS.head_message_id, _CELLS.posted)
    .join(bare(ChannelBinding), _BINDINGS.channel_id == _CELLS.id)
    .where(_BINDINGS.purpose == bindparam("purpose"))
    .order_by(_BINDINGS.position, _CELLS.id)
)
"""Built once, since it is asked for every file."""


def _serving(purpose: Purpose) -> Sequence[Purpose]:
    return [purpose] if purpose in NO_FALLBACK else [purpose, Purpose.REQUESTS]


async def open_channels(session: AsyncSession, purpose: Purpose, most: int) -> Sequence[Bound]:
    """Those of `bound_channels` that have less than ``most`` messages of ours.

    Where all are full the last one goes on, rather than nothing: it has still room by Telegram's own limit.
    """
    channels = await bound_channels(session, purpose)
    return [channel for channel in channels if channel.posted < most] or channels[-1:]


async def note_full(session: AsyncSession, most: int, now: datetime) -> None:
    """The sweep's part: tell once of each channel that has become full."""
    full = select(Channel).where(Channel.posted >= most, Channel.full_at.is_(None)).with_for_update()
    for channel in (await session.scalars(full)).all():
        channel.full_at = now
        note_event(session, EventKind.CHANNEL_FULL, chat_id=channel.chat_id, title=channel.title, posted=channel.posted)
    room = (Channel.posted < most) & Channel.full_at.is_not(None)
    await session.execute(update(Channel).where(room).values(full_at=None))


async def raise_head(session: AsyncSession, chat_id: int, message_id: int, *, posted: int = 0) -> None:
    """Remember that ``message_id`` exists in the channel: later ids are the ones nobody has seen.

    ``posted`` messages more of ours are in it.
    """
    await session.execute(_RAISED, {"chat": chat_id, "head": message_id, "more": posted})


_RAISED = (
    update(bare(Channel))
    .where(_CELLS.chat_id == bindparam("chat"))
    .values(
        head_message_id=func.greatest(_CELLS.head_message_id, bindparam("head")),
        posted=_CELLS.posted + bindparam("more"),
    )
)
