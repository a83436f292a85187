"""Parts have arrived in their channels, by answers or by being found there: one transaction for all of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, TableValuedAlias, Update, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.refreshing import note_captions
from storage.domain import EventType, MediaStatus, PartState, UploadPhase
from storage.engine.channels import raise_head
from storage.engine.copies import leave_behind
from storage.engine.strays import cast_off
from storage.events.outbox import listened_to, tell, tell_once
from storage.notices import media_changed
from storage.ports import Sent
from storage.tables import Channel, FileRef, Media, Part, Upload
from storage.tables.many import ForRows, among, among_these, bare, insert_of, update_by

_IN_CHANNEL = (PartState.STORED, PartState.DAMAGED)
_NO_PARTS = (False, False)
_MISSING = (PartState.SPOOLED, PartState.SHIPPING, PartState.LOST)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """Where a part is. ``caption`` is the digest of what its message says, None where that is not known."""

    part_id: int
    chat_id: int
    bot_id: int
    sent: Sent
    caption: bytes | None = None


async def part_stored(session: AsyncSession, arrival: Arrival, *, now: datetime) -> bool:
    """`parts_stored` for one. False where nobody owns the message any more."""
    return arrival.part_id in await parts_stored(session, [arrival], now=now)


async def parts_stored(session: AsyncSession, arrivals: Sequence[Arrival], *, now: datetime) -> set[int]:
    """Record where parts are; returns their ids. A message that nobody owns any more is cast off.

    When it was a media's last missing part, the upload is done and its cards want an edit.
    """
    await _raise_heads(session, arrivals)
    parts = {part.id: part for part in await _shipping(session, [arrival.part_id for arrival in arrivals])}
    strays = [arrival for arrival in arrivals if arrival.part_id not in parts]
    await cast_off(session, [(stray.chat_id, stray.sent.message_id) for stray in strays])
    placed = [arrival for arrival in arrivals if arrival.part_id in parts]
    if placed:
        await _place(session, placed, now)
        await _remember_files(session, placed, parts)
        await _leave_former_places(session, [*parts.values()])
        await note_if_whole(session, *{part.media_id for part in parts.values() if part.media_id is not None}, now=now)
    return set(parts)


async def _raise_heads(session: AsyncSession, arrivals: Sequence[Arrival]) -> None:
    by_chat: dict[int, list[int]] = defaultdict(list)
    for arrival in arrivals:
        by_chat[arrival.chat_id].append(arrival.sent.message_id)
    for chat_id in sorted(by_chat):
        await raise_head(session, chat_id, max(by_chat[chat_id]), posted=len(by_chat[chat_id]))


async def _shipping(session: AsyncSession, part_ids: Sequence[int]) -> Sequence[Part]:
    """Those that are on their way, locked."""
    fresh = {"populate_existing": True}
    return (await session.scalars(_ON_THEIR_WAY, {"ids": part_ids}, execution_options=fresh)).all()


_ON_THEIR_WAY = (
    select(Part)
    .where(among_these(Part.__table__.c.id), Part.state == PartState.SHIPPING)
    .order_by(Part.id)
    .with_for_update()
)


def _placed(new: TableValuedAlias) -> Update:
    return update_by(Part, new, state=PartState.STORED, stored_at=bindparam("now", type_=DateTime(timezone=True)))


def _remembered(new: TableValuedAlias) -> Insert:
    refs = insert_of(FileRef, new)
    values = {"file_id": refs.excluded.file_id, "file_unique_id": refs.excluded.file_unique_id}
    return refs.on_conflict_do_update(index_elements=["part_id", "bot_id"], set_=values)


_PLACED, _REMEMBERED = ForRows(Part, _placed), ForRows(FileRef, _remembered)


async def _place(session: AsyncSession, arrivals: Sequence[Arrival], now: datetime) -> None:
    rows = [
        {
            "id": arrival.part_id,
            "chat_id": arrival.chat_id,
            "message_id": arrival.sent.message_id,
            "caption_sent": arrival.caption,
        }
        for arrival in arrivals
    ]
    await _PLACED.run(session, rows, now=now)


async def _remember_files(session: AsyncSession, arrivals: Sequence[Arrival], parts: dict[int, Part]) -> None:
    nameless = [parts[arrival.part_id].media_id for arrival in arrivals if not arrival.sent.file_unique_id]
    known = select(Media.id, Media.telegram_unique_id).where(among(Media.id, nameless))
    found = (await session.execute(known)).all() if nameless else []
    uniques: dict[int | None, str | None] = {row.id: row.telegram_unique_id for row in found}
    rows = [row for arrival in arrivals if (row := _file(arrival, parts[arrival.part_id], uniques)) is not None]
    if not rows:
        return
    await _REMEMBERED.run(session, rows)


def _file(arrival: Arrival, part: Part, uniques: dict[int | None, str | None]) -> dict[str, Any] | None:
    """The row of the file's id; None where none is known."""
    sent, bot_id = arrival.sent, arrival.bot_id
    file_id = sent.file_id or part.source_file_id
    if file_id is None:
        return None
    unique_id = sent.file_unique_id or part.source_file_unique_id or uniques.get(part.media_id)
    if sent.file_id is None and part.source_bot_id is not None:
        bot_id = part.source_bot_id
    return {"part_id": part.id, "bot_id": bot_id, "file_id": file_id, "file_unique_id": unique_id or ""}


async def _leave_former_places(session: AsyncSession, parts: Sequence[Part]) -> None:
    """A part that was copied over from another channel of ours has left that message behind."""
    copied = [(part.source_chat_id, part.source_message_id) for part in parts if part.origin == "telegram"]
    places = [(chat, message) for chat, message in copied if chat is not None and message is not None]
    if not places:
        return
    query = select(Channel.chat_id).where(among(Channel.chat_id, {chat for chat, _ in places}))
    ours = set(await session.scalars(query))
    moved = [part for part in parts if part.origin == "telegram" and part.source_chat_id in ours]
    left = await leave_behind(session, moved) if moved else []
    await cast_off(session, [*(place for place in places if place[0] in ours), *left])


async def note_if_whole(session: AsyncSession, *media_ids: int, now: datetime) -> None:
    """Media whose last part may have arrived: the upload is done, or they are archived, and cards want an edit."""
    await session.flush()
    # Two parts settling at once must not each see the other as missing: the media's row orders them.
    rows = (await session.execute(_LOCKED, {"ids": media_ids})).all()
    states = {
        media_id: (missing, late) for media_id, missing, late in await session.execute(_OF_PARTS, {"ids": media_ids})
    }
    for media in rows:
        if states.get(media.id, _NO_PARTS)[1]:
            await note_captions(session, media.id, media.caption_wanted)
    whole = [media for media in rows if not states.get(media.id, _NO_PARTS)[0]]
    if whole:
        await session.execute(_DONE, {"ids": [media.id for media in whole]})
        await _tell_whole(session, {media.id: media.status for media in whole}, now)
        await media_changed(session, *(media.id for media in whole))


def _says_else() -> ColumnElement[bool]:
    """Whether a part's caption says something else than its media wants by now: then it is to be edited."""
    said = Part.state.in_(_IN_CHANNEL) & Media.caption_wanted.is_not(None)
    return said & Part.caption_sent.is_distinct_from(Media.caption_wanted)


_M, _P, _U = (bare(table).c for table in (Media, Part, Upload))
_LOCKED = select(_M.id, _M.status, _M.caption_wanted).where(among_these(_M.id)).order_by(_M.id).with_for_update()
_OF_PARTS = (
    select(Part.media_id, func.bool_or(Part.state.in_(_MISSING)), func.bool_or(_says_else()))
    .join(Media, Media.id == Part.media_id)
    .where(among_these(_P.media_id), among_these(_M.id))  # both, or PostgreSQL reads a young table whole
    .group_by(Part.media_id)
)
_DONE = update(bare(Upload)).where(among_these(_U.media_id)).values(phase=UploadPhase.DONE)


async def _tell_whole(session: AsyncSession, whole: Mapping[int, MediaStatus], now: datetime) -> None:
    heard = await listened_to(session, EventType.MEDIA_STORED)
    told = [one for one, status in whole.items() if heard or status is MediaStatus.ARCHIVING]
    if not told:
        return
    query = select(Media).where(among(Media.id, told)).order_by(Media.id)
    for media in await session.scalars(query.execution_options(populate_existing=True)):
        if media.status is MediaStatus.ARCHIVING:
            media.status, media.archived_at = MediaStatus.ARCHIVED, now
            record(session, "system", "archived", media_id=media.id)
            await session.flush()
            await tell(session, EventType.MEDIA_ARCHIVED, media, by="system")
        elif heard:
            await tell_once(session, EventType.MEDIA_STORED, media, by="system")
