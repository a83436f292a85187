"""What the models of requests and answers share."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from storage.errors import InvalidRequestNumber
from storage.request_numbers import InvalidRequestNumber as NotANumber
from storage.request_numbers import RequestNumber, parse_request_number

LARGEST_ID = 2**63 - 1


class Given(BaseModel):
    """A base for what callers send: a field that is not known is refused by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Shown(BaseModel):
    """A base for what is answered. It describes; handlers answer with what `web.rendering` makes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _request_number(text: str) -> RequestNumber:
    try:
        return parse_request_number(text)
    except NotANumber as error:
        raise InvalidRequestNumber(value=text[:64]) from error


RequestNumberText = Annotated[
    str,
    AfterValidator(_request_number),
    Field(description="`YYMMDD-NNN` with a real date", examples=["250926-001"]),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{6}-[0-9]{3,9}$"}),
]
"""Raises `InvalidRequestNumber`, which passes through pydantic as it is."""

MediaIdNumber = Annotated[int, Field(ge=1, le=LARGEST_ID, examples=[17])]


class Page(Given):
    """A part of a list."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=LARGEST_ID)] = 0
