"""The file ids of parts, remembered for a moment: who reads one part of a media reads its neighbours next.

A file id opens no door: whether a caller may see a media, and whether it is deleted, is asked with every request.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Row, select

from storage.database import Sessions
from storage.domain import PartState
from storage.tables import FileRef, Part

FRESH = 20.0
"""Seconds that a row is taken for true: where a part's message is may change while a long file is read."""

_NEIGHBOURS = 50
"""Parts before and after the one that is asked for, whose file ids come in the same statement."""

_MOST_KNOWN = 10_000
Place = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class _Known:
    read_at: float
    place: Place
    by_bot: dict[int, str] = field(default_factory=dict)


class KnownRefs:
    """The rows of `FileRef`, by part."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._known: dict[int, _Known] = {}

    async def of(self, part: Part) -> Mapping[int, str]:
        """The part's file id of each bot that has one. Of a part that is not stored, as they are at this moment.

        What was found wrong is taken out of the table, and its part is damaged: so memory is not asked then.
        """
        known = self._known.get(part.id)
        if (
            known is None
            or part.state is not PartState.STORED
            or known.place != (part.chat_id, part.message_id)
            or known.read_at < time.monotonic() - FRESH
        ):
            self._remember(part, await self._rows(part))
            known = self._known.get(part.id)
        return {} if known is None else known.by_bot

    def forget(self, part_id: int) -> None:
        """A file id of this part did not do, or there is a new one."""
        self._known.pop(part_id, None)

    async def _rows(self, part: Part) -> Sequence[Row[int, int | None, int | None, int, str]]:
        near = Part.index.between(part.index - _NEIGHBOURS, part.index + _NEIGHBOURS)
        query = (
            select(Part.id, Part.chat_id, Part.message_id, FileRef.bot_id, FileRef.file_id)
            .join(FileRef, FileRef.part_id == Part.id)
            .where(Part.media_key == part.media_key, near)
        )
        async with self._sessions.begin() as session:
            return (await session.execute(query)).all()

    def _remember(self, part: Part, rows: Sequence[Row[int, int | None, int | None, int, str]]) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self.forget(part.id)
        now, found = time.monotonic(), dict[int, _Known]()
        for part_id, chat_id, message_id, bot_id, file_id in rows:
            found.setdefault(part_id, _Known(now, (chat_id, message_id))).by_bot[bot_id] = file_id
        self._known.update(found)
