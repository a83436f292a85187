"""What was done to one media, from the audit: the changes, not the looks at it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storage.access import visible_media
from storage.auditing.audit import READS
from storage.database import Sessions
from storage.domain import Caller, MediaId
from storage.errors import MediaNotFound
from storage.tables import Audit, Media

_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """``action`` is the audit's word, ``by`` its actor (``telegram:1001``); ``detail`` depends on the action."""

    at: datetime
    action: str
    by: str
    media_id: int | None
    request_number: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """A page of changes, the newest first, and how many there are in all. Of a deleted media too."""

    media_id: MediaId
    filename: str
    changes: list[Change]
    total: int


class Histories:
    """The query."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of_media(self, caller: Caller, media_id: int, *, limit: int, offset: int = 0) -> History:
        """Raises `MediaNotFound` where it does not exist or the caller may not see it."""
        if not 0 < media_id <= _LARGEST:
            raise MediaNotFound(media_id=media_id)
        wanted = (Audit.media_id == media_id) & Audit.action.not_in(READS)
        async with self._sessions.begin() as session:
            media = await session.scalar(select(Media).where(Media.id == media_id, visible_media(caller)))
            if media is None:
                raise MediaNotFound(media_id=media_id)
            total = await session.scalar(select(func.count()).select_from(Audit).where(wanted))
            query = select(Audit).where(wanted).order_by(Audit.id.desc()).limit(limit).offset(offset)
            changes = [change_of(row) for row in (await session.scalars(query)).all()]
        return History(media_id=MediaId(media.id), filename=media.filename, changes=changes, total=total or 0)


def change_of(row: Audit) -> Change:
    return Change(
        at=row.at,
        action=row.action,
        by=row.actor,
        media_id=row.media_id,
        request_number=row.request_number,
        detail=row.detail or {},
    )
