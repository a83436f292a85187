"""What is known of media that are inspected: their rows before, and after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import Inspection, MediaStatus, PartState
from storage.engine.facts import facts_of_several
from storage.engine.fresh import KnownPart
from storage.ports import LaneKey
from storage.tables import Media, Part
from storage.tables.many import ForRows, Row, among, update_by

_T = TypeVar("_T", Media, Part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    size: int
    sha256: bytes
    head: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a media turned out to be. ``keep``: its bytes are in the spool now, and are shipped from there.

    ``lane``: where its part may go at once.
    """

    media_id: int
    fetched: Fetched
    keep: bool
    lane: LaneKey | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    media: Media
    part: Part
    seen: Seen
    mime: str


async def pending_media(
    session: AsyncSession, media_ids: Sequence[int], *, lock: bool = False
) -> Sequence[tuple[Media, Part] | None]:
    """Each of the media with its part; None for one that is not to be inspected (any more)."""
    query = (
        select(Media, Part)
        .join(Part, Part.media_id == Media.id)
        .where(among(Media.id, media_ids), Media.inspection == Inspection.PENDING, Part.state == PartState.SPOOLED)
        .where(Media.status.in_((MediaStatus.ACTIVE, MediaStatus.ARCHIVING)))
        .order_by(Media.id)
    )
    rows = (await session.execute(query.with_for_update() if lock else query)).all()
    found = {media.id: (media, part) for media, part in rows}
    return [found.get(media_id) for media_id in media_ids]


_SEEN = ForRows(Media, lambda new: update_by(Media, new, inspection=Inspection.DONE, verified=True))
_SIZED = ForRows(Part, lambda new: update_by(Part, new))


async def note_inspected(session: AsyncSession, accepted: Sequence[Accepted], *, node: str) -> Sequence[KnownPart]:
    """They are what their bytes say. The index of their words is the same as before; captions will say the type."""
    before = await facts_of_several(session, [one.media for one in accepted])
    facts = {one.media.id: replace(before[one.media.id], content_type=one.mime) for one in accepted}
    media = [
        {
            "id": one.media.id,
            "content_type": one.mime,
            "file_size": one.seen.fetched.size,
            "sha256": one.seen.fetched.sha256,
            "caption_wanted": facts[one.media.id].digest,
        }
        for one in accepted
    ]
    parts = [
        {
            "id": one.part.id,
            "size": one.seen.fetched.size,
            "sha256": one.seen.fetched.sha256,
            "origin": "spool" if one.seen.keep else one.part.origin,
            "node": node if one.seen.keep else one.part.node,
        }
        for one in accepted
    ]
    await _SEEN.run(session, media)
    await _SIZED.run(session, parts)
    return [
        KnownPart(
            part=_as_noted(session, one.part, part),
            facts=facts[one.media.id],
            media=_as_noted(session, one.media, noted),
            lane=one.seen.lane,
        )
        for one, noted, part in zip(accepted, media, parts, strict=True)
    ]


def _as_noted(session: AsyncSession, row: _T, values: Row) -> _T:
    """The row as it was written. It is of no session any more: to that a value that differs were one to write."""
    session.expunge(row)
    for name, value in values.items():
        setattr(row, name, value)
    return row
