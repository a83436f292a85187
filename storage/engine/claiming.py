"""Intents: committed before each send, so that whatever a lost answer left behind can be found.

Each names its lane and says which message ids were known in its channel before the send: a copy has a greater one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import PartState
from storage.engine import reconciling
from storage.ports import LaneKey
from storage.tables import Channel, Intent, Part
from storage.tables.many import ForRows, Row, among, given, insert_of
from storage.wakeups import wake_reconciler


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A part that is to be sent on a lane, as it was when that was chosen."""

    part: Part
    lane: LaneKey


async def claim_parts(
    session: AsyncSession, claims: Sequence[Claim], *, node: str, now: datetime
) -> Sequence[int | None]:
    """The intents' ids; None where the part is not spooled any more, or belongs into another channel now.

    By compare-and-set, so that two jobs never send the same part.
    """
    seen = given(Part, [{"id": claim.part.id, "purpose": claim.part.purpose} for claim in claims])
    unchanged = (Part.id == seen.c.id) & (Part.state == PartState.SPOOLED) & (Part.purpose == seen.c.purpose)
    taken = await session.execute(
        update(Part)
        .where(unchanged)
        .values(state=PartState.SHIPPING, attempt=Part.attempt + 1)
        .returning(Part.id, Part.attempt)
        .execution_options(synchronize_session=False)
    )
    attempts = {row.id: row.attempt for row in taken}
    ours = [claim for claim in claims if claim.part.id in attempts]
    if not ours:
        return [None] * len(claims)
    heads = await _heads(session, {claim.lane.chat_id for claim in ours})
    tries = [attempts[claim.part.id] for claim in ours]
    ids = dict(zip(map(id, ours), await note_intents(session, ours, tries, heads, node=node, now=now), strict=True))
    return [ids.get(id(claim)) for claim in claims]


_NEW = Intent.__table__.c
_INTENTS = ForRows(Intent, lambda new: insert_of(Intent, new).returning(_NEW.id, _NEW.media_key, _NEW.part_index))


async def note_intents(
    session: AsyncSession,
    claims: Sequence[Claim],
    attempts: Sequence[int],
    heads: Mapping[int, int],
    *,
    node: str,
    now: datetime,
) -> Sequence[int]:
    """The ids of new intents, of the claims' attempts that are about to begin.

    ``heads`` are the greatest message ids that are known in the channels.
    """
    rows = [
        intent_row(claim.part.media_key, claim.part.index, attempt, claim.lane, heads, node=node, now=now)
        for claim, attempt in zip(claims, attempts, strict=True)
    ]
    made = await _INTENTS.run(session, rows)
    ids = {(row.media_key, row.part_index): row.id for row in made}
    return [ids[claim.part.media_key, claim.part.index] for claim in claims]


def intent_row(
    media_key: UUID, index: int, attempt: int, lane: LaneKey, heads: Mapping[int, int], *, node: str, now: datetime
) -> Row:
    """An intent that is to be noted before an attempt; ``heads`` as for `note_intents`."""
    return {
        "media_key": media_key,
        "part_index": index,
        "attempt": attempt,
        "bot_id": lane.bot_id,
        "chat_id": lane.chat_id,
        "after_message_id": heads.get(lane.chat_id, 0),
        "node": node,
        "settle_at": now,
    }


async def release_part(session: AsyncSession, part_id: int, intent_id: int, next_attempt_at: datetime) -> None:
    """The call had no effect: the part is spooled again."""
    await session.execute(delete(Intent).where(Intent.id == intent_id))
    shipping = (Part.id == part_id) & (Part.state == PartState.SHIPPING)
    await session.execute(update(Part).where(shipping).values(state=PartState.SPOOLED, next_attempt_at=next_attempt_at))


async def leave_open(session: AsyncSession, chat_id: int, intent_id: int, now: datetime) -> None:
    """The call may have worked: nobody sends this part again before the channel was searched."""
    settle_at = now + timedelta(seconds=reconciling.SETTLE_SECONDS)
    await session.execute(update(Intent).where(Intent.id == intent_id).values(running=False, settle_at=settle_at))
    await wake_reconciler(session, chat_id, delay=reconciling.SETTLE_SECONDS)


async def _heads(session: AsyncSession, chat_ids: set[int]) -> dict[int, int]:
    query = select(Channel.chat_id, Channel.head_message_id).where(among(Channel.chat_id, chat_ids))
    return {row.chat_id: row.head_message_id for row in await session.execute(query)}
