"""The job ``inbox_files``: plain files of many chats are kept in one transaction, each chat's in their order.

It claims, keeps and settles them at once, so there is no state in between. A chat is passed over while another update
of it is handled, or waits before its files: whoever handles that one wakes this job. What turns out to be anything but
plain goes the ordinary way, with all that comes after it in its chat.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import structlog
from sqlalchemy import ColumnElement, String, cast, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.inbox.inbox import Claimed, lock_name, wake_chats
from storage.database import Sessions
from storage.domain import InboxState
from storage.jobs import Later
from storage.tables import InboxUpdate
from storage.tables.many import among

log = structlog.get_logger(__name__)

_CHATS, _FILES = 100, 200
"""Of one transaction."""

_RETRY_DELAY = 1.0

Keep = Callable[[AsyncSession, Sequence[Claimed]], Awaitable[Collection[int]]]
"""Keeps the files of updates, inside a transaction without a word to Telegram; returns the ids of those it kept.

Of a chat it keeps the first ones, up to the first that is not plain.
"""


class InboxFiles:
    """``stopping`` ends it between two transactions."""

    def __init__(self, sessions: Sessions, *, bot_id: int, keep: Keep, stopping: asyncio.Event) -> None:
        self._sessions = sessions
        self._bot_id = bot_id
        self._keep = keep
        self._stopping = stopping

    async def handle(self, _payload: dict[str, Any]) -> None:
        """The job: until there is nothing left to take."""
        while not self._stopping.is_set() and await self._handle_some():
            pass

    async def _handle_some(self) -> bool:
        taken: Sequence[Claimed] = ()
        try:
            async with self._sessions.begin() as session:
                taken = await self._take(session)
                kept = await self._keep(session, taken) if taken else ()
                await self._settle(session, taken, kept)
        except Exception as error:
            log.warning("files_not_kept_together", count=len(taken), error=f"{type(error).__name__}: {error}")
            if not taken:
                raise Later(_RETRY_DELAY, "inbox") from error
            async with self._sessions.begin() as session:
                await self._settle(session, taken, ())
        return bool(taken)

    async def _take(self, session: AsyncSession) -> Sequence[Claimed]:
        """The files that may be kept now, in the order of their updates; their chats are ours until the commit."""
        free = select(InboxUpdate.chat_key).where(self._next_in_chat()).group_by(InboxUpdate.chat_key)
        chats = free.order_by(func.min(InboxUpdate.update_id)).limit(_CHATS).cte("chats")
        name = literal(lock_name(self._bot_id, 0)[:-1]) + cast(chats.c.chat_key, String)
        locked = func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0))
        keys = (await session.scalars(select(chats.c.chat_key).where(locked))).all()
        if not keys:
            return ()
        # Asked again, now that nobody else decides about these chats.
        query = select(InboxUpdate).where(among(InboxUpdate.chat_key, keys), self._next_in_chat())
        rows = await session.scalars(query.order_by(InboxUpdate.update_id).limit(_FILES))
        return [
            Claimed(update_id=row.update_id, chat_key=row.chat_key, payload=row.payload, attempts=row.attempts)
            for row in rows
        ]

    def _next_in_chat(self) -> ColumnElement[bool]:
        """Plain files that nothing stands before."""
        other = aliased(InboxUpdate)
        handled = other.state == InboxState.HANDLING
        before = (other.state == InboxState.PENDING) & ~other.plain_file & (other.update_id < InboxUpdate.update_id)
        same_chat = (other.bot_id == self._bot_id) & (other.chat_key == InboxUpdate.chat_key)
        pending = (InboxUpdate.bot_id == self._bot_id) & (InboxUpdate.state == InboxState.PENDING)
        return pending & InboxUpdate.plain_file & ~exists().where(same_chat, or_(handled, before))

    async def _settle(self, session: AsyncSession, taken: Sequence[Claimed], kept: Collection[int]) -> None:
        """What was kept is done; the rest goes the ordinary way, and so does what waits behind it."""
        if not taken:
            return
        done = update(InboxUpdate).where(InboxUpdate.bot_id == self._bot_id, among(InboxUpdate.update_id, kept))
        await session.execute(_quietly(done.values(state=InboxState.DONE, done_at=func.now())))
        left = [one.update_id for one in taken if one.update_id not in kept]
        if left:
            unusual = update(InboxUpdate).where(InboxUpdate.bot_id == self._bot_id, among(InboxUpdate.update_id, left))
            await session.execute(_quietly(unusual.values(plain_file=False)))
        pending = (InboxUpdate.bot_id == self._bot_id) & (InboxUpdate.state == InboxState.PENDING)
        ours = pending & among(InboxUpdate.chat_key, {one.chat_key for one in taken}) & ~InboxUpdate.plain_file
        await wake_chats(session, set(await session.scalars(select(InboxUpdate.chat_key).where(ours).distinct())))


def _quietly(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
