"""The rows of parts that have arrived in their channels: one statement for all that does not need what another left.

It would be eight otherwise, and each of them waits for an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    DateTime,
    Executable,
    Row,
    TableValuedAlias,
    Text,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import PartState
from storage.ports import Sent
from storage.tables import Channel, FileRef, Intent, Media, Part
from storage.tables.many import ForRows, bare


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """Where a part is. ``caption`` is the digest of what its message says, None where that is not known.

    ``intent_id`` is the intent that is settled by it, if any.
    """

    part_id: int
    chat_id: int
    bot_id: int
    sent: Sent
    caption: bytes | None = None
    intent_id: int | None = None


async def note_arrivals(session: AsyncSession, arrivals: Sequence[Arrival], now: datetime) -> Sequence[Row[Any]]:
    """End their intents, raise the heads of their channels, and have the parts and their file ids say where they are.

    Returns those parts that were on their way. Their media are locked then, where ``locked`` names them: one that came
    into being while this waited for its rows is not.
    """
    rows = [
        {
            "id": arrival.part_id,
            "intent_id": arrival.intent_id,
            "bot_id": arrival.bot_id,
            "chat_id": arrival.chat_id,
            "message_id": arrival.sent.message_id,
            "caption_sent": arrival.caption,
            "file_id": arrival.sent.file_id,
            "file_unique_id": arrival.sent.file_unique_id or None,
        }
        for arrival in arrivals
    ]
    return (await _ARRIVED.run(session, rows, now=now)).all()


_C, _I, _M, _P = (bare(table).c for table in (Channel, Intent, Media, Part))


def _arrived(new: TableValuedAlias) -> Executable:
    ended = delete(bare(Intent)).where(_I.id.in_(select(new.c.intent_id))).cte("ended")
    placed = _placed(new)
    media = _media_of(placed)
    files = _files(new, placed, media)
    parts = select(placed, media.c.id.label("locked")).outerjoin(media, media.c.id == placed.c.media_id)
    return parts.add_cte(ended, _raised(new), files)


def _raised(new: TableValuedAlias) -> CTE:
    """Locked in an order, as the parts and the media: two who settle several never wait for each other."""
    head, more = func.max(new.c.message_id).label("head"), func.count().label("more")
    seen = select(new.c.chat_id, head, more).group_by(new.c.chat_id).cte("seen")
    known = select(_C.id, _C.chat_id).where(_C.chat_id.in_(select(seen.c.chat_id))).order_by(_C.chat_id)
    locked = known.with_for_update().cte("channels_locked")
    raised = update(bare(Channel)).where(_C.id == locked.c.id, seen.c.chat_id == locked.c.chat_id)
    greatest = func.greatest(_C.head_message_id, seen.c.head)
    return raised.values(head_message_id=greatest, posted=_C.posted + seen.c.more).cte("raised")


def _placed(new: TableValuedAlias) -> CTE:
    shipping = (_P.state == PartState.SHIPPING) & _P.id.in_(select(new.c.id))
    locked = select(_P.id).where(shipping).order_by(_P.id).with_for_update().cte("parts_locked")
    places = {name: new.c[name] for name in ("chat_id", "message_id", "caption_sent")}
    placed = update(bare(Part)).where(_P.id == locked.c.id, new.c.id == locked.c.id)
    placed = placed.values(state=PartState.STORED, stored_at=bindparam("now", type_=DateTime(timezone=True)), **places)
    names = _P.id, _P.media_id, _P.media_key, _P.index.label("part_index"), _P.origin
    sources = [cell for cell in _P if cell.name.startswith("source_")]
    return placed.returning(*names, *sources).cte("placed")


def _media_of(placed: CTE) -> CTE:
    theirs = select(_M.id, _M.telegram_unique_id).where(_M.id.in_(select(placed.c.media_id)))
    return theirs.order_by(_M.id).with_for_update().cte("media_locked")


def _files(new: TableValuedAlias, placed: CTE, media: CTE) -> CTE:
    """The file ids: those that Telegram told, else those of the messages that were copied."""
    told = (new.c.file_id.is_(None)) & placed.c.source_bot_id.is_not(None)
    cells = {
        "part_id": placed.c.id,
        "bot_id": case((told, placed.c.source_bot_id), else_=new.c.bot_id),
        "file_id": func.coalesce(new.c.file_id, placed.c.source_file_id),
        "file_unique_id": func.coalesce(
            new.c.file_unique_id, placed.c.source_file_unique_id, media.c.telegram_unique_id, ""
        ),
    }
    known = select(*cells.values()).join(new, new.c.id == placed.c.id)
    known = known.outerjoin(media, media.c.id == placed.c.media_id).where(cells["file_id"].is_not(None))
    refs = insert(bare(FileRef)).from_select([*cells], known)
    values = {"file_id": refs.excluded.file_id, "file_unique_id": refs.excluded.file_unique_id}
    return refs.on_conflict_do_update(index_elements=["part_id", "bot_id"], set_=values).cte("files")


_ARRIVED = ForRows(Part, _arrived, intent_id=BigInteger(), bot_id=BigInteger(), file_id=Text(), file_unique_id=Text())
