"""New rows of media with what is derived from them: the search index, and what their captions are to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, TableValuedAlias, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from storage.domain import GONE, MediaId
from storage.engine.captions import Facts
from storage.search.indexing import vector
from storage.search.lexemes import Searchable
from storage.tables import Media
from storage.tables.many import ForRows, Row, bare

INDEXED: dict[str, TypeEngine[Any]] = {"stemmed": Text(), "lexemes": ARRAY(Text())}


@dataclass(frozen=True)
class NewMedia:
    """What PostgreSQL said of a media. ``duplicate_of``: its owner's oldest with the same bytes, as far as known."""

    id: MediaId
    duplicate_of: MediaId | None
    caption_wanted: bytes


async def insert_media(session: AsyncSession, rows: Sequence[Row]) -> list[NewMedia]:
    """Insert media as `described`, in one statement, and return them in their order. There is at least one."""
    made = await _MEDIA.run(session, rows)
    by_key = {row.key: NewMedia(row.id, row.duplicate_of, row.caption_wanted) for row in made}
    return [by_key[row["key"]] for row in rows]


def media_inserted(new: TableValuedAlias) -> ReturningInsert[*tuple[Any, ...]]:
    """The insert of rows as `described`, with `INDEXED` as types of what they have besides columns."""
    cells: dict[str, ColumnElement[Any]] = {cell.name: cell for cell in new.c if cell.name not in INDEXED}
    cells["search"] = vector(new.c.stemmed, new.c.lexemes)
    if "sha256" in new.c:
        cells["duplicate_of"] = _first_of_own(new.c.owner, new.c.sha256)
    statement = insert(bare(Media)).from_select([*cells], select(*cells.values()))
    made = Media.__table__.c
    return statement.returning(made.key, made.id, made.duplicate_of, made.caption_wanted)


_MEDIA = ForRows(Media, media_inserted, **INDEXED)


def _first_of_own(owner: ColumnElement[str], sha256: ColumnElement[bytes]) -> ColumnElement[int | None]:
    earlier = Media.__table__.alias("earlier").c
    same = (earlier.owner == owner) & (earlier.sha256 == sha256) & earlier.status.not_in(GONE)
    return select(func.min(earlier.id)).where(same).scalar_subquery()


def described(row: Row, numbers: Sequence[str] = ()) -> Row:
    """The columns of a media, and what `storage.catalog.refreshing.refresh` derives for one that exists.

    ``numbers`` are the requests it is about to be attached to. It takes up to a millisecond: not to be done for many
    in one go of the event loop.
    """
    names = (row["filename"], row["external_id"] or "", *row["tags"])
    searchable = Searchable(names=names, numbers=tuple(numbers), prose=row["description"] or "")
    facts = Facts(
        filename=row["filename"],
        content_type=row["content_type"],
        file_type=row["file_type"],
        category=row["category"],
        request_numbers=tuple(numbers),
        tags=tuple(row["tags"]),
        description=row["description"],
        who=row["owner"],
        when="",
    )
    return {**row, "stemmed": searchable.stemmed(), "lexemes": searchable.lexemes(), "caption_wanted": facts.digest}
