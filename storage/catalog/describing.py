"""Words about a media that come after it: an album's caption, an edited caption, what its sender says next."""

from collections.abc import Sequence

from sqlalchemy import select

from storage.access import visible_media
from storage.catalog.refreshing import refresh
from storage.database import Sessions
from storage.details import DESCRIPTION_LIMIT, TAGS_LIMIT
from storage.domain import GONE, Caller, MediaId
from storage.notices import media_changed
from storage.tables import Media


class Describing:
    """The use case. Idempotent."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def describe(
        self,
        caller: Caller,
        ids: Sequence[MediaId],
        *,
        description: str | None,
        tags: Sequence[str],
        adding: bool = False,
    ) -> None:
        """Give the caller's own media a description and add tags; others' stay as they are.

        The description takes the place of an earlier one, or with ``adding`` becomes a line after it.
        """
        own = select(Media).where(Media.id.in_(ids), Media.owner == caller.owner, visible_media(caller))
        there = Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            for media in (await session.scalars(own.where(there).with_for_update())).all():
                wanted = list(dict.fromkeys([*media.tags, *tags]))[:TAGS_LIMIT]
                words = _joined(media.description, description) if adding else description or media.description
                if (words, wanted) == (media.description, media.tags):
                    continue
                media.description, media.tags = words, wanted
                await refresh(session, media)
                await media_changed(session, media.id)


def _joined(before: str | None, more: str | None) -> str | None:
    """Both, unless the one has the other already: the same words may be given twice."""
    if not before or not more:
        return before or more
    return before if f"\n{more}\n" in f"\n{before}\n" else f"{before}\n{more}"[:DESCRIPTION_LIMIT]
