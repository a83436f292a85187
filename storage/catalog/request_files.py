"""What belongs to a request, as people look at it: each file with its place in the work, and what stands in its way."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from storage.access import require_reading_by_number
from storage.database import Sessions
from storage.domain import GONE, Caller, Category, MediaId, PartState
from storage.errors import MediaNotFound
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Part
from storage.views import MediaView, media_views

MOST_FILES = 1000
"""How many of a request's files are looked at; no real one has so many."""


class Side(StrEnum):
    """What a file shows: the state before the work, the work, the state after it, or something else."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    OTHER = "other"


class Obstacle(StrEnum):
    """Why a file is not in Telegram and on the web alike: too large for bots, broken, or on its way."""

    ONLY_TELEGRAM = "only_telegram"
    DAMAGED = "damaged"
    SHIPPING = "shipping"


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFile:
    """A media as one request has it. ``category`` is what it was attached as, which its own need not be."""

    view: MediaView
    category: Category
    attached_by: str
    attached_at: datetime
    damaged: bool

    @property
    def side(self) -> Side:
        return side_of(self.category)

    @property
    def obstacle(self) -> Obstacle | None:
        if self.damaged:
            return Obstacle.DAMAGED
        if not self.view.deliverable:
            return Obstacle.ONLY_TELEGRAM
        return None if self.view.stored else Obstacle.SHIPPING

    @property
    def readable(self) -> bool:
        """Whether HTTP can give its bytes away; what is on its way is read from where it waits."""
        return self.view.deliverable and not self.damaged


class RequestFiles:
    """The queries."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of_request(self, caller: Caller, number: RequestNumber) -> list[RequestFile]:
        """The files of a request that are not deleted: before, during, after, other; in each the oldest first.

        At most `MOST_FILES`. Raises `MissingScope` for people who may not read by number.
        """
        require_reading_by_number(caller)
        query = (
            select(Media, Attachment)
            .join(Attachment, Attachment.media_id == Media.id)
            .where(Attachment.request_number == number, Media.status.not_in(GONE))
            .order_by(Media.id)
            .limit(MOST_FILES)
        )
        async with self._sessions.begin() as session:
            rows = (await session.execute(query)).all()
            views = await media_views(session, [media for media, _ in rows])
            ids = [view.id for view in views]
            broken = select(Part.media_id).where(Part.media_id.in_(ids), Part.state == PartState.DAMAGED)
            damaged = set((await session.scalars(broken)).all())
        files = [
            RequestFile(
                view=view,
                category=link.category,
                attached_by=link.attached_by,
                attached_at=link.attached_at,
                damaged=view.id in damaged,
            )
            for view, (_, link) in zip(views, rows, strict=True)
        ]
        order = list(Side)
        return sorted(files, key=lambda file: (order.index(file.side), file.view.id))

    async def require(self, number: RequestNumber, media_id: MediaId) -> None:
        """Raise `MediaNotFound` where this media does not belong to the request (any more)."""
        attached = select(Attachment.media_id).where(
            Attachment.request_number == number, Attachment.media_id == media_id
        )
        async with self._sessions.begin() as session:
            if await session.scalar(attached) is None:
                raise MediaNotFound(media_id=media_id)


def side_of(category: Category) -> Side:
    """Where in the work a category belongs."""
    if category is Category.PROCESS_VIDEO:
        return Side.DURING
    match category.value.partition("_")[0]:
        case "request":
            return Side.BEFORE
        case "report" | "completion":
            return Side.AFTER
        case _:
            return Side.OTHER
