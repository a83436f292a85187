"""A media as the doors see it: one frozen value, read in one go, free of sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import Category, FileType, Inspection, MediaId, MediaStatus, PartState
from storage.previews.kinds import drawable
from storage.tables import Attachment, FileRef, Media, Part


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
    """The views of ``media``, in their order, with three statements whatever their number."""
    ids = [row.id for row in media]
    numbers = await _request_numbers(session, ids)
    places = await _places(session, ids)
    return [_view(row, numbers.get(row.id, ()), places.get(row.id)) for row in media]


async def media_view(session: AsyncSession, media: Media) -> MediaView:
    return (await media_views(session, [media]))[0]


async def _request_numbers(session: AsyncSession, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    rows = await session.execute(
        select(Attachment.media_id, func.array_agg(Attachment.request_number))
        .where(Attachment.media_id.in_(ids))
        .group_by(Attachment.media_id)
    )
    return {media_id: tuple(sorted(numbers)) for media_id, numbers in rows}


async def _places(session: AsyncSession, ids: Sequence[int]) -> dict[int, TelegramPlace]:
    """Only of media that are stored whole."""
    counts = await session.execute(
        select(Part.media_id, func.count(), func.count().filter(Part.state.in_([PartState.STORED, PartState.DAMAGED])))
        .where(Part.media_id.in_(ids))
        .group_by(Part.media_id)
    )
    whole = {media_id: total for media_id, total, stored in counts if total == stored}
    firsts = await session.execute(
        select(Part, FileRef.file_id)
        .outerjoin(FileRef, FileRef.part_id == Part.id)
        .where(Part.media_id.in_(whole), Part.index == 0)
        .order_by(FileRef.bot_id.desc())
    )
    places = {}
    for part, file_id in firsts:
        assert part.media_id is not None
        assert part.chat_id is not None
        assert part.message_id is not None
        places[part.media_id] = TelegramPlace(
            channel_id=part.chat_id, message_id=part.message_id, file_id=file_id, parts=whole[part.media_id]
        )
    return places


def _view(row: Media, numbers: tuple[str, ...], place: TelegramPlace | None) -> MediaView:
    return MediaView(
        id=MediaId(row.id),
        owner=row.owner,
        uploaded_by=row.uploaded_by,
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
