"""Changing what is said about a media. Whoever sees a media may; the caption in the channel follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import visible_media
from storage.auditing.audit import record
from storage.catalog.refreshing import refresh
from storage.database import Sessions
from storage.details import TAGS_LIMIT, clean_tags
from storage.domain import GONE, Caller, Category, EventType, MediaStatus
from storage.engine.channels import bound_channels
from storage.engine.replacing import move_parts
from storage.errors import InvalidFields, MediaDeleted, MediaNotFound
from storage.events.outbox import tell
from storage.filenames import clean_filename
from storage.notices import media_changed
from storage.tables import Media, Part
from storage.views import MediaView, media_view

_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """New values of the fields in ``given``; the others stay. None clears, but for ``filename`` and ``category``."""

    given: frozenset[str]
    filename: str | None = None
    description: str | None = None
    category: Category | None = None
    tags: Sequence[str] | None = None
    external_id: str | None = None
    expires_at: datetime | None = None


class Editing:
    """The use case. Idempotent."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def edit(self, caller: Caller, media_id: int, changes: Changes) -> MediaView:
        """Raises `MediaNotFound`, `MediaDeleted`, `InvalidFields`, and `ChannelNotBound` for a new category."""
        async with self._sessions.begin() as session:
            media = await lock_media(session, caller, media_id)
            before = _told(media)
            await _apply(session, media, changes)
            await _conclude(session, caller, media, before)
            return await media_view(session, media)

    async def tag(self, caller: Caller, media_id: int, tags: Sequence[str], *, replace: bool) -> MediaView:
        """Add tags, or put them in place of those there are. Raises as `edit` does."""
        async with self._sessions.begin() as session:
            media = await lock_media(session, caller, media_id)
            before = _told(media)
            _set_tags(media, tags if replace else [*media.tags, *tags])
            await _conclude(session, caller, media, before)
            return await media_view(session, media)


async def lock_media(session: AsyncSession, caller: Caller, media_id: int) -> Media:
    """The media with its parts, for a change. Parts first, as everywhere: who settles a part holds it already.

    Raises `MediaNotFound` and `MediaDeleted`.
    """
    if not 0 < media_id <= _LARGEST:
        raise MediaNotFound(media_id=media_id)
    visible = select(Media.id).where(Media.id == media_id, visible_media(caller))
    if await session.scalar(visible) is None:
        raise MediaNotFound(media_id=media_id)
    await session.execute(select(Part.id).where(Part.media_id == media_id).order_by(Part.id).with_for_update())
    media = await session.get_one(Media, media_id, with_for_update=True)
    if media.status in GONE:
        raise MediaDeleted(media_id=media_id)
    return media


def _told(media: Media) -> dict[str, object]:
    names = ("filename", "description", "category", "external_id", "expires_at")
    return {**{name: getattr(media, name) for name in names}, "tags": list(media.tags)}


async def _apply(session: AsyncSession, media: Media, changes: Changes) -> None:
    if "filename" in changes.given:
        media.filename = clean_filename(changes.filename, mime=media.content_type)
    for name in changes.given & {"description", "external_id", "expires_at"}:
        setattr(media, name, getattr(changes, name) or None)
    if "tags" in changes.given:
        _set_tags(media, changes.tags or ())
    if changes.category is not None:
        await _set_category(session, media, changes.category)


def _set_tags(media: Media, tags: Sequence[str]) -> None:
    wanted = clean_tags(tags)
    if len(wanted) > TAGS_LIMIT:
        raise InvalidFields(("tags", f"would be {len(wanted)}, more than {TAGS_LIMIT}"))
    media.tags = list(wanted)


async def _set_category(session: AsyncSession, media: Media, category: Category) -> None:
    """A category decides the channel, so its parts may have to move; what is archived stays where it is."""
    media.category = category
    if media.status is MediaStatus.ACTIVE and media.purpose is not category.purpose:
        await bound_channels(session, category.purpose)
        media.purpose = category.purpose
        await session.flush()
        await move_parts(session, media.key, category.purpose)


async def _conclude(session: AsyncSession, caller: Caller, media: Media, before: dict[str, object]) -> None:
    changed = sorted(name for name, value in _told(media).items() if value != before[name])
    await refresh(session, media)
    if changed:
        record(session, caller.owner, "updated", media_id=media.id, detail={"changed": changed})
        await tell(session, EventType.MEDIA_UPDATED, media, by=caller.owner, changed=changed)
        await session.flush()
        await media_changed(session, media.id)
