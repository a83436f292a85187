"""The durable inbox: updates are kept before they are confirmed, and handled in order per chat.

A job named ``inbox`` is a wake-up for one chat. Whoever claims a chat's first pending update goes on to the next one
by itself, in the same transaction that marks the last one done, under a lock of that chat: an update that
arrives meanwhile is either seen by that step or finds the chat free.

What most updates are, a file in a private chat and nothing more (`bot.inbox.plain`), is kept for many chats together by
the job ``inbox_files`` (`bot.inbox.files`); where that is a chat's next update, nobody else claims it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.inbox.holding import Holding
from bot.inbox.plain import is_plain_file
from storage.database import Sessions
from storage.domain import InboxState
from storage.jobs import INTERACTIVE, enqueue, enqueue_all
from storage.tables import Bot, InboxUpdate
from storage.tables.many import inserted

INBOX_JOB = "inbox"
FILES_JOB = "inbox_files"
_ALBUM_WINDOW = 1000
"""How many updates back an album's other items are looked for: they come together, among those of other chats."""

_EDIT_WINDOW = 20_000
"""The same for what an edited message said before."""

RawUpdate = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """An update that this process handles now. ``attempts`` counts those that failed."""

    update_id: int
    chat_key: int
    payload: RawUpdate
    attempts: int


class Inbox:
    """The table ``inbox`` of one bot, as a queue per chat."""

    def __init__(self, sessions: Sessions, *, bot_id: int, node: str) -> None:
        self._sessions = sessions
        self._bot_id = bot_id
        self._node = node
        self.holding = Holding()

    async def accept(self, updates: Sequence[RawUpdate], *, username: str | None = None) -> None:
        """Keep updates as Telegram gave them; those that are known are left alone.

        With ``username`` (of our bot) they came by polling, and the offset moves in the same transaction.
        """
        if not updates:
            return
        rows = [
            {
                "bot_id": self._bot_id,
                "update_id": one["update_id"],
                "chat_key": chat_key(one),
                "payload": storable(one),
                "state": InboxState.PENDING,
                "plain_file": is_plain_file(one),
            }
            for one in updates
        ]
        async with self._sessions.begin() as session:
            new = inserted(InboxUpdate, rows).on_conflict_do_nothing()
            fresh = (await session.execute(new.returning(InboxUpdate.chat_key, InboxUpdate.plain_file))).all()
            await wake_chats(session, {row.chat_key for row in fresh if not row.plain_file})
            if any(row.plain_file for row in fresh):
                await wake_files(session)
            if username is not None:
                await self._move_offset(session, max(row["update_id"] for row in rows) + 1, username)

    async def claim(self, key: int) -> Claimed | None:
        """The chat's first pending update, now ours; None where there is none or one is being handled."""
        async with self._sessions.begin() as session:
            await _lock(session, self._bot_id, key)
            return await self._claim_next(session, key)

    async def done_and_next(self, claimed: Claimed) -> Claimed | None:
        """Mark an update done and claim the chat's next one, as one step."""
        return await self._settle(claimed, state=InboxState.DONE)

    async def failed_and_next(self, claimed: Claimed, incident: UUID) -> Claimed | None:
        """Give an update up under an incident id and claim the chat's next one, as one step."""
        return await self._settle(claimed, state=InboxState.FAILED, incident=incident)

    async def note_attempt(self, claimed: Claimed) -> Claimed:
        """Count a failure of an update that stays ours."""
        attempts = claimed.attempts + 1
        async with self._sessions.begin() as session:
            await session.execute(update(InboxUpdate).where(*self._row(claimed.update_id)).values(attempts=attempts))
        return replace(claimed, attempts=attempts)

    async def release(self, claimed: Claimed) -> None:
        """Put an update back, as if it had not been claimed."""
        async with self._sessions.begin() as session:
            await session.execute(
                update(InboxUpdate)
                .where(*self._row(claimed.update_id), InboxUpdate.state == InboxState.HANDLING)
                .values(state=InboxState.PENDING, handling_node=None)
            )

    async def recover(self) -> None:
        """Take back what this node was handling when it ended, and wake every chat that has pending updates."""
        async with self._sessions.begin() as session:
            await session.execute(
                update(InboxUpdate)
                .where(
                    InboxUpdate.bot_id == self._bot_id,
                    InboxUpdate.state == InboxState.HANDLING,
                    InboxUpdate.handling_node == self._node,
                    InboxUpdate.chat_key.not_in(self.holding.ids()),
                )
                .values(state=InboxState.PENDING, handling_node=None)
            )
            await self._wake_idle(session)

    async def sweep(self) -> None:
        """What `recover` does, and old rows go: done ones after three days, failed ones after thirty."""
        await self.recover()
        age = case((InboxUpdate.state == InboxState.DONE, text("interval '3 days'")), else_=text("interval '30 days'"))
        settled = InboxUpdate.state.in_((InboxState.DONE, InboxState.FAILED))
        async with self._sessions.begin() as session:
            await session.execute(delete(InboxUpdate).where(settled, InboxUpdate.done_at < func.now() - age))

    async def album(self, update_id: int, key: int, group: str) -> list[RawUpdate]:
        """The updates before ``update_id`` that belong to the album ``group``, edits too, oldest first."""
        query = (
            select(InboxUpdate.payload)
            .where(
                InboxUpdate.bot_id == self._bot_id,
                InboxUpdate.update_id.between(update_id - _ALBUM_WINDOW, update_id - 1),
                InboxUpdate.chat_key == key,
            )
            .order_by(InboxUpdate.update_id)
        )
        async with self._sessions.begin() as session:
            payloads = (await session.scalars(query)).all()
        return [one for one in payloads if _message(one).get("media_group_id") == group]

    async def before_edit(self, update_id: int, key: int, message_id: int) -> RawUpdate | None:
        """The message as it was before the edit in ``update_id``; None where that was long ago."""
        ids = [InboxUpdate.payload[kind]["message_id"] for kind in ("message", "edited_message")]
        query = (
            select(InboxUpdate.payload)
            .where(
                InboxUpdate.bot_id == self._bot_id,
                InboxUpdate.update_id.between(update_id - _EDIT_WINDOW, update_id - 1),
                InboxUpdate.chat_key == key,
                or_(*(one == func.to_jsonb(message_id) for one in ids)),
            )
            .order_by(InboxUpdate.update_id.desc())
            .limit(1)
        )
        async with self._sessions.begin() as session:
            payload = await session.scalar(query)
        return None if payload is None else dict(_message(payload))

    async def _settle(self, claimed: Claimed, *, state: InboxState, incident: UUID | None = None) -> Claimed | None:
        async with self._sessions.begin() as session:
            await _lock(session, self._bot_id, claimed.chat_key)
            await session.execute(
                update(InboxUpdate)
                .where(*self._row(claimed.update_id))
                .values(state=state, incident=incident, done_at=func.now(), handling_node=None)
            )
            return await self._claim_next(session, claimed.chat_key)

    async def _claim_next(self, session: AsyncSession, key: int) -> Claimed | None:
        ours = (InboxUpdate.bot_id == self._bot_id, InboxUpdate.chat_key == key)
        if await session.scalar(select(exists().where(*ours, InboxUpdate.state == InboxState.HANDLING))):
            return None
        first = select(InboxUpdate).where(*ours, InboxUpdate.state == InboxState.PENDING)
        row = await session.scalar(first.order_by(InboxUpdate.update_id).limit(1).with_for_update())
        if row is None:
            return None
        if row.plain_file:
            await wake_files(session)  # the chat is free, and others' files are taken with this one
            return None
        row.state = InboxState.HANDLING
        row.handling_node = self._node
        return Claimed(update_id=row.update_id, chat_key=key, payload=row.payload, attempts=row.attempts)

    async def _wake_idle(self, session: AsyncSession) -> None:
        other = aliased(InboxUpdate)
        busy = exists().where(
            other.bot_id == self._bot_id, other.chat_key == InboxUpdate.chat_key, other.state == InboxState.HANDLING
        )
        pending = (InboxUpdate.bot_id == self._bot_id) & (InboxUpdate.state == InboxState.PENDING) & ~busy
        rows = await session.execute(select(InboxUpdate.chat_key, InboxUpdate.plain_file).where(pending).distinct())
        waiting = rows.all()
        await wake_chats(session, {row.chat_key for row in waiting if not row.plain_file}, dedupe="inbox:sweep:")
        if any(row.plain_file for row in waiting):
            await wake_files(session, dedupe="inbox:sweep:files")

    async def _move_offset(self, session: AsyncSession, offset: int, username: str) -> None:
        row = insert(Bot).values(id=self._bot_id, username=username, update_offset=offset)
        await session.execute(row.on_conflict_do_update(index_elements=[Bot.id], set_={"update_offset": offset}))

    def _row(self, update_id: int) -> tuple[Any, Any]:
        return InboxUpdate.bot_id == self._bot_id, InboxUpdate.update_id == update_id


def chat_key(raw: RawUpdate) -> int:
    """What orders an update's handling: its chat, else the person it comes from, else 0."""
    body = _message(raw)
    chat = body.get("chat") or _mapping(body.get("message")).get("chat")
    source = chat or body.get("from") or body.get("user")
    return int(_mapping(source).get("id", 0))


def storable(value: Any) -> Any:
    """JSON without what JSONB refuses: NUL characters and halves of surrogate pairs."""
    match value:
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case list():
            return [storable(item) for item in value]
    return value


def _message(raw: RawUpdate) -> Mapping[str, Any]:
    bodies: Iterable[Any] = (value for name, value in raw.items() if name != "update_id")
    return next((body for body in bodies if isinstance(body, dict)), {})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


async def wake_chats(session: AsyncSession, keys: Collection[int], *, dedupe: str | None = None) -> None:
    """Have the pending updates of chats handled; ``dedupe``: how the names of jobs of which one is enough begin."""
    if keys:
        jobs = [({"chat_key": key}, None if dedupe is None else f"{dedupe}{key}") for key in sorted(keys)]
        await enqueue_all(session, INBOX_JOB, jobs, priority=INTERACTIVE)


async def wake_files(session: AsyncSession, *, dedupe: str | None = None) -> None:
    """Have plain files kept, those of all chats together."""
    await enqueue(session, FILES_JOB, {}, priority=INTERACTIVE, dedupe=dedupe)


def lock_name(bot_id: int, key: int) -> str:
    """What the lock of a chat is called: held by whoever decides who handles its next update."""
    return f"inbox:{bot_id}:{key}"


async def _lock(session: AsyncSession, bot_id: int, key: int) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(lock_name(bot_id, key), 0))))
