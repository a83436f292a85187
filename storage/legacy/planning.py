"""What is to become of each row of a batch: told from what was taken over before, and from what became of it here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import MediaStatus
from storage.legacy.mapping import Content, Mapped, Note, Words
from storage.tables import Attachment, LegacyFile, Media, Part


class Fate(StrEnum):
    """What became of a row in this run. ``left``: it changed there, and what it became stays as it is here."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT = "left"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """``notes`` are those of this run or, of a row that did not change, of the one that took it over."""

    id: int
    fate: Fate
    notes: tuple[Note, ...]
    public: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that is, or is to be, a media: with neither half missing."""

    row: Mapped
    words: Words
    content: Content

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def gone(self) -> bool:
        return self.words.status is MediaStatus.DELETED


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """``add`` and ``follow`` are to be written, ``place`` are those of both whose bytes are to be placed (anew).

    ``copy`` are the ids of those whose message belongs to another media already: each has bytes of its own.
    """

    add: Sequence[Kept]
    follow: Sequence[Kept]
    place: Sequence[Kept]
    copy: frozenset[int]
    outcomes: Sequence[Outcome]


async def plan(session: AsyncSession, batch: Sequence[Mapped]) -> Plan:
    """Reads only; with a fixed number of statements."""
    ids = [row.id for row in batch]
    known = {row.id: row for row in await session.scalars(select(LegacyFile).where(LegacyFile.id.in_(ids)))}
    fresh = [row.id for row in batch if row.id not in known or known[row.id].media_id is None]
    taken = set(await session.scalars(select(Media.id).where(Media.id.in_(fresh))))
    changed = [one.id for one in batch if one.id in known and known[one.id].digest != one.digest]
    ours = await _footprints(session, changed)
    outcomes = [_outcome(row, known.get(row.id), taken=row.id in taken, ours=ours.get(row.id)) for row in batch]
    kept = {
        row.id: Kept(row, row.words, row.content) for row in batch if row.words is not None and row.content is not None
    }
    add = [kept[one.id] for one in outcomes if one.fate is Fate.ADDED]
    follow = [kept[one.id] for one in outcomes if one.fate is Fate.UPDATED]
    place = [*add, *await _to_place(session, follow, known)]
    copy = await _sharing(session, place)
    return Plan(add=add, follow=follow, place=place, copy=copy, outcomes=[_copied(one, copy) for one in outcomes])


def _outcome(row: Mapped, known: LegacyFile | None, *, taken: bool, ours: bytes | None) -> Outcome:
    if known is None or known.media_id is None:
        if taken:
            return Outcome(id=row.id, fate=Fate.REFUSED, notes=(Note(code="id_taken", field="id", value=str(row.id)),))
        return Outcome(
            id=row.id, fate=Fate.REFUSED if row.words is None else Fate.ADDED, notes=row.notes, public=row.public
        )
    if known.digest == row.digest:
        return Outcome(id=row.id, fate=Fate.UNCHANGED, notes=tuple(Note(**one) for one in known.notes))
    if row.words is None:
        return Outcome(id=row.id, fate=Fate.LEFT, notes=row.notes)
    if ours not in (known.footprint, row.words.footprint):
        return Outcome(id=row.id, fate=Fate.LEFT, notes=(Note(code="changed_here"),))
    return Outcome(id=row.id, fate=Fate.UPDATED, notes=row.notes, public=row.public)


def _copied(outcome: Outcome, copy: frozenset[int]) -> Outcome:
    if outcome.id not in copy:
        return outcome
    notes = (*outcome.notes, Note(code="same_message"))
    return Outcome(id=outcome.id, fate=outcome.fate, notes=notes, public=outcome.public)


async def _footprints(session: AsyncSession, ids: Sequence[int]) -> dict[int, bytes]:
    """What our media say now."""
    if not ids:
        return {}
    grouped = (
        select(Attachment.media_id, func.array_agg(Attachment.request_number))
        .where(Attachment.media_id.in_(ids))
        .group_by(Attachment.media_id)
    )
    numbers = {row[0]: row[1] for row in await session.execute(grouped)}
    media = await session.scalars(select(Media).where(Media.id.in_(ids)))
    return {one.id: _words_of(one, numbers.get(one.id, ())).footprint for one in media}


def _words_of(media: Media, numbers: Sequence[str]) -> Words:
    return Words(
        owner=media.owner,
        uploaded_by=media.uploaded_by,
        filename=media.filename,
        description=media.description,
        tags=media.tags,
        category=media.category,
        status=media.status,
        expires_at=media.expires_at,
        numbers=numbers,
    )


async def _to_place(session: AsyncSession, follow: Sequence[Kept], known: dict[int, LegacyFile]) -> list[Kept]:
    """Those whose bytes are elsewhere now, that were deleted there, or that were and are not any more."""
    if not follow:
        return []
    there = set(await session.scalars(select(Part.media_id).where(Part.media_id.in_([one.id for one in follow]))))
    return [one for one in follow if one.gone == (one.id in there) or known[one.id].file_digest != one.row.file_digest]


async def _sharing(session: AsyncSession, place: Sequence[Kept]) -> frozenset[int]:
    """Those whose message some other media has, or one before them in the batch."""
    wanted = {one.id: (one.content.chat_id, one.content.message_id) for one in place if not one.gone}
    whole = {media_id: where for media_id, where in wanted.items() if None not in where}
    if not whole:
        return frozenset()
    found = await session.execute(
        select(Part.chat_id, Part.message_id, Part.media_id).where(
            tuple_(Part.chat_id, Part.message_id).in_(list(whole.values()))
        )
    )
    owners = {(chat_id, message_id): media_id for chat_id, message_id, media_id in found}
    return frozenset(media_id for media_id, where in whole.items() if owners.setdefault(where, media_id) != media_id)
