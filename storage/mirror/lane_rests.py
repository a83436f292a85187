"""Lanes that files cannot be fetched by at present: while Telegram asks a bot to wait, others go on.

Which bot that was nobody says. It is one of those that know the part's file, or, where none does, one that would have
to look at its message: so all parts rest that nobody else could fetch.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from storage.jobs import Later
from storage.tables import FileRef, Part

_NO_BOT = 0
_SHORTEST, _LONGEST = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class _Rest:
    """``after``: the id of the last part before those that were passed over."""

    until: datetime
    after: int


class LaneRests:
    """Pairs of a bot (or none) and a channel, and until when they rest."""

    def __init__(self) -> None:
        self._rests: dict[tuple[int, int], _Rest] = {}

    async def begin(self, session: AsyncSession, part: Part, now: datetime, seconds: float) -> None:
        """A part cannot be fetched for so long."""
        assert part.chat_id is not None
        until, after = now + timedelta(seconds=max(_SHORTEST, seconds)), part.id - 1
        bots = (await session.scalars(select(FileRef.bot_id).where(FileRef.part_id == part.id))).all()
        for lane in [(bot_id, part.chat_id) for bot_id in bots or [_NO_BOT]]:
            before = self._rests.get(lane)
            self._rests[lane] = _Rest(until, after if before is None else min(after, before.after))

    def end(self, now: datetime, after: int) -> int:
        """Let go on what may: the id after which there is something to do again, ``after`` where nothing changes."""
        over = {lane: rest for lane, rest in self._rests.items() if rest.until <= now}
        for lane in over:
            del self._rests[lane]
        return min([after, *(rest.after for rest in over.values())])

    def free(self) -> ColumnElement[bool]:
        """Parts that some lane may fetch."""
        if not self._rests:
            return true()
        mine = FileRef.part_id == Part.id
        known = exists().where(mine, tuple_(FileRef.bot_id, Part.chat_id).not_in([*self._rests]))
        looked_for = ~exists().where(mine) & Part.chat_id.not_in([chat for bot, chat in self._rests if bot == _NO_BOT])
        return known | looked_for

    def require_none(self, now: datetime) -> None:
        """To be called when there is nothing else to do. Raises `Later` for the lane that may go on first.

        A minute at most: what comes meanwhile may be another lane's.
        """
        if self._rests:
            first = min(rest.until for rest in self._rests.values())
            raise Later(min(_LONGEST, max(0.0, (first - now).total_seconds())), "lanes are to be waited for")
