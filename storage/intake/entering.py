"""The rows that make received files media, in the transaction of their acknowledgement: for many files with as few
statements as for one.

A short file has no rows before; a long one has an upload's row and those of the parts that ended while it arrived.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row as SqlRow
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bound_contextvars, get_contextvars

from storage.auditing.audit import change_row
from storage.callers.quotas import Charge, charge, charge_all
from storage.catalog.attachments import attach_row
from storage.catalog.media_info import needs_measuring, wake_measurers
from storage.catalog.refreshing import note_captions
from storage.database import Sessions, Together
from storage.details import Details
from storage.domain import Caller, EventType, UploadPhase
from storage.engine.facts import facts_of
from storage.engine.fresh import Departure, FreshParts, NewPart, Plan
from storage.engine.losing import require_none_lost
from storage.engine.replacing import move_parts
from storage.events.outbox import tell
from storage.intake.entry_rows import insert_entries
from storage.intake.receiving import Received, SpooledPart
from storage.intake.upload_rows import Origin, category_of, part_values, upload_values
from storage.ports import LaneKey
from storage.tables import Media, Part, Upload
from storage.tables.many import Row
from storage.views import MediaView, new_view

Also = Callable[[AsyncSession, int], Awaitable[None]]
"""What else is to be done in the transaction, with the media's id. It may be done twice where the first is undone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file that is whole, and what was said of it.

    ``parts`` have no rows yet, the last of them is the file's last; ``recorded``: the upload and its earlier parts do,
    with captions that say ``told_early``.
    """

    caller: Caller
    origin: Origin
    received: Received
    details: Details
    parts: Sequence[SpooledPart]
    told_early: Details
    recorded: bool
    media: Row
    """Its columns, and in ``row`` what is derived from them too: made before the transaction, by each for itself."""

    row: Row
    lane: LaneKey | None = None
    """Where its one part has a place; ``near`` is the channel of its earlier ones."""

    near: int | None = None

    also: Also | None = None
    context: Mapping[str, Any] = field(default_factory=get_contextvars)
    """Which call this is, for the audit: in a shared transaction it is not the one that runs."""

    @property
    def part_count(self) -> int:
        return self.received.last.index + 1


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of an entry. ``departure``: of its part, where that has no job."""

    view: MediaView
    departure: Departure | None = None


class Entering:
    """Acknowledges files: those that end at the same time share a transaction, unless they have rows already."""

    def __init__(self, sessions: Sessions, fresh: FreshParts) -> None:
        self._sessions = sessions
        self._fresh = fresh
        self._together = Together(sessions, self._enter, row=_same_bytes)

    async def __call__(self, entry: Entry) -> MediaView:
        """The new media, once that is committed. Raises what `enter` raises."""
        if len(entry.parts) > 1:
            return (await self._entered(entry)).view
        part, category = entry.parts[0], category_of(entry.details, entry.received.content_type)
        async with self._fresh.place(category.purpose, part.size, prefer=entry.near) as place:
            entered = await self._entered(replace(entry, lane=place.lane))
            place.departure = entered.departure
        return entered.view

    async def _entered(self, entry: Entry) -> Entered:
        if not entry.recorded:
            return await self._together(entry)
        async with self._sessions.begin() as session:
            (entered,) = await self._enter(session, [entry])
        return entered

    async def _enter(self, session: AsyncSession, entries: Sequence[Entry]) -> Sequence[Entered]:
        return await enter(session, entries, self._fresh)


def _same_bytes(entry: Entry) -> Hashable:
    """The second of an owner's duplicates is to find the first."""
    return entry.origin.owner, entry.received.sha256


class _OneByOne(Exception):
    """A quota does not admit all of them: which, they are to find out alone."""


@dataclass(frozen=True, slots=True)
class _New:
    """An entry, and its media, which is not of any session."""

    entry: Entry
    media: Media


async def enter(session: AsyncSession, entries: Sequence[Entry], fresh: FreshParts) -> Sequence[Entered]:
    """Insert the media, indexed, and have their parts shipped: at once where they have a lane, else by jobs.

    There is at least one entry; all are of one node. Raises `ChannelNotBound`, `PartLost`, and what `charge` raises.
    """
    for entry in entries:
        if entry.recorded:
            await require_none_lost(session, entry.origin.key)
    made = [_New(entry, Media(**entry.media, unverified_request=False)) for entry in entries]
    plan = await fresh.plan(session, [_new_part(new, part) for new in made for part in new.entry.parts])
    recorded = await _insert(session, made, plan)
    departures = await fresh.carry_out(session, plan, recorded)
    of_media = {one.work.part.media_id: one for one in departures if one is not None}
    await _charge(session, made)
    entered = []
    for new in made:
        with bound_contextvars(**new.entry.context):
            view = await _complete(session, new, heard=recorded[0].heard)
            entered.append(Entered(view, of_media.get(new.media.id)))
    return entered


async def _insert(session: AsyncSession, made: Sequence[_New], plan: Plan) -> Sequence[SqlRow[Any]]:
    """The media know their ids afterwards."""
    recorded = await insert_entries(
        session,
        plan,
        media=[new.entry.row for new in made],
        uploads=[_ended(new.entry) for new in made if not new.entry.recorded],
        changes=[_taken_in(new) for new in made],
    )
    known = {row.media_key: row for row in recorded}
    for media in (new.media for new in made):
        row = known[media.key]
        media.id, media.duplicate_of, media.caption_wanted = row.media_id, row.duplicate_of, row.caption_wanted
    unmeasured = [new.media.id for new in made if needs_measuring(new.media.content_type, parts=new.entry.part_count)]
    await wake_measurers(session, made[0].entry.origin.node, unmeasured)
    return recorded


def _ended(entry: Entry) -> Row:
    received = entry.received
    row = upload_values(entry.origin, received.content_type, entry.told_early, received.size)
    return {**row, "phase": UploadPhase.STORING, "received_bytes": received.size}


def _new_part(new: _New, part: SpooledPart) -> NewPart:
    entry, media = new.entry, new.media
    row = part_values(entry.origin, part, media.category, media_id=None, last=part is entry.parts[-1])
    return NewPart(row=row, facts=facts_of(media, entry.details.numbers), media=media, lane=entry.lane)


def _taken_in(new: _New) -> Row:
    with bound_contextvars(**new.entry.context):
        return {**change_row(new.media.owner, "taken_in", detail={"source": "http"}), "media_key": new.media.key}


async def _charge(session: AsyncSession, made: Sequence[_New]) -> None:
    if len(made) == 1:
        await charge(session, made[0].entry.caller, made[0].media)
        return
    charges: dict[str, Charge] = {}
    for caller, size in ((new.entry.caller, new.entry.received.size) for new in made):
        before = charges.get(caller.owner, Charge(caller=caller, files=0, size=0))
        if before.caller.quota != caller.quota:  # keys of one service
            raise _OneByOne
        charges[caller.owner] = Charge(caller=caller, files=before.files + 1, size=before.size + size)
    if await charge_all(session, [*charges.values()]):
        raise _OneByOne


async def _complete(session: AsyncSession, new: _New, *, heard: bool) -> MediaView:
    """What is done for each alone, where there is anything."""
    entry, media = new.entry, new.media
    if entry.recorded:
        await _take_over(session, media, entry)
    if entry.details.numbers or heard:
        media = await session.get_one(Media, media.id)
    for number in entry.details.numbers:
        await attach_row(session, media, number, by=media.owner, indexed=True)
    if entry.also is not None:
        await entry.also(session, media.id)
    if heard:
        await tell(session, EventType.MEDIA_RECEIVED, media, by=media.owner)
    await session.flush()
    return new_view(media, entry.details.numbers)


async def _take_over(session: AsyncSession, media: Media, entry: Entry) -> None:
    """The upload's row and the parts that were recorded before the end are now the media's."""
    size = entry.received.size
    settled = {"phase": UploadPhase.STORING, "media_id": media.id, "finished_at": func.now()}
    sizes = {"received_bytes": size, "total_bytes": size}
    await session.execute(update(Upload).where(Upload.media_key == media.key).values(**settled, **sizes))
    await session.execute(update(Part).where(Part.media_key == media.key).values(media_id=media.id))
    await move_parts(session, media.key, media.purpose)
    await note_captions(session, media.id, media.caption_wanted)
