"""Looking media up, for a caller and only what that caller may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import BigInteger, Select, and_, any_, bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.access import require_reading_by_number, visible_media
from storage.database import Sessions
from storage.domain import GONE, Caller, Category, Inspection, MediaId
from storage.errors import MediaDeleted, MediaNotFound
from storage.notices import came_with_card
from storage.plain_statements import Plain, fetch_row, plain
from storage.request_numbers import RequestNumber
from storage.search.criteria import EVERYTHING, Criteria
from storage.tables import Attachment, Card, CardItem, Media, StaffCard
from storage.views import MediaView, media_view, media_views

_MAX_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class FileView:
    """A media as bytes. ``size`` is null where no bot can fetch them, ``sha256`` where nobody has yet."""

    id: MediaId
    filename: str
    content_type: str
    uploaded_at: datetime
    size: int | None
    sha256: bytes | None


class Reading:
    """The queries both doors ask."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def media(self, caller: Caller, media_id: int) -> MediaView:
        """One media.

        Raises `MediaNotFound` where it does not exist or the caller may not see it, `MediaDeleted` where the
        caller could see it and it is deleted.
        """
        async with self._sessions.begin() as session:
            return await media_view(session, await _visible(session, caller, media_id))

    async def file(self, caller: Caller, media_id: int) -> FileView:
        """What serving a media's bytes needs of it. Raises as `media` does."""
        _require_possible(media_id)
        row = await fetch_row(self._sessions, _file_query(caller), media_id=media_id)
        if row is None:
            raise MediaNotFound(media_id=media_id)
        if row["status"] in GONE:
            raise MediaDeleted(media_id=media_id)
        return FileView(
            id=MediaId(row["id"]),
            filename=row["filename"],
            content_type=row["content_type"],
            uploaded_at=row["uploaded_at"],
            size=row["file_size"] if row["inspection"] != Inspection.IMPOSSIBLE else None,
            sha256=row["sha256"],
        )

    async def of_request(
        self,
        caller: Caller,
        number: RequestNumber,
        *,
        category: Category | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[MediaView]:
        """The media attached to a request, newest first; empty where there are none.

        Raises `MissingScope` for people who may not read by number.
        """
        require_reading_by_number(caller)
        query = (
            select(Media)
            .join(Attachment, Attachment.media_id == Media.id)
            .where(Attachment.request_number == number, Media.status.not_in(GONE))
            .order_by(Media.id.desc())
        )
        if category is not None:
            query = query.where(Attachment.category == category)
        return await self._page(query, limit, offset)

    async def own(
        self, caller: Caller, *, limit: int, offset: int, criteria: Criteria = EVERYTHING
    ) -> tuple[list[MediaView], int]:
        """What the caller gave us themselves, newest first, and how many there are in all that meet ``criteria``."""
        mine = and_(Media.owner.in_(caller.owners), *criteria.conditions())
        async with self._sessions.begin() as session:
            total = await session.scalar(select(func.count()).select_from(Media).where(mine))
        views = await self._page(select(Media).where(mine).order_by(Media.id.desc()), limit, offset)
        return views, total or 0

    async def own_after(self, caller: Caller, after: MediaId, *, limit: int) -> list[MediaView]:
        """The caller's own with greater ids than ``after``, oldest first: to walk through all of them."""
        mine = (Media.owner.in_(caller.owners)) & Media.status.not_in(GONE) & (Media.id > after)
        return await self._page(select(Media).where(mine).order_by(Media.id), limit, 0)

    async def own_numbers(self, caller: Caller, *, limit: int) -> list[tuple[RequestNumber, int]]:
        """The requests that the caller's own media belong to, the last attached first, each with how many."""
        query = (
            select(Attachment.request_number, func.count())
            .join(Media, Media.id == Attachment.media_id)
            .where(Media.owner.in_(caller.owners), Media.status.not_in(GONE))
            .group_by(Attachment.request_number)
            .order_by(func.max(Attachment.attached_at).desc(), Attachment.request_number.desc())
            .limit(limit)
        )
        async with self._sessions.begin() as session:
            return [(RequestNumber(number), count) for number, count in await session.execute(query)]

    async def behind_message(self, caller: Caller, chat_id: int, message_id: int) -> list[MediaView]:
        """The media that a chat message stands for: sent in it, or shown by it as a card, in the staff chat too.

        Visible ones only.
        """
        by_card = select(CardItem.media_id).join(Card).where(Card.chat_id == chat_id, Card.message_id == message_id)
        sent = (Media.source_chat_id == chat_id) & (Media.source_message_id == message_id)
        album = select(CardItem.media_id).where(
            CardItem.card_id.in_(
                select(CardItem.card_id).join(Card).where(Card.chat_id == chat_id, CardItem.message_id == message_id)
            )
        )
        of_staff = StaffCard.message_id == message_id
        shown = select(Media.id).where(
            came_with_card(),
            Card.id == StaffCard.card_id,
            StaffCard.chat_id == chat_id,
            of_staff | (literal(message_id) == any_(StaffCard.pictures)),
        )
        meant = sent | Media.id.in_(by_card) | Media.id.in_(album) | Media.id.in_(shown)
        query = select(Media).where(meant, visible_media(caller), Media.status.not_in(GONE))
        return await self._page(query.order_by(Media.id), None, 0)

    async def several(self, caller: Caller, ids: Sequence[MediaId]) -> list[MediaView]:
        """Those of ``ids`` that the caller may see and that are not deleted, by id."""
        query = select(Media).where(Media.id.in_(ids), visible_media(caller), Media.status.not_in(GONE))
        return await self._page(query.order_by(Media.id), None, 0)

    async def _page(self, query: Select[Media], limit: int | None, offset: int) -> list[MediaView]:
        async with self._sessions.begin() as session:
            rows = (await session.scalars(query.limit(limit).offset(offset))).all()
            return await media_views(session, rows)


async def _visible(session: AsyncSession, caller: Caller, media_id: int) -> Media:
    _require_possible(media_id)
    row = await session.scalar(select(Media).where(Media.id == media_id, visible_media(caller)))
    if row is None:
        raise MediaNotFound(media_id=media_id)
    if row.status in GONE:
        raise MediaDeleted(media_id=media_id)
    return row


@lru_cache(maxsize=1000)
def _file_query(caller: Caller) -> Plain:
    """What `FileView` needs, by the rights that ``caller`` has: only the text is remembered, not what it found."""
    columns = (Media.id, Media.filename, Media.content_type, Media.uploaded_at, Media.file_size, Media.sha256)
    query = select(*columns, Media.status, Media.inspection)
    return plain(query.where(Media.id == bindparam("media_id", 0, type_=BigInteger), visible_media(caller)))


def _require_possible(media_id: int) -> None:
    if not 0 < media_id <= _MAX_ID:
        raise MediaNotFound(media_id=media_id)
