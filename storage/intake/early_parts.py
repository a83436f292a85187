"""Parts that end before their file does: recorded and shipped while the rest arrives."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.content import ContentType
from storage.database import Sessions
from storage.details import Details
from storage.engine.fresh import FreshParts, NewPart, Place
from storage.intake.part_writing import SpooledPart
from storage.intake.upload_rows import Origin, category_of, part_values, upload_facts, upload_values
from storage.tables import Upload

Also = Callable[[AsyncSession], Awaitable[None]]
"""What else is to be done in the transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlyPart:
    """A part, and what is known of its upload. ``total`` is its length; ``near``: the channel of its earlier parts."""

    origin: Origin
    part: SpooledPart
    content_type: ContentType
    details: Details
    total: int | None
    near: int | None


class EarlyParts:
    """Records them."""

    def __init__(self, sessions: Sessions, fresh: FreshParts) -> None:
        self._sessions = sessions
        self._fresh = fresh

    async def record(self, early: EarlyPart, *, described: bool, existed: bool, also: Also | None) -> int | None:
        """Returns the channel into which it goes, where that is known. Raises `ChannelNotBound`.

        ``existed``: the upload has a row; ``described``: which says what captions of early parts need.
        """
        purpose = category_of(early.details, early.content_type).purpose
        async with self._fresh.place(purpose, early.part.size, prefer=early.near) as place:
            async with self._sessions.begin() as session:
                await _describe(session, early, described=described, existed=existed)
                (departure,) = await self._fresh.record(session, [_new_part(early, place)])
                if also is not None:
                    await also(session)
            place.departure = departure
        return None if departure is None else departure.lane.chat_id


def _new_part(early: EarlyPart, place: Place) -> NewPart:
    category = category_of(early.details, early.content_type)
    return NewPart(
        row=part_values(early.origin, early.part, category, media_id=None, last=False),
        facts=upload_facts(early.origin, early.content_type, early.details),
        media=None,
        lane=place.lane,
    )


async def _describe(session: AsyncSession, early: EarlyPart, *, described: bool, existed: bool) -> None:
    """Have the upload's row say what captions of early parts need."""
    if described:
        return
    row = upload_values(early.origin, early.content_type, early.details, early.total)
    if existed:
        told = {"details": row["details"], "filename": row["filename"]}
        await session.execute(update(Upload).where(Upload.id == row["id"]).values(**told))
    else:
        session.add(Upload(**row))
        await session.flush()
