"""The rows of copies: which are wanted, and what becomes of them. All of it in transactions; nothing asks Telegram.

::

    waiting ──intent committed──▶ copying ──answer──▶ copied ──looked at──▶ verified
       ▲                            │ refused             │ not ours, gone      │ gone
       └────────────────────────────┴─────────────────────┴─────────────────────┘

An answer that never came is settled by `storage.engine.reconciling`, as that of a part is. A verified replacement
becomes its part's message, and its row ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, delete, exists, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.catalog.refreshing import note_captions
from storage.domain import GONE, CopyRole, CopyState, PartState
from storage.engine.channels import raise_head
from storage.engine.copy_sources import source_back
from storage.engine.damage import part_damaged, part_repaired
from storage.engine.strays import cast_off
from storage.tables import FileRef, Media, Part, PartCopy

log = structlog.get_logger(__name__)

IN_CHANNEL = (PartState.STORED, PartState.DAMAGED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A message with a part's bytes; ``copy_id`` None: the part's own."""

    chat_id: int
    message_id: int
    copy_id: int | None


def of_part(part: Part) -> ColumnElement[bool]:
    """The copies of a part, also of one that has been moved since."""
    return (PartCopy.media_key == part.media_key) & (PartCopy.part_index == part.index)


def _same() -> ColumnElement[bool]:
    return (PartCopy.media_key == Part.media_key) & (PartCopy.part_index == Part.index)


def kept_parts() -> ColumnElement[bool]:
    """Parts in channels whose media was not deleted: what is deleted, or a placeholder by now, is never copied."""
    return Part.state.in_(IN_CHANNEL) & Part.media_id.in_(select(Media.id).where(Media.status.not_in(GONE)))


async def want_backups(session: AsyncSession, chat_id: int, which: ColumnElement[bool]) -> int:
    """Rows for those of these parts that have no copy in this channel; how many. ``which`` is about `Part`."""
    there = exists().where(_same(), PartCopy.role == CopyRole.BACKUP, PartCopy.chat_id == chat_id)
    role, state = literal(CopyRole.BACKUP, PartCopy.role.type), literal(CopyState.WAITING, PartCopy.state.type)
    wanted = select(Part.media_key, Part.index, role, state, literal(chat_id)).where(
        kept_parts(), which, Part.chat_id != chat_id, ~there
    )
    rows = insert(PartCopy).from_select(
        ["media_key", "part_index", "role", "state", "chat_id"], wanted.order_by(Part.id)
    )
    made = await session.scalars(rows.on_conflict_do_nothing().returning(PartCopy.id))
    return len(made.all())


async def drop_unwanted(session: AsyncSession, backup_chats: Sequence[int]) -> None:
    """Copies not begun, for channels that are no backups any more. What is there stays, and is still read."""
    elsewhere = (PartCopy.role == CopyRole.BACKUP) & PartCopy.chat_id.not_in(backup_chats)
    await session.execute(delete(PartCopy).where(elsewhere, PartCopy.state == CopyState.WAITING))


async def drop_orphans(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Copies whose part is gone, should one ever be forgotten; one on its way is found by its intent.

    ``which``: a slice of `PartCopy`. For each of it the part is asked for by its key: put as a plain anti-join, the
    whole of ``parts`` would be read for every slice.
    """
    orphaned = ~exists(select(Part.id).where(_same()).correlate(PartCopy).offset(0))
    rows = await session.scalars(delete(PartCopy).where(which, orphaned).returning(PartCopy))
    await cast_off(session, _places(rows.all()))


async def give_up_copies(session: AsyncSession, media_key: UUID) -> None:
    """The media is erased, and with it every copy. To be called after its parts, which are locked first everywhere."""
    rows = await session.scalars(delete(PartCopy).where(PartCopy.media_key == media_key).returning(PartCopy))
    await cast_off(session, _places(rows.all()))


async def lock_copy(session: AsyncSession, copy_id: int) -> PartCopy | None:
    """The row of a copy, for a change. Its part first, as everywhere."""
    copy = await session.get(PartCopy, copy_id)
    if copy is None:
        return None
    await part_of(session, copy, lock=True)
    return await session.get(PartCopy, copy_id, with_for_update=True, populate_existing=True)


def _places(copies: Sequence[PartCopy]) -> list[tuple[int, int]]:
    return [(copy.chat_id, copy.message_id) for copy in copies if copy.chat_id and copy.message_id]


async def copies_there(session: AsyncSession, part: Part) -> Sequence[PartCopy]:
    """The verified copies of a part, the one that was looked at last first."""
    query = select(PartCopy).where(of_part(part), PartCopy.state == CopyState.VERIFIED)
    return (await session.scalars(query.order_by(PartCopy.verified_at.desc().nulls_last(), PartCopy.id))).all()


async def part_of(session: AsyncSession, copy: PartCopy, *, lock: bool = False) -> Part | None:
    query = select(Part).where(Part.media_key == copy.media_key, Part.index == copy.part_index)
    return await session.scalar(query.with_for_update() if lock else query)


def still_wanted(copy: PartCopy, part: Part | None) -> bool:
    """Whether the copy has a part to be of; a replacement only while that part is where it was."""
    if part is None or part.state not in IN_CHANNEL:
        return False
    if copy.role is CopyRole.REPLACEMENT:
        return (part.chat_id, part.message_id) == (copy.instead_chat_id, copy.instead_message_id)
    return part.chat_id != copy.chat_id


async def copy_arrived(
    session: AsyncSession, copy_id: int, *, chat_id: int, message_id: int, caption: bytes | None
) -> PartCopy | None:
    """The copy is in the channel, as an answer or a search says. None where nobody wants it: it is cast off."""
    await raise_head(session, chat_id, message_id, posted=1)
    copy = await lock_copy(session, copy_id)
    if copy is None or copy.state is not CopyState.COPYING:
        await cast_off(session, [(chat_id, message_id)])
        return None
    copy.state, copy.chat_id, copy.message_id = CopyState.COPIED, chat_id, message_id
    copy.caption_sent, copy.problem = caption, None
    await session.flush()
    return copy


async def copy_verified(
    session: AsyncSession, copy: PartCopy, *, bot_id: int, file_id: str | None, unique_id: str | None, now: datetime
) -> None:
    """The copy was looked at, and is right: a replacement takes the place of its part's message."""
    copy.state, copy.verified_at, copy.problem = CopyState.VERIFIED, now, None
    copy.file_bot_id, copy.file_id = (None, None) if file_id is None else (bot_id, file_id)
    await session.flush()
    part = await part_of(session, copy, lock=True)
    if not still_wanted(copy, part):
        if copy.role is CopyRole.REPLACEMENT or part is None:
            await session.delete(copy)
            await cast_off(session, _places([copy]))
        return
    assert part is not None
    if copy.role is CopyRole.REPLACEMENT:
        await _promote(session, part, copy, unique_id)
    else:
        await source_back(session, part)
    media = None if part.media_id is None else await session.get(Media, part.media_id)
    if media is not None:
        await note_captions(session, media.id, media.caption_wanted)


async def _promote(session: AsyncSession, part: Part, copy: PartCopy, unique_id: str | None) -> None:
    """The replacement is the part's message now. What it replaces is removed, or kept in mind as a copy."""
    assert part.chat_id is not None
    assert part.message_id is not None
    before = (part.chat_id, part.message_id)
    damaged = part.state is PartState.DAMAGED
    await session.delete(copy)
    await session.flush()
    part.state, part.chat_id, part.message_id = PartState.STORED, copy.chat_id, copy.message_id
    sent, part.caption_sent = part.caption_sent, copy.caption_sent
    await session.execute(delete(FileRef).where(FileRef.part_id == part.id))
    if copy.file_id is not None:
        session.add(
            FileRef(part_id=part.id, bot_id=copy.file_bot_id, file_id=copy.file_id, file_unique_id=unique_id or "")
        )
    await session.flush()
    if damaged:
        await cast_off(session, [before])
        await part_repaired(session, part)
    else:
        await _keep_in_mind(session, part, before, sent)


async def _keep_in_mind(session: AsyncSession, part: Part, place: tuple[int, int], caption: bytes | None) -> None:
    """A message that is out of reach, not known to be gone: it is deleted with its media, should it come back."""
    row = insert(PartCopy).values(
        media_key=part.media_key,
        part_index=part.index,
        role=CopyRole.BACKUP,
        state=CopyState.VERIFIED,
        chat_id=place[0],
        message_id=place[1],
        caption_sent=caption,
    )
    await session.execute(row.on_conflict_do_nothing())


async def move_from_copy(session: AsyncSession, part: Part, copy: PartCopy) -> None:
    """A part on its way to another channel is copied from here, and no more from where it was.

    That message only seems to be gone, since moving failed: it is kept in mind until the part has arrived.
    """
    chat_id, message_id = part.source_chat_id, part.source_message_id
    await session.delete(copy)
    await session.flush()
    part.source_chat_id, part.source_message_id = copy.chat_id, copy.message_id
    part.source_bot_id, part.source_file_id = copy.file_bot_id, copy.file_id
    part.attempt = 0
    await session.flush()
    if chat_id is not None and message_id is not None:
        await _keep_in_mind(session, part, (chat_id, message_id), None)


async def leave_behind(session: AsyncSession, parts: Sequence[tuple[UUID, int]]) -> list[tuple[int, int]]:
    """These parts, as (media key, index), were moved: the messages kept in mind of them are not wanted any more."""
    moved = tuple_(PartCopy.media_key, PartCopy.part_index).in_(parts)
    kept = moved & (PartCopy.state == CopyState.VERIFIED) & PartCopy.verified_at.is_(None)
    return _places((await session.scalars(delete(PartCopy).where(kept).returning(PartCopy))).all())


async def copy_failed(
    session: AsyncSession, copy_id: int, *, problem: str, now: datetime, delay: float, gone: bool = False
) -> None:
    """The copy is not there, and is tried again after ``delay`` seconds.

    ``gone``: it was verified, and its message is gone or wrong; what is left of that is removed.
    """
    copy = await lock_copy(session, copy_id)
    if copy is None or (copy.state is CopyState.VERIFIED and not gone):
        return
    if gone:
        await cast_off(session, _places([copy]))
    _begin_again(copy, problem)
    copy.next_attempt_at = now + timedelta(seconds=delay)


async def place_gone(session: AsyncSession, part_id: int, place: Place, *, reason: str) -> None:
    """Telegram says that there is no such message: the part is damaged, or the copy is to be made again."""
    if place.copy_id is None:
        await part_damaged(session, part_id, chat_id=place.chat_id, message_id=place.message_id, reason=reason)
        return
    copy = await lock_copy(session, place.copy_id)
    if copy is not None and (copy.chat_id, copy.message_id) == (place.chat_id, place.message_id):
        log.warning("copy_lost", copy_id=copy.id, part_id=part_id, chat_id=place.chat_id)
        _begin_again(copy, reason)


def _begin_again(copy: PartCopy, problem: str) -> None:
    copy.state, copy.message_id, copy.problem = CopyState.WAITING, None, problem
    copy.file_id = copy.file_bot_id = copy.verified_at = copy.caption_sent = None
    if copy.role is CopyRole.REPLACEMENT:
        copy.chat_id = None


async def due_copies(session: AsyncSession, now: datetime) -> list[tuple[int | None, int]]:
    """(Backup channel, None: replacements; how many are due)."""
    chat = PartCopy.chat_id
    due = PartCopy.state.in_((CopyState.WAITING, CopyState.COPIED)) & (PartCopy.next_attempt_at <= now)
    backups = await session.execute(
        select(chat, func.count()).where(due, PartCopy.role == CopyRole.BACKUP).group_by(chat)
    )
    replacements = await session.scalar(select(func.count()).where(due, PartCopy.role == CopyRole.REPLACEMENT))
    found = [(chat_id, count) for chat_id, count in backups]
    return [*found, *([(None, replacements)] if replacements else [])]
