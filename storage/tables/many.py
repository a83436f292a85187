"""Many rows in one statement: they go to PostgreSQL as one JSON value, so the statement is the same for any number.

A statement with a placeholder per cell is compiled, prepared and planned anew for every number of rows.

What is asked often is built once, as `ForRows`: SQLAlchemy takes longer to build such a statement, and to find out that
it knows it, than to run it.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Executable,
    Result,
    TableValuedAlias,
    Text,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy import Table as BareTable
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from storage.tables.base import Table

Row = Mapping[str, Any]
"""Values by the names of columns; every row of a set has the same names."""


def given(table: type[Table], rows: Sequence[Row], **more: TypeEngine[Any]) -> TableValuedAlias:
    """The rows as something to select and to update from: columns of ``table``, and ``more`` by their types.

    There is at least one row.
    """
    return _source(table, tuple(rows[0]), literal(_as_json(rows), Text), more)


def inserted(table: type[Table], rows: Sequence[Row], **more: Any) -> Insert:
    """An insert of the rows; ``more`` are columns given as SQL, the same for all. There is at least one row."""
    return _filled(insert(table), given(table, rows), more)


def insert_of(table: type[Table], new: TableValuedAlias, **more: Any) -> Insert:
    """`inserted` for `ForRows`, of what it is given."""
    return _filled(insert(bare(table)), new, more)


def update_by(table: type[Table], new: TableValuedAlias, **more: Any) -> Update:
    """For `ForRows`: an update of the rows with the given ``id``; ``more`` is set in all of them."""
    values = {cell.name: cell for cell in new.c if cell.name != "id"}
    return update(bare(table)).where(bare(table).c.id == new.c.id).values(**values, **more)


class ForRows:
    """A statement about rows that are given to it when it is run: built once for each set of names that they have.

    ``build`` makes it, of the rows as `given` has them; values that differ from run to run it names by ``bindparam``.
    """

    def __init__(
        self, table: type[Table], build: Callable[[TableValuedAlias], Executable], **more: TypeEngine[Any]
    ) -> None:
        self._table = table
        self._build = build
        self._more = more
        self._built: dict[tuple[str, ...], Executable] = {}

    async def run(self, session: AsyncSession, rows: Sequence[Row], **values: Any) -> Result[Any]:
        """There is at least one row."""
        names = tuple(rows[0])
        statement = self._built.get(names)
        if statement is None:
            source = _source(self._table, names, bindparam("rows", type_=Text), self._more)
            statement = self._built[names] = self._build(source)
        return await session.execute(statement, {"rows": _as_json(rows), **values})


class ForSets:
    """`ForRows` about rows of several tables at once, each set of them by its name.

    ``build`` gets each as its argument of that name, but for those that have no rows.
    """

    def __init__(
        self, build: Callable[..., Executable], tables: Mapping[str, type[Table]], **more: TypeEngine[Any]
    ) -> None:
        self._build = build
        self._tables = tables
        self._more = more
        self._built: dict[tuple[tuple[str, ...], ...], Executable] = {}

    async def run(self, session: AsyncSession, **sets: Sequence[Row]) -> Result[Any]:
        """One of the sets has a row."""
        there = {name: rows for name, rows in sets.items() if rows}
        names = tuple((name, *rows[0]) for name, rows in there.items())
        statement = self._built.get(names)
        if statement is None:
            statement = self._built[names] = self._build(**{name: self._given(name, of) for name, *of in names})
        return await session.execute(statement, {name: _as_json(rows) for name, rows in there.items()})

    def _given(self, name: str, names: Sequence[str]) -> TableValuedAlias:
        return _source(self._tables[name], names, bindparam(name, type_=Text), self._more)


def among(cell: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """``cell.in_(values)`` as a statement that is the same for any number of values."""
    wanted = sorted({value for value in values if value is not None})
    return cell == any_(literal(wanted, ARRAY(cell.type)))


def among_these(cell: ColumnElement[Any], name: str = "ids") -> ColumnElement[bool]:
    """`among` for statements that are built once: the values are given as ``name`` when it is run."""
    return cell == any_(bindparam(name, type_=ARRAY(cell.type)))


def _source(
    table: type[Table], names: Sequence[str], rows: ColumnElement[str], more: Mapping[str, TypeEngine[Any]]
) -> TableValuedAlias:
    cells = table.__table__.c
    columns = [column(name, more[name] if name in more else cells[name].type) for name in names]
    source = func.json_to_recordset(cast(rows, JSON)).table_valued(*columns, name="given")
    return source.render_derived(with_types=True)


def _filled(statement: Insert, new: TableValuedAlias, more: Mapping[str, Any]) -> Insert:
    return statement.from_select([*new.c.keys(), *more], select(*new.c, *more.values()))


def bare(table: type[Table]) -> BareTable:
    """The table without its class: SQLAlchemy does nothing then but to run the statement."""
    assert isinstance(table.__table__, BareTable)
    return table.__table__


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=_plain)


def _plain(value: object) -> str:
    match value:
        case bytes():
            return "\\x" + value.hex()
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
    raise TypeError(f"no column takes {type(value).__name__}")
