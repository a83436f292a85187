"""Errors as `application/problem+json` (RFC 9457): one table from error class to status and text.

A class without a line of its own answers like the nearest of its bases.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from aiohttp import web

from storage import errors
from storage.errors import MediagateError

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Line:
    """``detail`` may name fields of the error in braces; one that is missing shows as "?"."""

    status: int
    title: str
    detail: str


TABLE: Mapping[type[MediagateError], Line] = {
    errors.InvalidInput: Line(400, "Invalid input", "The request cannot be used as it is."),
    errors.MalformedBody: Line(400, "Malformed body", "The body cannot be read: {reason}."),
    errors.MissingFile: Line(400, "No file", "There is no file in the upload; send it in a part named file."),
    errors.EmptyFile: Line(400, "Empty file", "The file has no bytes."),
    errors.TooManyFiles: Line(400, "Too many files", "This call takes at most {limit}; the rest was not kept."),
    errors.IncompleteBody: Line(400, "Incomplete body", "The body ended in the middle. Nothing of the file was kept."),
    errors.DigestMismatch: Line(
        400, "Digest mismatch", "The SHA-256 of what arrived is {received}, not the declared {declared}."
    ),
    errors.InvalidFields: Line(422, "Invalid fields", "Some fields are wrong: {errors}."),
    errors.InvalidRequestNumber: Line(
        422, "Invalid request number", "{value} is no request number: those are YYMMDD-NNN with a real date."
    ),
    errors.UnknownRequest: Line(422, "Unknown request", "There is no request {number}."),
    errors.InvalidRange: Line(416, "Range not satisfiable", "The file has {size} bytes; none of them was asked for."),
    errors.FileTooLarge: Line(413, "File too large", "A file may have at most {limit} bytes."),
    errors.TypeNotAllowed: Line(415, "Type not allowed", "Files of the type {content_type} are not taken."),
    errors.TypeContradiction: Line(
        415, "Type contradicts the bytes", "The file was declared as {declared}, but its bytes are {detected}."
    ),
    errors.InvalidHeader: Line(400, "Invalid header", "The header {header} {reason}."),
    errors.ChecksumMismatch: Line(
        460, "Checksum mismatch", "The chunk does not have the checksum that came with it, and was discarded."
    ),
    errors.IdempotencyMismatch: Line(
        422, "Idempotency key used otherwise", "This Idempotency-Key was used with other parameters. Take a new one."
    ),
    errors.Refused: Line(403, "Not allowed", "These credentials do not allow this."),
    errors.Unauthenticated: Line(
        401, "Not authenticated", "Send a valid key in the header X-API-Key, or a bearer token."
    ),
    errors.InvalidToken: Line(401, "Invalid token", "The bearer token does not hold ({reason}). Get a new one."),
    errors.InvalidSignature: Line(401, "Invalid signature", "The event is not signed as it should be ({reason})."),
    errors.QuotaUsedUp: Line(
        403, "Quota used up", "The quota of {limit} {unit} is used up; {used} are kept. Delete some, or ask for more."
    ),
    errors.MissingScope: Line(403, "Scope missing", "These credentials lack the scope {scope}."),
    errors.InvitationUsedUp: Line(403, "Invitation used up", "The invitation takes no more than {limit} files."),
    errors.Missing: Line(404, "Not found", "There is nothing here."),
    errors.MediaNotFound: Line(404, "Media not found", "There is no such media."),
    errors.MediaDeleted: Line(410, "Media deleted", "This media was deleted."),
    errors.UploadNotFound: Line(404, "Upload not found", "There is no such upload, or it ended over an hour ago."),
    errors.UploadGone: Line(410, "Upload gone", "The upload is over: {reason}."),
    errors.InvitationNotFound: Line(404, "Invitation not found", "There is no such invitation."),
    errors.InvitationEnded: Line(410, "Invitation ended", "The invitation has ended: {reason}."),
    errors.RequestNotFound: Line(404, "Request not found", "There is no such request."),
    errors.KeyNotFound: Line(404, "Key not found", "There is no such key."),
    errors.IncidentNotFound: Line(404, "Incident not found", "There is no such incident; they are kept for 30 days."),
    errors.WebhookNotFound: Line(404, "Webhook not found", "There is no such webhook."),
    errors.DeliveryNotFound: Line(404, "Delivery not found", "There is no such delivery; they are kept for 30 days."),
    errors.HookNotFound: Line(404, "Hook not found", "No events are taken from such a service."),
    errors.AvatarNotFound: Line(404, "Avatar not found", "There is no such avatar."),
    errors.AccountNotLinked: Line(404, "Account not linked", "No Telegram account is linked to this user."),
    errors.NoPreview: Line(404, "No preview", "There is no picture of this media."),
    errors.LinkNotFound: Line(404, "Link not found", "There is no such link."),
    errors.LinkExpired: Line(410, "Link expired", "The time of this link is over. Ask for a new one."),
    errors.LinkUsedUp: Line(410, "Link used up", "This link was used as often as it may be. Ask for a new one."),
    errors.NotCleanable: Line(
        409, "Not cleanable", "The metadata of this image cannot be removed, so this link does not give it away."
    ),
    errors.Conflict: Line(409, "Conflict", "This cannot be done in the present state."),
    errors.UploadIdInUse: Line(409, "Upload id in use", "The upload id {upload_id} is taken. Choose another."),
    errors.IdempotencyRunning: Line(
        409, "Still running", "The first request with this Idempotency-Key has not ended yet."
    ),
    errors.WrongOffset: Line(409, "Wrong offset", "The upload has come to byte {offset}; go on from there."),
    errors.UploadTakenOver: Line(423, "Upload taken over", "A newer request writes to this upload."),
    errors.UnfinishedParts: Line(
        409, "Unfinished parts", "{upload_id} is no complete partial upload: only those can be put together."
    ),
    errors.FinalUpload: Line(403, "Final upload", "An upload put together from others takes no bytes of its own."),
    errors.OnlyInTelegram: Line(
        409, "Only in Telegram", "The file is too large to be fetched back from Telegram; ask the bot for it."
    ),
    errors.InSeveralParts: Line(
        409, "In several parts", "The file is in Telegram in {parts} parts and cannot be sent as one."
    ),
    errors.RecipientUnavailable: Line(
        409, "Recipient unavailable", "The bot cannot write to the chat {chat_id}: {reason}."
    ),
    errors.RequestClosed: Line(
        409, "Request closed", "The request {number} is closed. Who may write requests can say override=true."
    ),
    errors.WrongStatus: Line(409, "Wrong status", "The status of the media ({status}) does not allow this."),
    errors.Busy: Line(503, "Busy", "Not now. Try again later."),
    errors.RateLimited: Line(
        429, "Too many requests", "More than {limit} requests in {window} seconds. Wait {retry_after} seconds."
    ),
    errors.TooManyFailures: Line(
        429, "Too many failures", "Too many wrong credentials came from this address. Wait {retry_after} seconds."
    ),
    errors.QuotaExceeded: Line(
        429, "Quota exceeded", "The day's quota of {limit} {unit} is used up ({used}); it begins anew at 00:00 UTC."
    ),
    errors.PeerUnavailable: Line(
        503, "Another service is away", "The service {service} gives no usable answer. Try again later."
    ),
    errors.PeerRefused: Line(502, "Another service refused", "The service {service} did not do what was needed."),
    errors.AuthUnavailable: Line(503, "Tokens cannot be checked", "The Auth Service does not answer. Try again later."),
    errors.RequestServiceUnavailable: Line(
        503, "Request Service away", "The Request Service does not answer. Try again later."
    ),
    errors.UploadElsewhere: Line(503, "Upload elsewhere", "Another node has this upload. Try again."),
    errors.TooManyUploads: Line(
        429,
        "Too many unfinished uploads",
        "At most {limit} uploads may be unfinished at once. Finish or end some first.",
    ),
    errors.SpoolFull: Line(503, "No room", "There is no room for more uploads right now. Try again later."),
    errors.TooSlow: Line(408, "Too slow", "The body came too slowly; the upload was ended."),
    errors.ShuttingDown: Line(503, "Shutting down", "The server is restarting. Try again in a moment."),
    errors.ChannelNotBound: Line(503, "No channel", "No channel is bound for {purpose}."),
    errors.SourceUnavailable: Line(503, "Source unavailable", "Telegram cannot be read right now. Try again later."),
    errors.ArchiveError: Line(502, "Telegram failed", "Telegram did not do what was needed."),
    errors.Postponed: Line(503, "Telegram is busy", "Telegram cannot be asked for {retry_after} seconds."),
    errors.PartDamaged: Line(502, "Part damaged", "What Telegram gave back is not what it was given."),
    errors.PartLost: Line(410, "Part lost", "Bytes of this file were lost before Telegram had them. Upload it again."),
}

_CHALLENGE = 'ApiKey realm="mediagate", Bearer realm="mediagate"'
_NOT_HOLDING = ', error="invalid_token"'
_PLAIN = Line(500, "Internal error", "Something went wrong here.")


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def line_for(error: type[MediagateError]) -> Line:
    """The table's line for a class, its own or that of the nearest base."""
    return next((TABLE[base] for base in error.__mro__ if base in TABLE), _PLAIN)


def status_of(error: MediagateError) -> int:
    return line_for(type(error)).status


def problem(error: MediagateError, instance: str) -> dict[str, Any]:
    """The problem object of an error; its fields stand beside the members of RFC 9457."""
    line = line_for(type(error))
    shown = _Shown({name: _text(value) for name, value in error.fields.items()})
    return {**error.fields, **members(error.code, line.status, line.title, line.detail.format_map(shown), instance)}


def problem_response(error: MediagateError, request_id: str) -> web.Response:
    """The answer for an error, with ``Retry-After``, ``WWW-Authenticate`` and ``Content-Range`` where they belong."""
    headers: dict[str, str] = {}
    retry_after = error.fields.get("retry_after")
    if isinstance(retry_after, int | float):
        headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = _CHALLENGE + (_NOT_HOLDING if isinstance(error, errors.InvalidToken) else "")
    if isinstance(error, errors.InvalidRange):
        headers["Content-Range"] = f"bytes */{error.fields.get('size', '*')}"
    return _response(problem(error, instance_of(request_id)), headers)


def http_problem(error: web.HTTPException, request_id: str) -> web.Response:
    """What aiohttp itself refuses: unknown paths and methods, bodies that are too large."""
    phrase = HTTPStatus(error.status).phrase
    detail = _HTTP_DETAILS.get(error.status, phrase)
    shown = members(http_code(error.status), error.status, phrase, detail, instance_of(request_id))
    kept = {name: value for name, value in error.headers.items() if name.lower() in ("allow", "location")}
    return _response(shown, kept)


def http_code(status: int) -> str:
    """The code of a problem that has no error of ours: the status' phrase."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "request_too_large"  # the phrase changed between versions of Python
    return _snake(HTTPStatus(status).phrase)


def incident_problem(incident: UUID, request_id: str) -> web.Response:
    """The answer to what nobody expected: no more than the id under which it was logged."""
    return _response(incident_members(incident, request_id), {})


def incident_members(incident: UUID, request_id: str) -> dict[str, Any]:
    detail = f"{_PLAIN.detail} It was logged as incident {incident}."
    shown = members("internal_error", _PLAIN.status, _PLAIN.title, detail, instance_of(request_id))
    return {**shown, "incident": str(incident)}


def instance_of(request_id: str) -> str:
    """``urn:uuid:`` and the request id; a client's own id that is no UUID gets a name of ours."""
    try:
        return f"urn:uuid:{UUID(request_id)}"
    except ValueError:
        return f"urn:mediagate:request:{request_id}"


_HTTP_DETAILS = {
    404: "There is nothing at this path.",
    405: "This path does not know the method; the header Allow names those it knows.",
    413: "The body is larger than this call takes.",
    415: "The call takes no body of this Content-Type; /api/docs says which it takes.",
    417: "Only the expectation 100-continue is known.",
}


def members(code: str, status: int, title: str, detail: str, instance: str) -> dict[str, Any]:
    """The members of RFC 9457, and ``code``."""
    return {
        "type": f"urn:mediagate:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": instance,
    }


def _response(members: dict[str, Any], headers: Mapping[str, str]) -> web.Response:
    return web.Response(
        status=members["status"],
        body=json.dumps(members, ensure_ascii=False, default=str).encode("utf-8", "replace"),
        headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", **headers},
    )


def _text(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(f"{item['field']} {item['reason']}" if isinstance(item, dict) else str(item) for item in value)
    return str(value)


def _snake(phrase: str) -> str:
    return phrase.lower().replace(" ", "_").replace("-", "_").replace("'", "")
