"""Words about a media that come after it: an album's caption, an edited caption."""

from collections.abc import Sequence

from sqlalchemy import select

from storage.access import visible_media
from storage.catalog.refreshing import refresh
from storage.database import Sessions
from storage.details import TAGS_LIMIT
from storage.domain import GONE, Caller, MediaId
from storage.notices import media_changed
from storage.tables import Media


class Describing:
    """The use case. Idempotent."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def describe(
        self, caller: Caller, ids: Sequence[MediaId], *, description: str | None, tags: Sequence[str]
    ) -> None:
        """Give the caller's own media a description, in place of an earlier one, and add tags; others stay."""
        own = select(Media).where(Media.id.in_(ids), Media.owner == caller.owner, visible_media(caller))
        there = Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            for media in (await session.scalars(own.where(there).with_for_update())).all():
                wanted = list(dict.fromkeys([*media.tags, *tags]))[:TAGS_LIMIT]
                if (description or media.description, wanted) == (media.description, media.tags):
                    continue
                media.description, media.tags = description or media.description, wanted
                await refresh(session, media)
                await media_changed(session, media.id)
