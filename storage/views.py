"""A media as the doors see it: one frozen value, read in one go, free of sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, Select, any_, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import Category, FileType, Inspection, MediaId, MediaStatus, PartState
from storage.intake.progress import Landed
from storage.previews.kinds import drawable
from storage.tables import Attachment, FileRef, Media, Part
from storage.users.port import Profile
from storage.users.profiles import NO_PROFILES, profiles_of


@dataclass(frozen=True, kw_only=True, slots=True)
class TelegramPlace:
    """Where the first part sits, and the first bot's file id for it (null until that is known)."""

    channel_id: int
    message_id: int
    file_id: str | None
    parts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaView:
    """One media. ``stored`` means that every part is in Telegram; ``telegram`` is null until then."""

    id: MediaId
    owner: str
    uploaded_by: str | None
    uploaded_by_name: str | None
    """What the User Service calls them, as far as it was heard."""

    uploaded_by_language: str | None
    """A code such as ``ru``, by its word too."""

    source: str
    filename: str
    file_size: int | None
    content_type: str
    file_type: FileType
    category: Category
    description: str | None
    tags: tuple[str, ...]
    external_id: str | None
    request_numbers: tuple[str, ...]
    sha256: bytes | None
    width: int | None
    height: int | None
    duration: float | None
    status: MediaStatus
    stored: bool
    verified: bool
    unverified_request: bool
    duplicate_of: MediaId | None
    uploaded_at: datetime
    archived_at: datetime | None
    expires_at: datetime | None
    telegram: TelegramPlace | None
    deliverable: bool
    """Whether HTTP can serve the bytes; else only Telegram can (`telegram_only`)."""

    previewable: bool
    """Whether it is worth asking for a preview."""


def previewable(row: Media) -> bool:
    """Whether there may be a picture: of bytes that can be had and show something, or Telegram's own."""
    fetchable = row.inspection is not Inspection.IMPOSSIBLE
    return row.thumbnail_file_id is not None or (fetchable and drawable(row.content_type, row.file_size))


async def media_views(session: AsyncSession, media: Sequence[Media]) -> list[MediaView]:
    """The views of ``media``, in their order, with one statement whatever their number, and one for names."""
    await session.flush()
    found = await session.execute(_AROUND, {"ids": [row.id for row in media]})
    around = {row.id: (tuple(row.numbers), _place(row)) for row in found}
    people = await profiles_of(session, {row.uploaded_by for row in media if row.uploaded_by is not None})
    return [_view(row, *around[row.id], people) for row in media]


async def media_view(session: AsyncSession, media: Media) -> MediaView:
    return (await media_views(session, [media]))[0]


def new_view(media: Media, numbers: Sequence[str] = ()) -> MediaView:
    """The view of a media that this transaction has inserted, with a part that is not stored yet."""
    return _view(media, tuple(numbers), None)


def stored_view(view: MediaView, landed: Landed) -> MediaView:
    """The view of a new media whose only part has just been stored."""
    place = TelegramPlace(channel_id=landed.chat_id, message_id=landed.message_id, file_id=landed.file_id, parts=1)
    return replace(view, stored=True, telegram=place, width=landed.width, height=landed.height)


def _around() -> Select[*tuple[Any, ...]]:
    """What other tables know of the media ``:ids``. Built once: SQLAlchemy takes longer to build it than to ask."""
    media, parts, refs, links = (table.__table__.c for table in (Media, Part, FileRef, Attachment))
    numbers = select(links.request_number).where(links.media_id == media.id).order_by(links.request_number)
    stored = parts.state.in_([PartState.STORED, PartState.DAMAGED])
    of_first = {"first_id": parts.id, "chat_id": parts.chat_id, "message_id": parts.message_id}
    # The first part by a filter: as a join of its own, PostgreSQL reads all first parts while a table is young.
    first = [func.max(cell).filter(parts.index == 0).label(name) for name, cell in of_first.items()]
    found = (
        select(func.count().label("total"), func.count().filter(stored).label("stored"), *first)
        .where(parts.media_id == media.id)
        .lateral("found")
    )
    file_id = select(refs.file_id).where(refs.part_id == found.c.first_id).order_by(refs.bot_id).limit(1)
    return (
        select(
            media.id,
            func.array(numbers.scalar_subquery()).label("numbers"),
            found.c.total,
            found.c.stored,
            found.c.chat_id,
            found.c.message_id,
            file_id.scalar_subquery().label("file_id"),
        )
        .select_from(Media.__table__)
        .join(found, true())
        .where(media.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    )


_AROUND = _around()


def _place(row: Row[*tuple[Any, ...]]) -> TelegramPlace | None:
    """Only of a media that is stored whole."""
    if not row.total or row.total != row.stored:
        return None
    return TelegramPlace(channel_id=row.chat_id, message_id=row.message_id, file_id=row.file_id, parts=row.total)


def _view(
    row: Media, numbers: tuple[str, ...], place: TelegramPlace | None, people: Mapping[str, Profile] = NO_PROFILES
) -> MediaView:
    uploader = None if row.uploaded_by is None else people.get(row.uploaded_by)
    return MediaView(
        id=MediaId(row.id),
        owner=row.owner,
        uploaded_by=row.uploaded_by,
        uploaded_by_name=None if uploader is None else uploader.name,
        uploaded_by_language=None if uploader is None else uploader.language,
        source=row.source,
        filename=row.filename,
        file_size=row.file_size,
        content_type=row.content_type,
        file_type=row.file_type,
        category=row.category,
        description=row.description,
        tags=tuple(row.tags),
        external_id=row.external_id,
        request_numbers=numbers,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        duration=row.duration,
        status=row.status,
        stored=place is not None,
        verified=row.verified,
        unverified_request=row.unverified_request,
        duplicate_of=None if row.duplicate_of is None else MediaId(row.duplicate_of),
        uploaded_at=row.uploaded_at,
        archived_at=row.archived_at,
        expires_at=row.expires_at,
        telegram=place,
        deliverable=row.inspection is not Inspection.IMPOSSIBLE,
        previewable=previewable(row),
    )
