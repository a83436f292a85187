"""The OpenAPI 3.1 document of a table of endpoints."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from storage.errors import (
    AuthUnavailable,
    IncompleteBody,
    InvalidFields,
    InvalidRequestNumber,
    InvalidToken,
    MalformedBody,
    MediagateError,
    MissingScope,
    RateLimited,
    TooManyFailures,
    TooSlow,
    Unauthenticated,
)
from web.guard import Endpoint
from web.openapi.doc import JSON, Answer, Doc
from web.openapi.overview import INFO, INVITATION, SECURITY, TAGS
from web.openapi.parameters import PATH, PathParameter
from web.openapi.problems import INTERNAL, examples, problem_answer
from web.openapi.schemas import Mode, Schemas, used
from web.schemas.common import REQUEST_NUMBER, Problem

_PATH_NAME = re.compile(r"\{([^}:]+)(?::[^}]*)?\}")
_OR_INVITED = ", or an invitation's token in `X-Upload-Token`"
_CREDENTIALS = (InvalidToken, TooManyFailures, AuthUnavailable)
"""What credentials of any kind may meet, besides `Unauthenticated`."""

_UNCOUNTED = "/health"
_BODY_ERRORS = (MalformedBody, IncompleteBody, TooSlow, InvalidFields)
_BODY_STATUSES = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


class Undocumented(Exception):
    """A route cannot be described: nothing explains a parameter of its path."""


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document as JSON. Raises `Undocumented`."""
    table = [(endpoint, endpoint.doc) for endpoint in endpoints]
    schemas = Schemas([(Problem, "serialization"), *(pair for one in table for pair in _wanted(*one))])
    paths: dict[str, dict[str, Any]] = {}
    names = _operation_ids([endpoint for endpoint, _ in table])
    for (endpoint, doc), name in zip(table, names, strict=True):
        operations = paths.setdefault(_PATH_NAME.sub(r"{\1}", endpoint.path), {})
        operations[endpoint.method.lower()] = {
            "operationId": name,
            **_operation(endpoint, doc, schemas),
        }
    components = {
        "schemas": _referred(schemas.components, paths),
        "securitySchemes": SECURITY | INVITATION,
        "responses": {"InternalError": INTERNAL},
        "examples": examples(error for endpoint, doc in table for error in _errors(endpoint, doc, schemas)),
    }
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": components,
    }


def _path_parameters(endpoint: Endpoint, doc: Doc) -> dict[str, PathParameter]:
    own = {name: PathParameter(kind) for name, kind in doc.path.items()}
    try:
        return {name: (own.get(name) or PATH[name]) for name in _PATH_NAME.findall(endpoint.path)}
    except KeyError as error:
        raise Undocumented(f"{endpoint.method} {endpoint.path} does not say what {error} is") from error


def _wanted(endpoint: Endpoint, doc: Doc) -> Iterable[tuple[Any, Mode]]:
    """Every type that the operation speaks of."""
    for parameter in _path_parameters(endpoint, doc).values():
        yield parameter.kind, "validation"
    for model in (doc.query, doc.headers, doc.body, doc.multipart):
        if model is not None:
            yield model, "validation"
    for answer in map(_answer, doc.answers.values()):
        for kind in (*answer.content.values(), *(header.kind for header in answer.headers.values())):
            yield kind, "serialization"


def _answer(given: Any) -> Answer:
    if isinstance(given, Answer):
        return given
    return Answer() if given is None else Answer(content={JSON: given})


def _operation(endpoint: Endpoint, doc: Doc, schemas: Schemas) -> dict[str, Any]:
    scope = None if endpoint.scope is None else endpoint.scope.value
    needs = (
        "No credentials needed."
        if scope is None
        else f"Needs the scope `{scope}`{_OR_INVITED if endpoint.invited else ''}."
    )
    invitations: list[dict[str, Any]] = [{name: []} for name in INVITATION] if endpoint.invited else []
    operation: dict[str, Any] = {
        "summary": doc.summary,
        "description": "\n\n".join(filter(None, (doc.description, needs))),
        "tags": list(doc.tags),
        "security": [] if scope is None else [{name: [scope]} for name in SECURITY] + invitations,
    }
    if parameters := _parameters(endpoint, doc, schemas):
        operation["parameters"] = parameters
    if body := _request_body(doc, schemas):
        operation["requestBody"] = body
    operation["responses"] = _responses(endpoint, doc, schemas)
    if doc.curl:
        operation["x-curl"] = doc.curl
    return operation


def _operation_ids(endpoints: Sequence[Endpoint]) -> list[str]:
    """The handlers' names; where one serves several paths, with the words of each path."""
    plain = [_operation_id(endpoint) for endpoint in endpoints]
    counts = Counter(plain)
    words = ["_".join(re.findall(r"(?<=/)(?!api/)[a-z]+(?=/|$)", endpoint.path)) for endpoint in endpoints]
    return [name if counts[name] == 1 else f"{name}_at_{path}" for name, path in zip(plain, words, strict=True)]


def _operation_id(endpoint: Endpoint) -> str:
    handler: Any = endpoint.handler
    name: str = handler.__name__
    return f"head_{name}" if endpoint.method == "HEAD" else name


def _parameters(endpoint: Endpoint, doc: Doc, schemas: Schemas) -> list[dict[str, Any]]:
    found = [
        _parameter(name, "path", schemas.of(parameter.kind, "validation"), required=True)
        for name, parameter in _path_parameters(endpoint, doc).items()
    ]
    for model, place in ((doc.query, "query"), (doc.headers, "header")):
        properties, required = schemas.fields(model, "validation") if model is not None else ({}, frozenset())
        found += [
            _parameter(name, place, _without_null(schema), required=name in required)
            for name, schema in properties.items()
        ]
    return found


def _parameter(name: str, place: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    """What pydantic says of a field, with its description where OpenAPI wants it."""
    inner = dict(schema)
    described = {"description": inner.pop("description")} if "description" in inner else {}
    return {"name": name, "in": place, "required": required, **described, "schema": inner}


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter is left out, never null."""
    inner = {name: value for name, value in schema.items() if not (name == "default" and value is None)}
    kinds = [kind for kind in inner.pop("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        return {**kinds[0], **inner}
    return {**inner, "anyOf": kinds} if kinds else inner


def _request_body(doc: Doc, schemas: Schemas) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    required = True
    if doc.body is not None:
        content[JSON] = {"schema": schemas.of(doc.body, "validation")}
        required = bool(schemas.fields(doc.body, "validation")[1])
    if doc.multipart is not None:
        content["multipart/form-data"] = {"schema": _form(doc.multipart, schemas)}
    if doc.raw:
        content[doc.raw_type] = {"schema": {"type": "string", "format": "binary"}}
    return {"required": required, "content": content} if content else None


def _form(model: type[BaseModel], schemas: Schemas) -> dict[str, Any]:
    """A form's parts: like parameters they are left out, never null."""
    properties, required = schemas.fields(model, "validation")
    parts = {name: _without_null(schema) for name, schema in properties.items()}
    return {"type": "object", "properties": parts, "required": sorted(required), "additionalProperties": False}


def _errors(endpoint: Endpoint, doc: Doc, schemas: Schemas) -> Sequence[type[MediagateError]]:
    """What the operation may raise: by its credentials, its path, its query and body, and what its doc adds."""
    found: list[type[MediagateError]] = [] if endpoint.path.startswith(_UNCOUNTED) else [RateLimited]
    if endpoint.scope is not None:
        found += (Unauthenticated, MissingScope)
    if Unauthenticated in (*found, *doc.errors):
        found += _CREDENTIALS
    for parameter in _path_parameters(endpoint, doc).values():
        found += parameter.errors
    if doc.query is not None or doc.headers is not None:
        found.append(InvalidFields)
    if doc.body is not None:
        found += _BODY_ERRORS
    if any(schemas.has_format(model, REQUEST_NUMBER) for model in (doc.query, doc.body, doc.multipart)):
        found.append(InvalidRequestNumber)
    return list(dict.fromkeys([*found, *doc.errors]))


def _responses(endpoint: Endpoint, doc: Doc, schemas: Schemas) -> dict[str, Any]:
    found = {status: _response(status, _answer(given), schemas) for status, given in doc.answers.items()}
    statuses = (*doc.statuses, *(_BODY_STATUSES if doc.body is not None else ()))
    found |= problem_answer(_errors(endpoint, doc, schemas), statuses)
    if endpoint.method == "HEAD":
        for response in found.values():
            response.pop("content", None)
    internal = {"$ref": "#/components/responses/InternalError"}
    return {**{str(status): found[status] for status in sorted(found)}, "500": internal}


def _response(status: int, answer: Answer, schemas: Schemas) -> dict[str, Any]:
    response: dict[str, Any] = {"description": answer.description or HTTPStatus(status).phrase}
    if answer.headers:
        response["headers"] = {
            name: {"description": header.description, "schema": schemas.of(header.kind, "serialization")}
            for name, header in answer.headers.items()
        }
    content = {name: {"schema": schemas.of(kind, "serialization")} for name, kind in answer.content.items()}
    if answer.example is not None:
        next(iter(content.values()))["example"] = answer.example
    return {**response, "content": content} if content else response


def _referred(components: Mapping[str, Any], paths: Any) -> dict[str, Any]:
    """The components that something refers to: models of queries and headers became parameters."""
    wanted, found = used(paths), set[str]()
    while wanted:
        found |= wanted
        wanted = set().union(*(used(components[name]) for name in wanted if name in components)) - found
    return {name: components[name] for name in sorted(components) if name in found}
