"""What the headers of an upload ask for, read and checked before its body."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from multidict import MultiMapping

from storage.domain import UploadId
from storage.errors import FileTooLarge, InvalidFields, MalformedBody, ShuttingDown
from storage.intake.taking_in import Intake
from web.deps import DEPS

LONGEST_WAIT = 300.0
"""Seconds that ``Prefer: wait`` may ask for at most."""

FORM_OVERHEAD = 4 * 1024 * 1024
"""Bytes that the fields and headers of a form may add to its files, generously."""

_SHA256_BYTES = 32
_DIGEST = re.compile(r"""(?:^|,)\s*"?sha-256"?\s*=\s*:([A-Za-z0-9+/=\s]*):""", re.IGNORECASE)
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)
_RESPOND_ASYNC = re.compile(r"(?:^|[,;])\s*respond-async\s*(?:$|[,;])", re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """``wait`` is how many seconds to wait for Telegram; ``preference`` what of ``Prefer`` was applied."""

    upload_id: UploadId | None
    idempotency_key: str | None
    wait: float
    preference: str | None


def read_options(request: web.Request) -> Options:
    """Raises `InvalidFields` that names the header."""
    wait, preference = _preference(request)
    return Options(
        upload_id=_upload_id(request.headers.get("X-Upload-ID")),
        idempotency_key=_idempotency_key(request.headers.get("Idempotency-Key")),
        wait=wait,
        preference=preference,
    )


def admit(request: web.Request, intake: Intake, *, most: int, size: int | None) -> None:
    """Refuse by the headers alone what cannot end well. ``most`` bytes may come, ``size`` is what is announced.

    Raises `ShuttingDown`, `FileTooLarge`, `SpoolFull` and `MalformedBody`.
    """
    if intake.closing:
        raise ShuttingDown(retry_after=5)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise MalformedBody(reason=f"the Content-Encoding {encoding[:40]} is not taken, send the bytes as they are")
    if size is not None and size > most:
        raise FileTooLarge(limit=request.app[DEPS].max_file_size)
    intake.spool.require_room(size or 1)


def declared_digest(headers: Mapping[str, str] | MultiMapping[str], *, prefix: str = "") -> bytes | None:
    """The SHA-256 in ``Content-Digest`` or ``Repr-Digest`` (RFC 9530); other algorithms are passed over.

    Raises `InvalidFields` for one that is no SHA-256.
    """
    for name in ("Content-Digest", "Repr-Digest"):
        value = headers.get(name) or headers.get(name.lower())
        found = _DIGEST.search(value) if value else None
        if found is None:
            continue
        try:
            digest = base64.b64decode(found[1], validate=True)
        except binascii.Error:
            digest = b""
        if len(digest) != _SHA256_BYTES:
            raise InvalidFields((prefix + name, "is no SHA-256: write sha-256=:<base64 of 32 bytes>:"))
        return digest
    return None


def _upload_id(value: str | None) -> UploadId | None:
    if value is None:
        return None
    try:
        return UploadId(UUID(value))
    except ValueError as error:
        raise InvalidFields(("X-Upload-ID", "is no UUID")) from error


def _idempotency_key(value: str | None) -> str | None:
    if value is None:
        return None
    key = value.strip().strip('"')
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidFields(("Idempotency-Key", "must be 1 to 200 printable ASCII characters without spaces"))
    return key


def _preference(request: web.Request) -> tuple[float, str | None]:
    prefer = ",".join(request.headers.getall("Prefer", ()))
    if _RESPOND_ASYNC.search(prefer):
        return 0.0, "respond-async"
    if found := _WAIT.search(prefer):
        wait = min(float(found[1]), LONGEST_WAIT)
        return wait, f"wait={wait:.0f}"
    return request.app[DEPS].archive_wait, None
