"""What a route says of itself: the models its handler reads and answers with, and the errors it may raise.

The same models validate what comes in (`web.openapi.reading`) and become the document (`web.openapi.document`),
so that the two cannot part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from storage.errors import MediagateError

JSON = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """A header of an answer."""

    description: str
    kind: Any = str
    """Any type that pydantic can describe."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer. ``content`` maps media types to what pydantic can describe; `bytes` stands for a file.

    Nothing in ``content``: the answer has no body.
    """

    description: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Header] = field(default_factory=dict)
    example: Any = None
    """A real answer, as JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doc:
    """A route's part of the document. Its credentials, scope, path and their errors are told by the `Endpoint`."""

    summary: str
    tags: tuple[str, ...]
    description: str = ""
    path: Mapping[str, Any] = field(default_factory=dict)
    """Types of path parameters that `web.openapi.parameters.PATH` does not know."""

    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    """Request headers: a field's alias is the header's name."""

    body: type[BaseModel] | None = None
    """A JSON body. It may be left out where no field of it is required."""

    multipart: type[BaseModel] | None = None
    """The parts of a form; a field annotated `bytes` or `list[bytes]` is a file."""

    raw: bool = False
    """Whether the body may also be bytes as they are."""

    raw_type: str = "application/octet-stream"
    """Their type; a file's own type is as good as the default."""

    answers: Mapping[int, Any]
    """By status: an `Answer`, a type that pydantic can describe (JSON), or None for an answer without a body."""

    errors: tuple[type[MediagateError], ...] = ()
    statuses: tuple[int, ...] = ()
    """Statuses that aiohttp's own exceptions give, 412 for instance: problems too, with a code made of the phrase."""

    curl: str = ""
    """What stands after ``curl`` on the page where the generated call would not show the usual way."""
