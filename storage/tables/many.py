"""Many rows in one statement: they go to PostgreSQL as one JSON value, so the statement is the same for any number.

A statement with a placeholder per cell is compiled, prepared and planned anew for every number of rows.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    TableValuedAlias,
    Text,
    Update,
    any_,
    cast,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from storage.tables.base import Table

Row = Mapping[str, Any]
"""Values by the names of columns; every row of a set has the same names."""


def given(table: type[Table], rows: Sequence[Row], **more: TypeEngine[Any]) -> TableValuedAlias:
    """The rows as something to select and to update from: columns of ``table``, and ``more`` by their types.

    There is at least one row.
    """
    cells = table.__table__.c
    columns = [column(name, more[name] if name in more else cells[name].type) for name in rows[0]]
    return func.json_to_recordset(_as_json(rows)).table_valued(*columns, name="given").render_derived(with_types=True)


def inserted(table: type[Table], rows: Sequence[Row], **more: Any) -> Insert:
    """An insert of the rows; ``more`` are columns given as SQL, the same for all. There is at least one row."""
    source = given(table, rows)
    cells = [source.c[name] for name in rows[0]]
    return insert(table).from_select([*rows[0], *more], select(*cells, *more.values()))


def changed(table: type[Table], rows: Sequence[Row], **more: Any) -> Update:
    """An update of the rows with these ``id``; ``more`` is set in all of them. There is at least one row."""
    new = given(table, rows)
    cells = table.__table__.c
    values = {name: new.c[name] for name in rows[0] if name != "id"}
    same = update(table).where(cells.id == new.c.id).values(**values, **more)
    return same.execution_options(synchronize_session=False)


def among(cell: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """``cell.in_(values)`` as a statement that is the same for any number of values."""
    wanted = sorted({value for value in values if value is not None})
    return cell == any_(literal(wanted, ARRAY(cell.type)))


def _as_json(rows: Sequence[Row]) -> Any:
    return cast(literal(json.dumps(rows, default=_plain), Text), JSON)


def _plain(value: object) -> str:
    match value:
        case bytes():
            return "\\x" + value.hex()
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
    raise TypeError(f"no column takes {type(value).__name__}")
