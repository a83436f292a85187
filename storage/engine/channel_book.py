"""The channels as admins manage them: examining, binding to a purpose and taking that back, and watching them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aiogram import Bot
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Purpose
from storage.engine.channel_states import ChannelState, channel_states
from storage.tables import Channel, ChannelBinding, ChannelCheck
from storage.telegram.binding import Binder
from storage.telegram.examining import Examined, Problem, examine


class Outcome(StrEnum):
    """What came of binding. ``fixed``: the settings say which channels serve the purpose."""

    BOUND = "bound"
    SAME = "same"
    UNFIT = "unfit"
    FIXED = "fixed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The outcome, and what was found out about the channel; None where nobody looked."""

    outcome: Outcome
    examined: Examined | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A channel that serves a purpose. The rest is as of ``checked_at``, None: it was never examined."""

    state: ChannelState
    members: int | None
    problems: tuple[Problem, ...]
    checked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """A channel examined again. ``members_before`` None: nobody had counted; ``purposes`` empty: it serves none."""

    examined: Examined
    members_before: int | None
    purposes: tuple[Purpose, ...]


class ChannelBook:
    """The use cases. ``fixed`` are purposes that the settings bind: at a start their word counts again."""

    def __init__(self, *, sessions: Sessions, bot: Bot, clock: Clock, fixed: Collection[Purpose] = ()) -> None:
        self._sessions = sessions
        self._bot = bot
        self._clock = clock
        self._fixed = frozenset(fixed)
        self._binder = Binder(sessions=sessions, bot=bot)

    async def bind(self, purpose: Purpose, chat_id: int, *, by: str, add: bool = False) -> Bound:
        """Let a channel serve a purpose, instead of those that do, or with ``add`` after them.

        What the others hold stays where it is and is still found. Raises `ArchiveError`s where Telegram is away.
        """
        if purpose in self._fixed:
            return Bound(outcome=Outcome.FIXED)
        examined = (await self.examine(chat_id)).examined
        if examined.problems:
            return Bound(outcome=Outcome.UNFIT, examined=examined)
        await self._binder.ensure(chat_id)
        async with self._sessions.begin() as session:
            channel = await session.scalar(select(Channel).where(Channel.chat_id == chat_id).with_for_update())
            assert channel is not None
            channel.title = examined.title
            before = await _serving(session, purpose)
            if channel.id in before if add else before == [channel.id]:
                return Bound(outcome=Outcome.SAME, examined=examined)
            if not add:
                await session.execute(delete(ChannelBinding).where(ChannelBinding.purpose == purpose))
            position = len(before) if add else 0
            session.add(ChannelBinding(purpose=purpose, channel_id=channel.id, position=position))
            record(session, by, "channel_bound", detail={"chat": chat_id, "purpose": purpose.value})
        return Bound(outcome=Outcome.BOUND, examined=examined)

    async def unbind(self, chat_id: int, *, by: str, purpose: Purpose | None = None) -> Sequence[Purpose]:
        """Let a channel serve this purpose, or any, no more; those it served. The settings' purposes stay."""
        async with self._sessions.begin() as session:
            channel = await session.scalar(select(Channel).where(Channel.chat_id == chat_id).with_for_update())
            if channel is None:
                return []
            wanted = [ChannelBinding.channel_id == channel.id, ChannelBinding.purpose.not_in(self._fixed)]
            if purpose is not None:
                wanted.append(ChannelBinding.purpose == purpose)
            gone = await session.scalars(delete(ChannelBinding).where(*wanted).returning(ChannelBinding.purpose))
            purposes = sorted(gone.all())
            for one in purposes:
                record(session, by, "channel_unbound", detail={"chat": chat_id, "purpose": one.value})
        return purposes

    async def list(self) -> Sequence[Listed]:
        """The channels that serve a purpose, or once did and hold files."""
        async with self._sessions.begin() as session:
            checks = {row.chat_id: row for row in (await session.scalars(select(ChannelCheck))).all()}
        states = await channel_states(self._sessions, self._clock)
        return [_listed(state, checks.get(state.chat_id)) for state in states if state.purposes or state.parts]

    async def examine(self, chat_id: int) -> News:
        """Look at a channel and remember what was found. Raises `ArchiveError`s where Telegram is away."""
        examined = await examine(self._bot, chat_id)
        async with self._sessions.begin() as session:
            before = await session.get(ChannelCheck, chat_id)
            known = None if before is None else before.members
            values = {
                "members": examined.members if examined.members is not None else known,
                "problems": [problem.value for problem in examined.problems],
                "checked_at": self._clock.now(),
            }
            row = insert(ChannelCheck).values(chat_id=chat_id, **values)
            await session.execute(row.on_conflict_do_update(index_elements=[ChannelCheck.chat_id], set_=values))
            if Problem.GONE not in examined.problems:
                titled = update(Channel).where(Channel.chat_id == chat_id).values(title=examined.title)
                await session.execute(titled)
            purposes = await _purposes_of(session, chat_id)
        return News(examined=examined, members_before=known, purposes=tuple(purposes))

    async def next_to_examine(self, *, before: datetime) -> int | None:
        """The bound channel that was examined longest ago, and not since ``before``."""
        bound = select(ChannelBinding.channel_id)
        query = (
            select(Channel.chat_id)
            .outerjoin(ChannelCheck, ChannelCheck.chat_id == Channel.chat_id)
            .where(Channel.id.in_(bound), func.coalesce(ChannelCheck.checked_at, Channel.bound_at) < before)
            .order_by(func.coalesce(ChannelCheck.checked_at, Channel.bound_at))
            .limit(1)
        )
        async with self._sessions.begin() as session:
            return await session.scalar(query)

    async def title_of(self, chat_id: int) -> str | None:
        """The title of a channel we know."""
        async with self._sessions.begin() as session:
            return await session.scalar(select(Channel.title).where(Channel.chat_id == chat_id))


async def _serving(session: AsyncSession, purpose: Purpose) -> list[int]:
    query = select(ChannelBinding.channel_id).where(ChannelBinding.purpose == purpose)
    return list((await session.scalars(query.order_by(ChannelBinding.position))).all())


async def _purposes_of(session: AsyncSession, chat_id: int) -> list[Purpose]:
    query = (
        select(ChannelBinding.purpose)
        .join(Channel, Channel.id == ChannelBinding.channel_id)
        .where(Channel.chat_id == chat_id)
    )
    return sorted((await session.scalars(query)).all())


def _listed(state: ChannelState, check: ChannelCheck | None) -> Listed:
    known = set(Problem)
    return Listed(
        state=state,
        members=None if check is None else check.members,
        problems=() if check is None else tuple(Problem(one) for one in check.problems if one in known),
        checked_at=None if check is None else check.checked_at,
    )
