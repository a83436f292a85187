"""Reading a channel message by message, which for a bot means: forward each within the channel, delete the forward.

What is ours is noted as found (`storage.recovery.building` makes media of it), and which ids were dealt with too: so a
reading that was interrupted goes on where it stopped, and one that is done again costs next to nothing.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from storage.clock import Clock
from storage.database import Sessions
from storage.engine.captions import parse_manifest
from storage.engine.looking import Looker
from storage.errors import (
    ArchiveError,
    CallRefused,
    ChannelUnavailable,
    MessageMissing,
    NoLane,
    OutcomeUnknown,
    Postponed,
)
from storage.ports import Seen
from storage.recovery.errors import passes
from storage.recovery.ranges import IdRanges
from storage.tables import BackupPiece, Channel, ChannelReading, FoundMessage, Part, PartCopy, StrayMessage

log = structlog.get_logger(__name__)

PLACEHOLDER = "placeholder"
_DELETED_CAPTION = "deleted"
_BATCH = 50
_TRIES = 5
_PAUSE = 2.0
_AT_ONCE = 4
"""Looks under way per bot: where there are no limits, their times overlap."""


@dataclass(slots=True)
class ReadSoFar:
    """Of one channel: ``left`` ids are to be looked at. ``problem``: why it was given up, ``passing``: only for now."""

    chat_id: int
    left: int = 0
    looked: int = 0
    parts: int = 0
    placeholders: int = 0
    others: int = 0
    problem: str | None = None
    passing: bool = False


@dataclass(slots=True)
class _Batch:
    """What was read and is not in the database yet."""

    ids: list[int] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)


OnProgress = Callable[[ReadSoFar], None]


@dataclass(kw_only=True, slots=True)
class _Pass:
    """One way through the ids that are left. ``head`` is the greatest id that was seen in the channel."""

    todo: Iterator[int]
    seen: IdRanges
    so_far: ReadSoFar
    on_progress: OnProgress
    head: int = 0
    batch: _Batch = field(default_factory=_Batch)


class ChannelReader:
    """``bots`` look at the same time."""

    def __init__(self, *, sessions: Sessions, looker: Looker, clock: Clock, bots: int) -> None:
        self._sessions = sessions
        self._looker = looker
        self._clock = clock
        self._workers = bots * _AT_ONCE

    async def begin(self, chat_id: int, head: int) -> int:
        """Note that it is not read to its end; how many ids up to ``head``, which was our own, are to be looked at."""
        seen = await self._seen(chat_id)
        seen.add(head)
        fresh = {"seen": seen.as_json(), "finished_at": None, "problem": None}
        row = insert(ChannelReading).values(chat_id=chat_id, **fresh)
        async with self._sessions.begin() as session:
            await session.execute(row.on_conflict_do_update(index_elements=[ChannelReading.chat_id], set_=fresh))
        return sum(1 for _ in seen.gaps(head))

    async def read(self, chat_id: int, head: int, on_progress: OnProgress) -> ReadSoFar:
        """Look at every id up to ``head`` that was not dealt with, and at what others post meanwhile.

        Never raises `ArchiveError`s: a channel that cannot be read is given up, with its ``problem``.
        """
        seen = await self._seen(chat_id)
        so_far = ReadSoFar(chat_id=chat_id)
        while (ids := [*seen.gaps(head)]) and so_far.problem is None:
            so_far.left = len(ids)
            one_pass = _Pass(todo=iter(ids), seen=seen, so_far=so_far, on_progress=on_progress)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(self._workers, len(ids))):
                    tasks.create_task(self._work(one_pass))
            await self._save(chat_id, seen, one_pass.batch, one_pass.head)
            head = max(head, one_pass.head)
        async with self._sessions.begin() as session:
            finished = None if so_far.problem else self._clock.now()
            values = {"finished_at": finished, "problem": so_far.problem}
            await session.execute(update(ChannelReading).where(ChannelReading.chat_id == chat_id).values(**values))
        return so_far

    async def _work(self, on: _Pass) -> None:
        so_far = on.so_far
        for message_id in on.todo:
            if so_far.problem is not None:
                return
            try:
                found = await self._look(so_far.chat_id, message_id)
            except ArchiveError as error:
                log.warning("channel_not_read", chat_id=so_far.chat_id, error=str(error))
                so_far.problem, so_far.passing = error.code, passes(error)
                return
            on.batch.ids.append(message_id)
            if found is not None:
                on.batch.ids.append(found.forward_message_id)
                on.head = max(on.head, found.forward_message_id)
                _note(on.batch, so_far, message_id, found)
            so_far.looked, so_far.left = so_far.looked + 1, so_far.left - 1
            if len(on.batch.ids) >= _BATCH:
                full, on.batch = on.batch, _Batch()
                await self._save(so_far.chat_id, on.seen, full, on.head)
                on.on_progress(so_far)

    async def _look(self, chat_id: int, message_id: int) -> Seen | None:
        """The message, None where there is none. Waits as long as Telegram asks; raises what does not pass."""
        failures = 0
        while True:
            try:
                return await self._looker.look(chat_id, message_id)
            except MessageMissing:
                return None
            except ChannelUnavailable:
                raise
            except CallRefused as error:
                log.info("message_not_readable", chat_id=chat_id, message_id=message_id, error=str(error))
                return None
            except (Postponed, OutcomeUnknown) as error:
                lasting = isinstance(error, (NoLane, OutcomeUnknown))
                failures += lasting
                if failures >= _TRIES:
                    raise
                await asyncio.sleep(min(error.retry_after, 60.0) if isinstance(error, Postponed) else _PAUSE)

    async def _save(self, chat_id: int, seen: IdRanges, batch: _Batch, head: int) -> None:
        """The head too: whatever is interrupted later is searched for from there on, not through our own forwards."""
        for one in batch.ids:
            seen.add(one)
        async with self._sessions.begin() as session:
            if batch.rows:
                await session.execute(insert(FoundMessage).values(batch.rows).on_conflict_do_nothing())
            row = insert(ChannelReading).values(chat_id=chat_id, seen=seen.as_json())
            await session.execute(
                row.on_conflict_do_update(index_elements=[ChannelReading.chat_id], set_={"seen": seen.as_json()})
            )
            raised = (Channel.chat_id == chat_id) & (Channel.head_message_id < head)
            await session.execute(update(Channel).where(raised).values(head_message_id=head))

    async def _seen(self, chat_id: int) -> IdRanges:
        async with self._sessions.begin() as session:
            runs = await session.scalar(select(ChannelReading.seen).where(ChannelReading.chat_id == chat_id))
            seen = IdRanges(runs or ())
            for table in (Part, PartCopy, BackupPiece, StrayMessage):
                for message_id in await session.scalars(select(table.message_id).where(table.chat_id == chat_id)):
                    if message_id is not None:
                        seen.add(message_id)
            return seen


def _note(batch: _Batch, so_far: ReadSoFar, message_id: int, found: Seen) -> None:
    manifest = None if found.forwarded else parse_manifest(found.caption)
    deleted = not found.forwarded and found.caption == _DELETED_CAPTION and found.file_id is not None
    if manifest is None and not deleted:
        so_far.others += 1
        return
    so_far.parts, so_far.placeholders = so_far.parts + (not deleted), so_far.placeholders + deleted
    batch.rows.append(
        {
            "chat_id": so_far.chat_id,
            "message_id": message_id,
            "media_key": None if manifest is None else manifest.media_key,
            "index": None if manifest is None else manifest.index,
            "caption": found.caption or "",
            "bot_id": found.bot_id,
            "file_id": found.file_id,
            "file_unique_id": found.file_unique_id,
            "outcome": PLACEHOLDER if deleted else None,
        }
    )
