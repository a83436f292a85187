"""Closed requests that somebody may attach to all the same: what they were refused, until they say so."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select

from storage.access import may_override
from storage.database import Sessions
from storage.domain import Caller, MediaId, Stage
from storage.errors import RequestClosed
from storage.request_numbers import RequestNumber
from storage.tables import AskedOverride

_KEPT = timedelta(days=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """What is to be attached: ``media``, or what is on ``staff_card``."""

    number: RequestNumber
    media: tuple[MediaId, ...]
    stage: Stage | None
    staff_card: int | None


class Overrides:
    """The rows. A button only has the id; who pressed is checked against who was refused."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def ask(self, caller: Caller, refused: RequestClosed) -> int | None:
        """Remember it; None where there is nothing to be attached, or the caller may not override."""
        if not may_override(caller) or not (refused.media or refused.staff_card):
            return None
        row = AskedOverride(
            actor=caller.owner,
            number=str(refused.fields["number"]),
            media_ids=list(refused.media),
            stage=refused.stage,
            staff_card=refused.staff_card,
        )
        async with self._sessions.begin() as session:
            session.add(row)
            await session.flush()
            return row.id

    async def find(self, caller: Caller, override_id: int) -> Override | None:
        """None where it was too long ago, or somebody else's."""
        query = select(AskedOverride).where(AskedOverride.id == override_id, AskedOverride.actor == caller.owner)
        async with self._sessions.begin() as session:
            row = await session.scalar(query)
        if row is None:
            return None
        return Override(
            number=RequestNumber(row.number),
            media=tuple(MediaId(one) for one in row.media_ids),
            stage=None if row.stage is None else Stage(row.stage),
            staff_card=row.staff_card,
        )

    async def forget(self) -> None:
        """Drop what nobody will press any more."""
        async with self._sessions.begin() as session:
            await session.execute(delete(AskedOverride).where(AskedOverride.asked_at < func.now() - _KEPT))
