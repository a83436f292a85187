"""How problems stand in the document: by status, with the codes that the operation may answer."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from storage.errors import Busy, InvalidRange, MediagateError, Unauthenticated
from web.openapi.schemas import REF
from web.problems import CONTENT_TYPE, http_code, line_for, members

_INSTANCE = "7f0c6c1e-5f0e-4c55-9a53-0c7b2a0b8e11"
_SAMPLES = {
    "chat_id": "100200300",
    "content_type": "application/x-msdownload",
    "declared": "image/png",
    "detected": "application/pdf",
    "errors": "limit should be less than or equal to 200",
    "header": "Upload-Length",
    "limit": "10",
    "offset": "1048576",
    "parts": "3",
    "purpose": "access",
    "reason": "it must be one JSON object",
    "received": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "retry_after": "30",
    "scope": "media:write",
    "size": "48211",
    "status": "archived",
    "unit": "files",
    "upload_id": "1f6f3b5e-2f0f-4a0e-9d53-8a8c2f6f3b5e",
    "used": "10",
    "value": "250931-001",
    "window": "60",
}
"""Values for the fields that details name; a test finds what is missing here."""

GAP = "…"


class _Filled(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return GAP


INTERNAL: dict[str, Any] = {
    "description": "Nobody expected this. `incident` is the id under which it was logged.",
    "content": {CONTENT_TYPE: {"schema": {"$ref": f"{REF}Problem"}}},
}


def problem_answer(errors: Sequence[type[MediagateError]], statuses: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The responses for errors and for the statuses that aiohttp's exceptions give, by status."""
    codes: dict[int, dict[str, type[MediagateError] | None]] = {}
    for error in errors:
        codes.setdefault(line_for(error).status, {})[error.code] = error
    for status in statuses:
        codes.setdefault(status, {})[http_code(status)] = None
    return {status: _response(status, found) for status, found in codes.items()}


def _response(status: int, found: dict[str, type[MediagateError] | None]) -> dict[str, Any]:
    known = [error for error in found.values() if error is not None]
    response: dict[str, Any] = {
        "description": "; ".join(line_for(error).title for error in known) or HTTPStatus(status).phrase
    }
    headers = {}
    if any(issubclass(error, Busy) for error in known):
        headers["Retry-After"] = {"description": "Seconds to wait", "schema": {"type": "integer"}}
    if any(issubclass(error, Unauthenticated) for error in known):
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if InvalidRange in known:
        headers["Content-Range"] = {"schema": {"type": "string"}}
    if headers:
        response["headers"] = headers
    schema = {"allOf": [{"$ref": f"{REF}Problem"}, {"properties": {"code": {"enum": sorted(found)}}}]}
    media: dict[str, Any] = {"schema": schema}
    if known:
        media["examples"] = {error.code: {"$ref": f"#/components/examples/{error.code}"} for error in known}
    return {**response, "content": {CONTENT_TYPE: media}}


def examples(errors: Iterable[type[MediagateError]]) -> dict[str, Any]:
    """One example per code, with the texts that are really sent."""
    found = {error.code: error for error in errors}
    return {code: {"summary": line_for(found[code]).title, "value": _example(found[code])} for code in sorted(found)}


def _example(error: type[MediagateError]) -> dict[str, Any]:
    line = line_for(error)
    return members(
        error.code, line.status, line.title, line.detail.format_map(_Filled(_SAMPLES)), f"urn:uuid:{_INSTANCE}"
    )
