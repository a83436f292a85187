"""Parts have arrived in their channels, by answers or by being found there: one transaction for all of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, Row, TableValuedAlias, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.catalog.refreshing import note_captions
from storage.domain import EventType, MediaStatus, PartState, UploadPhase
from storage.engine.arriving import Arrival, note_arrivals
from storage.engine.copies import IN_CHANNEL, leave_behind
from storage.engine.strays import cast_off
from storage.events.outbox import listening, tell, tell_once
from storage.notices import media_changed, shown
from storage.tables import Channel, Media, Part, Upload
from storage.tables.many import ForRows, among, among_these, bare

_MISSING = (PartState.SPOOLED, PartState.SHIPPING, PartState.LOST)


async def part_stored(session: AsyncSession, arrival: Arrival, *, now: datetime) -> bool:
    """`parts_stored` for one. False where nobody owns the message any more."""
    return arrival.part_id in await parts_stored(session, [arrival], now=now)


async def parts_stored(session: AsyncSession, arrivals: Sequence[Arrival], *, now: datetime) -> set[int]:
    """Record where parts are; returns their ids. A message that nobody owns any more is cast off.

    When it was a media's last missing part, the upload is done and its cards want an edit.
    """
    placed = await note_arrivals(session, arrivals, now)
    owned = {part.id for part in placed}
    strays = [arrival for arrival in arrivals if arrival.part_id not in owned]
    await cast_off(session, [(stray.chat_id, stray.sent.message_id) for stray in strays])
    await _leave_former_places(session, placed)
    unlocked = {part.media_id for part in placed if part.media_id != part.locked}
    await _lock(session, unlocked)
    await _note_whole(session, {part.media_id for part in placed if part.media_id is not None}, now)
    return owned


async def _leave_former_places(session: AsyncSession, parts: Sequence[Row[Any]]) -> None:
    """A part that was copied over from another channel of ours has left that message behind."""
    copied = [part for part in parts if part.origin == "telegram"]
    places = {part.id: (part.source_chat_id, part.source_message_id) for part in copied}
    if not any(None not in place for place in places.values()):
        return
    query = select(Channel.chat_id).where(among(Channel.chat_id, {chat for chat, _ in places.values()}))
    ours = set(await session.scalars(query))
    moved = [part for part in copied if part.source_chat_id in ours]
    left = await leave_behind(session, [(part.media_key, part.part_index) for part in moved]) if moved else []
    await cast_off(session, [*(places[part.id] for part in moved if None not in places[part.id]), *left])


async def note_if_whole(session: AsyncSession, *media_ids: int, now: datetime) -> None:
    """Media whose last part may have arrived: the upload is done, or they are archived, and cards want an edit."""
    await session.flush()
    await _lock(session, media_ids)
    await _note_whole(session, media_ids, now)


async def _lock(session: AsyncSession, media_ids: Collection[int]) -> None:
    """Two parts that arrive at once must not each see the other as missing: the media's row orders them."""
    if media_ids:
        await session.execute(_LOCKED, {"ids": [*media_ids]})


async def _note_whole(session: AsyncSession, media_ids: Collection[int], now: datetime) -> None:
    if not media_ids:
        return
    found = (await _WHOLE.run(session, [{"id": media_id} for media_id in media_ids])).all()
    for media in found:
        if media.late:
            await note_captions(session, media.id, media.caption_wanted)
    whole = [media for media in found if not media.missing]
    if told := [media.id for media in whole if media.heard or media.status is MediaStatus.ARCHIVING]:
        await _tell_whole(session, told, now)
    if cards := [media.id for media in whole if media.shown]:
        await media_changed(session, *cards)


def _says_else() -> ColumnElement[bool]:
    """Whether a part's caption says something else than its media wants by now: then it is to be edited."""
    said = Part.state.in_(IN_CHANNEL) & Media.caption_wanted.is_not(None)
    return said & Part.caption_sent.is_distinct_from(Media.caption_wanted)


_M, _P, _U = (bare(table).c for table in (Media, Part, Upload))
_LOCKED = select(_M.id).where(among_these(_M.id)).order_by(_M.id).with_for_update()


def _whole(asked: TableValuedAlias) -> Executable:
    """How media are now, whether anybody is to hear of it, and the uploads of the whole ones done: one statement."""
    missing, late = func.bool_or(Part.state.in_(_MISSING)), func.bool_or(_says_else())
    parts = select(_M.id, missing.label("missing"), late.label("late")).outerjoin(Part, Part.media_id == _M.id)
    state = parts.where(_M.id.in_(select(asked.c.id))).group_by(_M.id).cte("state")
    whole = select(state.c.id).where(state.c.missing.is_not(True))
    done = update(bare(Upload)).where(_U.media_id.in_(whole)).values(phase=UploadPhase.DONE).cte("done")
    heard = listening(EventType.MEDIA_STORED).label("heard")
    of_media = select(_M.status, _M.caption_wanted, shown(_M.id).label("shown"), heard, *state.c)
    return of_media.join(state, state.c.id == _M.id).add_cte(done)


_WHOLE = ForRows(Media, _whole)
"""Not by an array: PostgreSQL would plan it anew each time, which takes longer than to run it."""


async def _tell_whole(session: AsyncSession, told: Collection[int], now: datetime) -> None:
    query = select(Media).where(among(Media.id, told)).order_by(Media.id)
    for media in await session.scalars(query.execution_options(populate_existing=True)):
        if media.status is MediaStatus.ARCHIVING:
            media.status, media.archived_at = MediaStatus.ARCHIVED, now
            record(session, "system", "archived", media_id=media.id)
            await session.flush()
            await tell(session, EventType.MEDIA_ARCHIVED, media, by="system")
        else:
            await tell_once(session, EventType.MEDIA_STORED, media, by="system")
