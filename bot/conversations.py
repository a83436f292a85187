"""aiogram's state machine on PostgreSQL: any node can answer the next message, and a restart forgets nothing."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseEventIsolation, BaseStorage, StateType, StorageKey
from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.tables import Conversation
from storage.tables.many import among

LIFETIME = timedelta(hours=1)
"""How long a dialogue waits for its person, where its state says nothing else."""

NO_LIFETIMES: Mapping[str, timedelta] = MappingProxyType({})


class Conversations(BaseStorage):
    """The table ``conversations``. Every write puts the end off; what is over reads as if it had never been.

    ``lifetimes`` are those of single states, by their names (``Group:state``).
    """

    def __init__(self, sessions: Sessions, lifetimes: Mapping[str, timedelta] = NO_LIFETIMES) -> None:
        self._sessions = sessions
        self._lifetimes = dict(lifetimes)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        name = state.state if isinstance(state, State) else state
        async with self._sessions.begin() as session:
            await _put(session, key, state=name, lifetime=self._lifetime(name))

    async def get_state(self, key: StorageKey) -> str | None:
        async with self._sessions.begin() as session:
            return await session.scalar(select(Conversation.state).where(_row(key), _lasts()))

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        async with self._sessions.begin() as session:
            await _put(session, key, data=dict(data))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        async with self._sessions.begin() as session:
            return await session.scalar(select(Conversation.data).where(_row(key), _lasts())) or {}

    async def update_data(self, key: StorageKey, data: Mapping[str, Any]) -> dict[str, Any]:
        """Put ``data`` over what there is, in one transaction; returns the whole."""
        async with self._sessions.begin() as session:
            query = select(Conversation.data).where(_row(key), _lasts()).with_for_update()
            whole = {**(await session.scalar(query) or {}), **data}
            await _put(session, key, data=whole)
        return whole

    async def begin(self, key: StorageKey, state: State, data: Mapping[str, Any]) -> None:
        """State and data in one transaction, in place of what there was."""
        async with self._sessions.begin() as session:
            await _put(session, key, state=state.state, data=dict(data), lifetime=self._lifetime(state.state))

    async def swap(self, key: StorageKey, seen: Mapping[str, Any], data: Mapping[str, Any] | None) -> bool:
        """Put ``data`` in place of what was ``seen``, None: end the dialogue. False where it is not so any more."""
        same = _row(key) & (Conversation.data == dict(seen))
        change = delete(Conversation) if data is None else update(Conversation).values(data=dict(data))
        async with self._sessions.begin() as session:
            changed = await session.scalar(change.where(same).returning(Conversation.chat_id))
        return changed is not None

    async def busy(self, session: AsyncSession, chat_ids: Collection[int]) -> set[int]:
        """Those of the chats in which somebody is in the middle of something."""
        query = select(Conversation.chat_id).where(among(Conversation.chat_id, chat_ids), _lasts())
        return set(await session.scalars(query))

    async def of_destiny(self, destiny: str) -> list[tuple[StorageKey, dict[str, Any]]]:
        """All dialogues of this kind, each with its data."""
        query = select(Conversation).where(Conversation.destiny == destiny, _lasts())
        async with self._sessions.begin() as session:
            return [(_key(row), row.data) for row in await session.scalars(query)]

    async def close(self) -> None:
        """Nothing of ours: the engine belongs to the process."""

    async def forget(self) -> None:
        """Drop what is over."""
        async with self._sessions.begin() as session:
            await session.execute(delete(Conversation).where(~_lasts()))

    def _lifetime(self, state: str | None) -> timedelta:
        return self._lifetimes.get(state or "", LIFETIME)


class OrderedByInbox(BaseEventIsolation):
    """No lock of its own: a chat's updates are handled one after the other already, on all nodes together.

    A key names its chat, and the inbox hands out a chat's next update only when the last one is settled, with a row
    as its lease. So two handlers of one key never run at once, and no connection is held while one talks to Telegram.
    """

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncGenerator[None, None]:  # noqa: ARG002 -- see above
        yield

    async def close(self) -> None:
        """Nothing is held."""


async def _put(
    session: AsyncSession, key: StorageKey, *, lifetime: timedelta | None = None, **values: str | dict[str, Any] | None
) -> None:
    """Write state with its lifetime, or data. A row with neither goes."""
    await session.execute(delete(Conversation).where(_row(key), ~_lasts()))
    seconds = round((lifetime or LIFETIME).total_seconds())
    kept = Conversation.lifetime if lifetime is None else seconds
    row = insert(Conversation).values(
        **_columns(key), **values, lifetime=seconds, expires_at=func.now() + timedelta(seconds=seconds)
    )
    await session.execute(
        row.on_conflict_do_update(
            constraint="pk_conversations",
            set_={**values, "lifetime": kept, "expires_at": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, kept)},
        )
    )
    empty = Conversation.state.is_(None) & (Conversation.data == {})
    await session.execute(delete(Conversation).where(_row(key), empty))


def _lasts() -> ColumnElement[bool]:
    return Conversation.expires_at > func.now()


def _row(key: StorageKey) -> ColumnElement[bool]:
    return and_(*(getattr(Conversation, name) == value for name, value in _columns(key).items()))


def _columns(key: StorageKey) -> dict[str, int | str]:
    return {
        "bot_id": key.bot_id,
        "chat_id": key.chat_id,
        "user_id": key.user_id,
        "thread_id": key.thread_id or 0,
        "destiny": key.destiny,
    }


def _key(row: Conversation) -> StorageKey:
    return StorageKey(
        bot_id=row.bot_id,
        chat_id=row.chat_id,
        user_id=row.user_id,
        thread_id=row.thread_id or None,
        destiny=row.destiny,
    )
