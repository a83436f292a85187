"""Routes of the control API with what its description says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from sandbox.control.common import Handler

Json = dict[str, Any]
INTEGER: Final[Json] = {"type": "integer"}
NUMBER: Final[Json] = {"type": "number"}
STRING: Final[Json] = {"type": "string"}
BOOLEAN: Final[Json] = {"type": "boolean"}
OBJECT: Final[Json] = {"type": "object"}
FILE: Final[Json] = {"type": "string", "contentMediaType": "application/octet-stream"}


def list_of(item: Json) -> Json:
    return {"type": "array", "items": item}


def one_of(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


def obj(required: str = "", /, **properties: Json) -> Json:
    """A JSON schema of an object; `required` names properties, separated by spaces."""
    schema: Json = {"type": "object", "properties": properties}
    return {**schema, "required": required.split()} if required else schema


@dataclass(frozen=True, kw_only=True)
class Route:
    """One call. `body` and `answer` are JSON schemas, `query` schemas by name; the handler's docstring is its text.

    `form` is the schema of a multipart body, instead of or beside a JSON one; `media` the content type of an answer
    that is no JSON.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    query: Mapping[str, Json] = field(default_factory=dict)
    body: Json | None = None
    form: Json | None = None
    answer: Json | None = None
    media: str = "application/json"

    def definition(self) -> web.RouteDef:
        return web.route(self.method, self.path, self.handler)
