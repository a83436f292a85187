"""Queries and JSON bodies as validated models: everything that is wrong is named, nothing is passed over."""

import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from storage.errors import InvalidFields, MalformedBody
from web.deps import DEPS
from web.upload.body import TimedBody

MOST_BODY_BYTES = 256 * 1024
_NO_TEXT = "must not contain NUL characters or halves of surrogate pairs"
_LONGEST_NAME = 100

Model = TypeVar("Model", bound=BaseModel)


def read_query(request: web.Request, model: type[Model]) -> Model:
    """The query as ``model``. Lists may be repeated (``tags=a&tags=b``) or written with commas.

    Raises `InvalidFields` that names every parameter which is wrong, unknown or given more than once.
    """
    if not request.query_string:
        return _validated(model, {})
    query = request.query
    known = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
    wrong = [(name, _unknown(model)) for name in dict.fromkeys(query) if name not in known]
    given: dict[str, object] = {}
    for name, annotation in known.items():
        values = query.getall(name, [])
        if _is_list(annotation):
            given[name] = [item.strip() for value in values for item in value.split(",") if item.strip()]
        elif len(values) > 1:
            wrong.append((name, "is given more than once"))
        else:
            given[name] = values[0] if values else None
        wrong += [(name, _NO_TEXT) for value in values if not _is_text(value)]
    if wrong:
        raise InvalidFields(*((_short(name), reason) for name, reason in dict.fromkeys(wrong)))
    return _validated(model, {name: value for name, value in given.items() if value not in (None, [])})


def _validated(model: type[Model], given: Mapping[str, object]) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        _raise_named(model, error)


async def read_body(request: web.Request, model: type[Model], *, most: int = MOST_BODY_BYTES) -> Model:
    """The JSON body as ``model``, at most ``most`` bytes. No body at all is ``{}``.

    Raises `InvalidFields` that names every field which is wrong or unknown, `MalformedBody` for what is not one
    JSON object, what `TimedBody` raises, and aiohttp's 413 and 415.
    """
    body = await read_bytes(request, most)
    if body and not _is_json(request.content_type):
        raise web.HTTPUnsupportedMediaType
    value = _parsed(body or b"{}")
    wrong = [(_short(path), _NO_TEXT) for path in _no_texts(value, "")]
    if wrong:
        raise InvalidFields(*wrong)
    try:
        # As JSON once more: only so does strictness take "photo" for an enum, yet refuse "5" for a number.
        return model.model_validate_json(body or b"{}", strict=True)
    except ValidationError as error:
        _raise_named(model, error)


async def read_bytes(request: web.Request, most: int) -> bytes:
    """A body that is no file, at most ``most`` bytes of it. Raises what `TimedBody` raises, and aiohttp's 413."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise MalformedBody(reason="it is encoded; send the JSON as it is")
    announced = request.content_length or 0
    if announced > most:
        raise web.HTTPRequestEntityTooLarge(most, announced)
    reader, held = TimedBody(request, request.app[DEPS].times, most=2**63), bytearray()
    while data := await reader.read():
        held += data
        if len(held) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(held))
    return bytes(held)


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(reason="it is not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise MalformedBody(reason="it must be one JSON object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two fields of one name they believe, so neither is believed."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twins = dict.fromkeys(name for name in names if names.count(name) > 1)
        raise InvalidFields(*((_short(name), "is given more than once") for name in twins))
    return value


def _no_texts(value: object, path: str) -> Iterator[str]:
    """The places of strings that neither PostgreSQL nor UTF-8 can hold."""
    if isinstance(value, str):
        if not _is_text(value):
            yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _no_texts(name, _join(path, name))
            yield from _no_texts(item, _join(path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _no_texts(item, _join(path, index))


def _is_text(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def _is_list(annotation: object) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(_is_list(item) for item in get_args(annotation))
    return (get_origin(annotation) or annotation) in (list, tuple, set, frozenset)


def _raise_named(model: type[BaseModel], error: ValidationError) -> NoReturn:
    details = error.errors(include_url=False, include_input=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        raise MalformedBody(reason="it is not JSON in UTF-8") from error
    named = dict.fromkeys((_field(detail), _reason(model, detail)) for detail in details)
    raise InvalidFields(*named) from error


def _field(detail: ErrorDetails) -> str:
    path = ""
    for step in detail["loc"]:
        path = _join(path, step)
    return _short(path) or "body"


def _reason(model: type[BaseModel], detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return _unknown(model) if len(detail["loc"]) == 1 else "is unknown here"
    if detail["type"] == "missing":
        return "is missing"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    return detail["msg"].replace("Input should", "should", 1)


def _unknown(model: type[BaseModel]) -> str:
    names = sorted(info.alias or name for name, info in model.model_fields.items())
    return f"is unknown here: use {', '.join(names)}" if names else "is unknown here: this call takes none"


def _join(path: str, step: str | int) -> str:
    return f"{path}.{step}" if path else str(step)


def _short(name: str) -> str:
    return name[:_LONGEST_NAME]
