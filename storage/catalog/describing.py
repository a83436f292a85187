"""Words about a media that come after it: an album's caption, an edited caption, what its sender says next."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import select

from storage.access import visible_media
from storage.catalog.refreshing import refresh
from storage.database import Sessions
from storage.details import DESCRIPTION_LIMIT, TAGS_LIMIT
from storage.domain import GONE, Caller, MediaId
from storage.notices import media_changed
from storage.tables import Media


class Said(NamedTuple):
    """What somebody says about a media."""

    words: str | None = None
    tags: tuple[str, ...] = ()


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

        def said(media: Media) -> Said:
            words = _joined(media.description, description) if adding else description or media.description
            return Said(words, (*media.tags, *tags))

        await self._change(caller, ids, said)

    async def edit(self, caller: Caller, ids: Sequence[MediaId], before: Said, after: Said) -> None:
        """Words of the caller about their own media were edited: what they said before is taken back."""

        def said(media: Media) -> Said:
            kept = [tag for tag in media.tags if tag not in before.tags]
            return Said(_edited(media.description, before.words, after.words), (*kept, *after.tags))

        if before != after:
            await self._change(caller, ids, said)

    async def _change(self, caller: Caller, ids: Sequence[MediaId], said: Callable[[Media], Said]) -> None:
        own = select(Media).where(Media.id.in_(ids), Media.owner.in_(caller.owners), visible_media(caller))
        there = Media.status.not_in(GONE)
        async with self._sessions.begin() as session:
            for media in (await session.scalars(own.where(there).with_for_update())).all():
                words, tags = said(media)
                wanted = list(dict.fromkeys(tags))[:TAGS_LIMIT]
                if (words, wanted) == (media.description, media.tags):
                    continue
                media.description, media.tags = words, wanted
                await refresh(session, media)
                await media_changed(session, media.id)


def _edited(description: str | None, before: str | None, after: str | None) -> str | None:
    """The description with ``after`` where ``before`` stood in it; where it says something else, ``after`` is all."""
    if before and description and f"\n{before}\n" in f"\n{description}\n":
        left, _, right = f"\n{description}\n".partition(f"\n{before}\n")
        lines = [part.strip("\n") for part in (left, after or "", right)]
        return "\n".join(filter(None, lines))[:DESCRIPTION_LIMIT] or None
    return after or description


def _joined(before: str | None, more: str | None) -> str | None:
    """Both, each line once: the same words may be given again."""
    if not before or not more:
        return before or more
    said = before.split("\n")
    return "\n".join([*said, *(line for line in more.split("\n") if line not in said)])[:DESCRIPTION_LIMIT]
