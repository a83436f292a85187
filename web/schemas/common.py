"""What the models of requests and answers share."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from storage.errors import InvalidRequestNumber
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_request_number

LARGEST_ID = 2**63 - 1
REQUEST_NUMBER = "request-number"
"""The format of request numbers in schemas: whoever takes one may answer `InvalidRequestNumber`."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1970, 2999


class Given(BaseModel):
    """A base for what callers send: a field that is not known is refused by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Shown(BaseModel):
    """A base for what is answered. It describes; handlers answer with what `web.rendering` makes.

    A test that validates an answer finds every field that the model does not know. Callers are not told so: answers
    may grow.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(schema)
        handler.resolve_ref_schema(made).pop("additionalProperties", None)
        return made


def _request_number(text: str) -> RequestNumber:
    try:
        return parse_request_number(text)
    except NotANumber as error:
        raise InvalidRequestNumber(value=text[:64]) from error


RequestNumberText = Annotated[
    str,
    AfterValidator(_request_number),
    WithJsonSchema(
        {
            "type": "string",
            "format": REQUEST_NUMBER,
            "pattern": "^[0-9]{6}-[0-9]{3,9}$",
            "description": "`YYMMDD-NNN` with a real date",
            "examples": ["250926-001"],
        }
    ),
]
"""Raises `InvalidRequestNumber`, which passes through pydantic as it is."""


def _written_out(given: object) -> object:
    """A time as it is meant: pydantic takes a number, even in a text, for seconds since 1970.

    It is read here: what a validator hands on is no JSON any more, and a strict body would refuse a text.
    """
    if isinstance(given, datetime):
        return given
    if not isinstance(given, str) or not _RFC3339.match(given):
        raise ValueError("should be a time as 2025-09-26T08:15:00Z")
    return datetime.fromisoformat(given)


def _in_range(when: datetime) -> datetime:
    """Other years overflow where time zones are added."""
    if not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        raise ValueError(f"should be between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return when


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_range)]
"""A time with its offset."""

MediaIdNumber = Annotated[int, Field(ge=1, le=LARGEST_ID, examples=[17])]


class Page(Given):
    """A part of a list."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=LARGEST_ID)] = 0


class Problem(BaseModel):
    """An error, RFC 9457. Fields of that error (`limit`, `size`, `retry_after`, `errors`, …) stand beside these."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:mediagate:problem:media_not_found"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable, for programs", examples=["media_not_found"])
    instance: str = Field(description="Names this request: the id is also in `X-Request-ID`")
