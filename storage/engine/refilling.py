"""Refilling: what lies in channels that no bot reaches any more is put into those that serve its purpose now.

The plan is rows: each part gets a replacement (`storage.engine.copies`), which running gateways bring about from
whatever has the bytes. So it can be asked for again at any time, goes on after a restart, and is done when no row is
left.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import CopyRole, CopyState, Purpose
from storage.engine.channels import bound_channels
from storage.engine.copies import kept_parts
from storage.engine.copy_sources import parts_without_source, retry_all
from storage.errors import ChannelNotBound
from storage.ports import ChannelMembers
from storage.tables import Channel, Lane, Part, PartCopy
from storage.wakeups import REPLACEMENTS, wake_copier

_MESSAGES_PER_COPY = 2
"""The copy, and the forward by which it is looked at."""

_BATCH = 5000


@dataclass(frozen=True, kw_only=True, slots=True)
class OutOfReach:
    """A channel that no bot reaches, and how many parts of a purpose are in it."""

    chat_id: int
    title: str
    purpose: Purpose
    parts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """What is to be put into the channels of a purpose. ``lanes``: (bot, channel) pairs that may post there, 0: none.

    ``minutes`` is how long the flood limits make that take, None: nothing is known to limit it.
    """

    purpose: Purpose
    parts: int
    lanes: int
    minutes: int | None


class Refiller:
    """The use case. ``assumed_rate``: messages a minute of a lane that has learnt nothing, 0: no limit."""

    def __init__(self, *, sessions: Sessions, members: ChannelMembers, assumed_rate: int) -> None:
        self._sessions = sessions
        self._members = members
        self._assumed_rate = assumed_rate

    async def out_of_reach(self, purposes: Collection[Purpose]) -> Sequence[OutOfReach]:
        """Ask Telegram for every channel with parts. Raises `ArchiveError`s where it does not answer."""
        query = (
            select(Part.chat_id, Part.purpose, func.coalesce(Channel.title, ""), func.count())
            .outerjoin(Channel, Channel.chat_id == Part.chat_id)
            .where(kept_parts(), Part.purpose.in_(purposes))
            .group_by(Part.chat_id, Part.purpose, Channel.title)
            .order_by(Part.chat_id, Part.purpose)
        )
        async with self._sessions.begin() as session:
            rows = (await session.execute(query)).all()
        return [
            OutOfReach(chat_id=chat_id, title=title, purpose=purpose, parts=parts)
            for chat_id, purpose, title, parts in rows
            if chat_id is not None and not (await self._members.members(chat_id)).readers
        ]

    async def want(self, channels: Sequence[OutOfReach]) -> int:
        """Have the parts of these channels put into others; how many were not wanted yet.

        Whoever asks has likely mended something: what was tried in vain is tried once more.
        """
        wanted = 0
        async with self._sessions.begin() as session:
            await retry_all(session)
            await wake_copier(session, REPLACEMENTS)
        for one in channels:
            while made := await self._want_some(one):
                wanted += made
        return wanted

    async def planned(self, channels: Sequence[OutOfReach]) -> Sequence[Filling]:
        """What `want` would have to be done."""
        parts: Counter[Purpose] = Counter()
        for one in channels:
            parts[one.purpose] += one.parts
        return [await self._filling(purpose, number) for purpose, number in sorted(parts.items())]

    async def without_source(self) -> int:
        """How many were tried in vain: nothing that can be reached now has their bytes."""
        async with self._sessions.begin() as session:
            return await parts_without_source(session, PartCopy.role == CopyRole.REPLACEMENT)

    async def left(self) -> Sequence[Filling]:
        """What waits to be put into a channel, refilled or repaired."""
        query = (
            select(Part.purpose, func.count())
            .join(PartCopy, (PartCopy.media_key == Part.media_key) & (PartCopy.part_index == Part.index))
            .where(PartCopy.role == CopyRole.REPLACEMENT)
            .group_by(Part.purpose)
            .order_by(Part.purpose)
        )
        async with self._sessions.begin() as session:
            counted = [(purpose, parts) for purpose, parts in await session.execute(query)]
        return [await self._filling(purpose, parts) for purpose, parts in counted]

    async def _want_some(self, one: OutOfReach) -> int:
        values = {
            "role": literal(CopyRole.REPLACEMENT, PartCopy.role.type),
            "state": literal(CopyState.WAITING, PartCopy.state.type),
        }
        wanted = select(Part.media_key, Part.index, Part.chat_id, Part.message_id, *values.values())
        known = (PartCopy.media_key == Part.media_key) & (PartCopy.part_index == Part.index)
        known &= PartCopy.role == CopyRole.REPLACEMENT
        wanted = wanted.where(kept_parts(), Part.chat_id == one.chat_id, Part.purpose == one.purpose)
        wanted = wanted.where(~select(PartCopy.id).where(known).exists()).order_by(Part.id).limit(_BATCH)
        columns = ["media_key", "part_index", "instead_chat_id", "instead_message_id", *values]
        rows = insert(PartCopy).from_select(columns, wanted).on_conflict_do_nothing().returning(PartCopy.id)
        async with self._sessions.begin() as session:
            made = len((await session.scalars(rows)).all())
            await wake_copier(session, REPLACEMENTS)
        return made

    async def _filling(self, purpose: Purpose, parts: int) -> Filling:
        async with self._sessions.begin() as session:
            chats = await _chats(session, purpose)
            learnt = {
                (lane.bot_id, lane.chat_id): lane.per_minute
                for lane in (await session.scalars(select(Lane).where(Lane.chat_id.in_(chats)))).all()
            }
        lanes = [(bot, chat) for chat in chats for bot in (await self._members.members(chat)).posters]
        rates = [learnt.get(lane) or self._assumed_rate for lane in lanes]
        limited = bool(rates) and all(rates)
        minutes = math.ceil(parts * _MESSAGES_PER_COPY / sum(rates)) if limited else None
        return Filling(purpose=purpose, parts=parts, lanes=len(lanes), minutes=minutes)


async def _chats(session: AsyncSession, purpose: Purpose) -> Sequence[int]:
    try:
        return [channel.chat_id for channel in await bound_channels(session, purpose)]
    except ChannelNotBound:
        return []
