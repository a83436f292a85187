"""JSON schemas of options and faults, made of the code that reads them."""

from dataclasses import MISSING, Field, fields
from typing import Any, Final

from sandbox.config import FloodOptions, Options
from sandbox.control.routing import BOOLEAN, INTEGER, NUMBER, STRING, Json, obj, one_of
from sandbox.faults import KINDS

_TYPES: Final[dict[Any, Json]] = {bool: BOOLEAN, int: INTEGER, float: NUMBER, int | None: {"type": ["integer", "null"]}}


def _schema(field: Field[Any]) -> Json:
    if field.type is FloodOptions:
        return options_schema(FloodOptions)
    schema = dict(_TYPES[field.type])
    if "about" in field.metadata:
        schema["description"] = field.metadata["about"]
    if field.default is not MISSING:
        schema["default"] = field.default
    return schema


def options_schema(kind: type[Any]) -> Json:
    """Types, defaults and sentences of a dataclass of options."""
    return obj(**{field.name: _schema(field) for field in fields(kind)})


OPTIONS: Final = options_schema(Options)
_KIND: Final = {**one_of(*KINDS), "description": "; ".join(f"{kind}: {what}" for kind, what in KINDS.items())}
FAULT: Final = obj(
    "kind",
    kind=_KIND,
    method=STRING,
    bot=INTEGER,
    chat=INTEGER,
    count={**INTEGER, "minimum": 1},
    probability={**NUMBER, "minimum": 0, "maximum": 1},
    seed=INTEGER,
    retry_after=INTEGER,
    seconds=NUMBER,
    status=INTEGER,
    description=STRING,
    when=one_of("before", "in", "after"),
    sent=INTEGER,
    bytes=INTEGER,
)
