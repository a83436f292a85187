"""New media of files that are in Telegram already: their rows, for many with as few statements as for one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from storage.auditing.audit import change_row
from storage.domain import EventType
from storage.engine.captions import Facts
from storage.events.outbox import listened_to, tell
from storage.intake.telegram_files import Taking
from storage.search.indexing import vector
from storage.search.lexemes import Searchable
from storage.tables import Audit, Media, Part
from storage.tables.many import given, inserted
from storage.wakeups import wake_inspectors, wake_shippers

_INDEXED: dict[str, TypeEngine[Any]] = {"stemmed": Text(), "lexemes": ARRAY(Text())}


async def add_media(session: AsyncSession, takings: Sequence[Taking], *, node: str) -> Sequence[int]:
    """Their ids, in their order. There is at least one, and their channels are bound.

    They are indexed, their parts are on their way, and whoever wants to know is told.
    """
    rows = [taking.media_values() for taking in takings]
    ids = await _insert_media(session, rows)
    parts = [taking.part_values(row, media_id, node) for taking, row, media_id in zip(takings, rows, ids, strict=True)]
    made = await session.execute(inserted(Part, parts).returning(Part.id, Part.media_id))
    part_of = {row.media_id: row.id for row in made}
    changes = [
        change_row(taking.caller.owner, "taken_in", media_id=media_id, detail={"source": "telegram"})
        for taking, media_id in zip(takings, ids, strict=True)
    ]
    await session.execute(inserted(Audit, changes))
    await _tell(session, ids)
    inspected = [media_id for taking, media_id in zip(takings, ids, strict=True) if taking.inspectable]
    await wake_inspectors(session, node, inspected)
    await wake_shippers(session, node, [part_of[media_id] for media_id in ids if media_id not in inspected])
    return ids


async def _insert_media(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> list[int]:
    new = given(Media, [row | _derived(row) for row in rows], **_INDEXED)
    names = [*rows[0], "caption_wanted"]
    cells = [*(new.c[name] for name in names), vector(new.c.stemmed, new.c.lexemes)]
    statement = insert(Media).from_select([*names, "search"], select(*cells)).returning(Media.id, Media.key)
    by_key = {row.key: row.id for row in await session.execute(statement)}
    return [by_key[row["key"]] for row in rows]


def _derived(row: dict[str, Any]) -> dict[str, Any]:
    """What its index and its caption are made of. It belongs to no request yet."""
    names = (row["filename"], row["external_id"] or "", *row["tags"])
    searchable = Searchable(names=names, prose=row["description"] or "")
    facts = Facts(
        filename=row["filename"],
        content_type=row["content_type"],
        file_type=row["file_type"],
        category=row["category"],
        tags=tuple(row["tags"]),
        description=row["description"],
        who=row["owner"],
        when="",
    )
    return {"stemmed": searchable.stemmed(), "lexemes": searchable.lexemes(), "caption_wanted": facts.digest}


async def _tell(session: AsyncSession, ids: Sequence[int]) -> None:
    if await listened_to(session, EventType.MEDIA_RECEIVED):
        for media in await session.scalars(select(Media).where(Media.id.in_(ids)).order_by(Media.id)):
            await tell(session, EventType.MEDIA_RECEIVED, media, by=media.owner)
