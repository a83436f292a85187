"""Which channel serves a purpose."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import NO_FALLBACK, Purpose
from storage.errors import ChannelNotBound
from storage.tables import Channel, ChannelBinding

_RETRY_AFTER = 300


async def bound_channels(session: AsyncSession, purpose: Purpose) -> Sequence[Channel]:
    """The channels of ``purpose`` in the order of their use, those of ``requests`` where none is bound.

    Raises `ChannelNotBound` where there is neither.
    """
    wanted = [purpose] if purpose in NO_FALLBACK else [purpose, Purpose.REQUESTS]
    for candidate in wanted:
        channels = (
            await session.scalars(
                select(Channel)
                .join(ChannelBinding, ChannelBinding.channel_id == Channel.id)
                .where(ChannelBinding.purpose == candidate)
                .order_by(ChannelBinding.position, Channel.id)
            )
        ).all()
        if channels:
            return channels
    raise ChannelNotBound(purpose=purpose.value, retry_after=_RETRY_AFTER)


async def raise_head(session: AsyncSession, chat_id: int, message_id: int) -> None:
    """Remember that ``message_id`` exists in the channel: later ids are the ones nobody has seen."""
    channel = await session.scalar(select(Channel).where(Channel.chat_id == chat_id).with_for_update())
    if channel is not None and channel.head_message_id < message_id:
        channel.head_message_id = message_id
