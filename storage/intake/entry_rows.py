"""The rows of files that are whole, with their parts and intents: one statement for all.

It would be five otherwise, and each of them waits for an answer.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Executable, TableValuedAlias, Uuid, func, select
from sqlalchemy import Row as SqlRow
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import EventType
from storage.engine.fresh import MADE, Plan, beside_intents
from storage.events.outbox import listening
from storage.intake.media_rows import INDEXED, media_inserted
from storage.tables import Audit, Intent, Media, Part, Upload
from storage.tables.base import Table
from storage.tables.many import ForSets, Row, bare


async def insert_entries(
    session: AsyncSession, plan: Plan, *, media: Sequence[Row], uploads: Sequence[Row], changes: Sequence[Row]
) -> Sequence[SqlRow[Any]]:
    """A row for each part: itself as `beside_intents` tells it, ``duplicate_of`` and ``caption_wanted`` of its media.

    ``heard`` says whether anybody is to hear of new media. ``media`` are as `described`; ``uploads`` and ``changes``
    name theirs by ``media_key``. Every media has a part.
    """
    parts, intents = plan.part_rows, plan.intent_rows
    made = await _ENTERED.run(session, media=media, uploads=uploads, changes=changes, parts=parts, intents=intents)
    return made.all()


def _entered(
    *,
    media: TableValuedAlias,
    changes: TableValuedAlias,
    parts: TableValuedAlias,
    uploads: TableValuedAlias | None = None,
    intents: TableValuedAlias | None = None,
) -> Executable:
    made = media_inserted(media).cte("made")
    recorded = _of_media(Part, parts, made).returning(*MADE).cte("recorded")
    besides = [_of_media(Audit, changes, made).cte("noted")]
    if uploads is not None:
        besides.append(_of_media(Upload, uploads, made, finished_at=func.now()).cte("ended"))
    heard = listening(EventType.MEDIA_RECEIVED).label("heard")
    told = beside_intents(recorded, intents).join(made, made.c.key == recorded.c.media_key)
    return told.add_columns(made.c.duplicate_of, made.c.caption_wanted, heard).add_cte(*besides)


def _of_media(table: type[Table], new: TableValuedAlias, made: CTE, **more: ColumnElement[Any]) -> Insert:
    """An insert of rows that name their media by its key."""
    columns = bare(table).c
    cells: dict[str, ColumnElement[Any]] = {cell.name: cell for cell in new.c if cell.name in columns}
    cells |= {"media_id": made.c.id, **more}
    rows = select(*cells.values()).join(made, made.c.key == new.c.media_key)
    return insert(bare(table)).from_select([*cells], rows)


_TABLES: dict[str, type[Table]] = {
    "media": Media,
    "uploads": Upload,
    "changes": Audit,
    "parts": Part,
    "intents": Intent,
}
_ENTERED = ForSets(_entered, _TABLES, media_key=Uuid(), **INDEXED)
