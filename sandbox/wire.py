"""Arguments from query string, urlencoded body, JSON body and multipart, merged (TELEGRAM.md, Wire); answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.errors import TOO_MANY, ApiError, EntityTooLarge
from sandbox.files import FileStore, Upload
from sandbox.model import Json
from sandbox.multipart import FIELDS_MAX, MalformedBodyError, read_form

_TRUE: Final = ("true", "yes", "1")
_SLACK: Final = 64 * 1024  # fields and part headers beside the files
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass
class Arguments:
    """The merged arguments of a call, as text; its files by part name, and all `uploads` in their order."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.fields.get(name, "")

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in _TRUE

    def integer(self, name: str, default: int = 0) -> int:
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def structure(self, name: str) -> Any:
        """The JSON value of an argument, None where it is left out. Raises ValueError for malformed JSON."""
        raw = self.text(name)
        return json.loads(raw) if raw else None

    def drop(self) -> None:
        """Remove the uploads that no message took."""
        for upload in self.uploads:
            upload.drop()


async def read_arguments(request: web.Request, store: FileStore, max_upload: int) -> Arguments:
    """Everything the request says. Raises EntityTooLarge, and ConnectionResetError when the body breaks off.

    The limit is applied to the body as a whole, files of one album together: how the cloud counts them is unverified.
    """
    limit = max_upload + _SLACK
    if (request.content_length or 0) > limit:
        raise EntityTooLarge
    arguments = Arguments(fields=dict(request.query))
    kind = request.content_type
    if kind == "multipart/form-data":
        boundary = _boundary(request)
        if boundary:
            await _multipart(request, boundary, store, limit, arguments)
    elif kind == "application/json":
        arguments.fields.update(_json_fields(await _body(request)))
    elif kind == "application/x-www-form-urlencoded":
        body = (await _body(request)).decode("utf-8", "replace")
        arguments.fields.update(parse_qsl(body, keep_blank_values=True))
    return arguments


def _boundary(request: web.Request) -> str:
    for piece in request.headers.get("Content-Type", "").split(";")[1:]:
        name, _, value = piece.strip().partition("=")
        if name.lower() == "boundary":
            return value.strip('"')
    return ""


async def _multipart(request: web.Request, boundary: str, store: FileStore, limit: int, arguments: Arguments) -> None:
    try:
        fields, uploads = await read_form(request.content, boundary, store, limit)
    except MalformedBodyError as error:
        raise ConnectionResetError from error
    arguments.fields.update(fields)
    arguments.files.update(uploads)
    arguments.uploads += [upload for _, upload in uploads]


async def _body(request: web.Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > FIELDS_MAX:
            raise EntityTooLarge
        pieces.append(piece)
    return b"".join(pieces)


def _json_fields(body: bytes) -> Mapping[str, str]:
    """Top-level strings are unquoted, other values stay raw text; malformed JSON counts as no arguments."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {name: one if isinstance(one, str) else _encode(one) for name, one in value.items() if one is not None}


def reply(status: int, body: Json, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=_encode(body).encode(), status=status, content_type="application/json", headers=headers)


def success(result: Any, description: str | None = None) -> web.Response:
    body: Json = {"ok": True, "result": result}
    if description:
        body["description"] = description
    return reply(200, body)


def failure(error: ApiError) -> web.Response:
    """The HTTP status equals `error_code`; a 429 also carries `Retry-After`."""
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    headers = None
    if error.code == TOO_MANY and error.parameters:
        headers = {"Retry-After": str(error.parameters["retry_after"])}
    return reply(error.code, body, headers)


def too_large() -> web.Response:
    """Errors of the HTTP layer have an empty body and close (TELEGRAM.md, Wire)."""
    answer = web.Response(status=413, reason="Request Entity Too Large")
    answer.force_close()
    return answer
