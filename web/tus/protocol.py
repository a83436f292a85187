"""The headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload), read and written."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web

from storage.domain import UploadId
from storage.errors import InvalidHeader, UploadNotFound
from storage.resumable.checksums import ALGORITHMS, Checksum
from storage.resumable.model import Kind, Status
from web.deps import DEPS
from web.rendering import API

VERSION = "1.0.0"
UPLOADS = f"{API}/uploads"
CHUNK = "application/offset+octet-stream"
EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration,concatenation"  # no blanks
)
_LARGEST = 2**63 - 1
_MOST_RUNS = 1000


async def mark_answers(request: web.Request, response: web.StreamResponse) -> None:
    """Runs when a response begins: every one of the uploads' resource says which protocol it speaks."""
    if request.path.startswith(UPLOADS):
        response.headers.setdefault("Tus-Resumable", VERSION)
        if response.status == web.HTTPPreconditionFailed.status_code:
            response.headers["Tus-Version"] = VERSION


def require_version(request: web.Request) -> None:
    """Raises aiohttp's 412."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise web.HTTPPreconditionFailed


def require_chunk(request: web.Request) -> None:
    """Raises aiohttp's 415."""
    if request.headers.get("Content-Type", "").strip().lower() != CHUNK:
        raise web.HTTPUnsupportedMediaType


def number(request: web.Request, name: str) -> int | None:
    """A header that is a whole number; None where it is not there. Raises `InvalidHeader`."""
    text = request.headers.get(name)
    if text is None:
        return None
    value = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(_LARGEST)) else -1
    if value < 0:
        raise InvalidHeader(header=name, reason="must be a whole number that is not negative")
    return value


def offset(request: web.Request) -> int:
    value = number(request, "Upload-Offset")
    if value is None:
        raise InvalidHeader(header="Upload-Offset", reason="is missing")
    return value


def length(request: web.Request) -> int | None:
    """The length of a new upload; None: deferred. Raises `InvalidHeader`."""
    value, deferred = number(request, "Upload-Length"), request.headers.get("Upload-Defer-Length")
    if deferred is not None and deferred != "1":
        raise InvalidHeader(header="Upload-Defer-Length", reason="must be 1")
    if (value is None) == (deferred is None):
        raise InvalidHeader(header="Upload-Length", reason="must be given, or Upload-Defer-Length, and not both")
    return value


def checksum(request: web.Request) -> Checksum | None:
    """Raises `InvalidHeader`, also for an algorithm that is not known."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise InvalidHeader(header="Upload-Checksum", reason=f"names no algorithm of {known}")
    try:
        value = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        value = b""
    if len(value) != len(ALGORITHMS[algorithm]().digest()):
        raise InvalidHeader(header="Upload-Checksum", reason=f"has no {algorithm} in base64 after the algorithm")
    return Checksum(algorithm=algorithm, value=value)


def concatenation(request: web.Request) -> tuple[bool, Sequence[UploadId] | None]:
    """Whether the new upload is a partial one, and of a final one the uploads it consists of.

    Raises `InvalidHeader`.
    """
    text = request.headers.get("Upload-Concat")
    if text is None:
        return False, None
    if text.strip() == "partial":
        return True, None
    kind, _, urls = text.strip().partition(";")
    runs = urls.split()
    if kind != "final" or not 0 < len(runs) <= _MOST_RUNS:
        reason = f"must be partial, or final; and the URLs of 1 to {_MOST_RUNS} uploads"
        raise InvalidHeader(header="Upload-Concat", reason=reason)
    try:
        return False, [UploadId(UUID(url.rstrip("/").rpartition("/")[2])) for url in runs]
    except ValueError as error:
        raise InvalidHeader(header="Upload-Concat", reason="names a URL that is no upload's") from error


def upload_id(request: web.Request) -> UploadId:
    """Raises `UploadNotFound`."""
    text = request.match_info["upload_id"]
    try:
        return UploadId(UUID(text))
    except ValueError as error:
        raise UploadNotFound(upload_id=text[:64]) from error


def location(request: web.Request, status: Status) -> str:
    """The upload's URL: absolute where the request came by our public name, else its path.

    Some clients cannot resolve a path. But under another name it is not known how the client reaches us: a proxy
    that ends TLS may stand in between.
    """
    path, public = f"{UPLOADS}/{status.upload_id}", request.app[DEPS].public_url.rstrip("/")
    return public + path if request.host.lower() == urlsplit(public).netloc.lower() else path


def state_headers(status: Status) -> dict[str, str]:
    """What every answer about an upload says of it."""
    headers = {"Upload-Offset": str(status.offset), "Cache-Control": "no-store"}
    if status.media_id is not None:
        headers["Mediagate-Media-ID"] = str(status.media_id)
    elif status.kind is not Kind.FINAL:
        headers["Upload-Expires"] = format_datetime(status.expires_at.astimezone(UTC), usegmt=True)
    return headers


def described(status: Status) -> dict[str, str]:
    """The same with what was said at the beginning, for HEAD."""
    headers = state_headers(status)
    if status.length is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(status.length)
    if status.metadata_header:
        headers["Upload-Metadata"] = status.metadata_header
    if status.concat_header:
        headers["Upload-Concat"] = status.concat_header
    return headers


def capabilities(request: web.Request) -> dict[str, str]:
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(request.app[DEPS].max_file_size),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        "Cache-Control": "no-store",
    }
