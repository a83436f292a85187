"""Uploads: what may be said about a file, and what is answered."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from storage.details import DESCRIPTION_LIMIT, EXTERNAL_ID_LIMIT, TAG_LIMIT, TAGS_LIMIT, UPLOADED_BY_LIMIT
from storage.domain import Category, UploadPhase
from web.schemas.common import Given, Problem, RequestNumberText, Shown
from web.schemas.media import EXAMPLE, Media

UPLOADED: dict[str, Any] = {
    "success": True,
    "media_file_id": 17,
    "filename": "leak.jpg",
    "file_size": 48211,
    "telegram_message_id": 903,
    "message": "stored",
    "upload_id": "1f6f3b5e-2f0f-4a0e-9d53-8a8c2f6f3b5e",
    "media": EXAMPLE,
}
PROGRESS: dict[str, Any] = {
    "upload_id": "1f6f3b5e-2f0f-4a0e-9d53-8a8c2f6f3b5e",
    "phase": "receiving",
    "filename": "walkthrough.mp4",
    "received_bytes": 41943040,
    "total_bytes": 104857600,
    "stored_bytes": 19922944,
    "stored_parts": 1,
    "total_parts": None,
    "rate": 8388608,
    "eta_seconds": 7.5,
    "media_id": None,
    "error": None,
}

Tags = Annotated[
    str,
    Field(
        description=f"A JSON array of strings or words separated by commas; at most {TAGS_LIMIT} of {TAG_LIMIT} "
        "characters. Kept in lower case, without `#`",
        examples=['["urgent","kitchen"]', "urgent,kitchen"],
    ),
]


class UploadFields(Given):
    """What may be said about a file besides its bytes. An empty value counts as none."""

    request_number: RequestNumberText | None = None
    category: Category | None = Field(None, description="Default: request_photo, request_video or request_document")
    description: Annotated[str, Field(max_length=DESCRIPTION_LIMIT)] | None = None
    tags: Tags | None = None
    uploaded_by: Annotated[str, Field(max_length=UPLOADED_BY_LIMIT)] | None = Field(None, description="A label")
    external_id: Annotated[str, Field(max_length=EXTERNAL_ID_LIMIT)] | None = Field(
        None, description="Your own id for the file, searchable"
    )
    on_duplicate: Literal["keep", "return"] = Field(
        "keep", description="`return` answers 200 with your own media of the same bytes and request, if there is one"
    )
    override: Literal["true", "false"] = Field(
        "false", description="Also to a request that is closed: with `requests:write`"
    )


class UploadQuery(UploadFields):
    """The fields as query parameters: for a raw body, or beside those of a form (each once)."""

    filename: str | None = Field(None, description="Of a raw body; else from `Content-Disposition`")


class UploadForm(UploadFields):
    """Fields in any order, also after the file. A part may carry `Content-Digest` of its own."""

    file: bytes


class SeveralForm(UploadFields):
    """The fields hold for every file."""

    files: list[bytes]


class UploadHeaders(Given):
    """What an upload may ask for by headers."""

    upload_id: UUID | None = Field(
        None, alias="X-Upload-ID", description="Chosen by you, to watch the upload before its answer comes"
    )
    idempotency_key: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")] | None = Field(
        None, alias="Idempotency-Key", description="A retry within 24 hours gets the first result"
    )
    prefer: str | None = Field(
        None,
        alias="Prefer",
        description="`respond-async`: answer 202 as soon as the file is safe. `wait=N`: wait up to N seconds for "
        "Telegram",
        examples=["respond-async", "wait=60"],
    )


class DigestHeaders(UploadHeaders):
    """Those of a call whose body may be the file itself."""

    content_digest: str | None = Field(
        None,
        alias="Content-Digest",
        description="RFC 9530, of a raw body: `sha-256=:<base64>:`. `Repr-Digest` works too",
        examples=["sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:"],
    )
    content_disposition: str | None = Field(
        None,
        alias="Content-Disposition",
        description="Names a raw body: `attachment; filename*=UTF-8''leak.jpg`",
        examples=["attachment; filename*=UTF-8''leak.jpg"],
    )


class WatchHeaders(Given):
    """How to watch an upload."""

    last_event_id: str | None = Field(None, alias="Last-Event-ID", description="The last event that you have seen")


class Uploaded(Shown):
    """A file that was kept. In a 202 `telegram_message_id` is null and `message` is `accepted`."""

    model_config = ConfigDict(json_schema_extra={"examples": [UPLOADED]})

    success: Literal[True]
    media_file_id: int
    filename: str
    file_size: int | None
    telegram_message_id: int | None
    message: Literal["stored", "accepted", "existing"]
    upload_id: UUID
    media: Media


class UploadedItem(Uploaded):
    """One of several files, kept. `status` is what a single upload would have been answered."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": 201, **UPLOADED}]})

    status: int


class FailedItem(Shown):
    """One of several files, refused; its neighbours are not harmed."""

    success: Literal[False]
    filename: str
    status: int
    error: Problem


class Progress(Shown):
    """One upload at one moment."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROGRESS]})

    upload_id: UUID
    phase: UploadPhase
    filename: str | None
    received_bytes: int
    total_bytes: int | None = Field(description="Null while the length is not known")
    stored_bytes: int = Field(description="In Telegram")
    stored_parts: int
    total_parts: int | None = Field(description="Null until the last byte is in")
    rate: int = Field(description="Bytes a second")
    eta_seconds: float | None
    media_id: int | None
    error: dict[str, Any] | None = Field(description="Why it failed: `code` and fields")


class ProgressLine(Progress):
    """A line while the upload runs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event": "progress", **PROGRESS}]})

    event: Literal["progress"]


class ResultLine(Uploaded):
    """The last line of an upload that was kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event": "result", "status": 201, **UPLOADED}]})

    event: Literal["result"]
    status: int


class FailureLine(Shown):
    """The last line of an upload that failed."""

    event: Literal["result"]
    success: Literal[False]
    status: int
    error: Problem


class ArchiveLimits(Shown):
    """How Telegram does right now."""

    available: bool
    queued_bytes: int
    retry_after: int | None = Field(description="Seconds until it takes files again")


class QuotaSide(Shown):
    """A limit and what is used of it; null: no limit, or nothing is counted."""

    max_bytes: int | None
    used_bytes: int | None
    max_files: int | None
    used_files: int | None


class QuotaDay(QuotaSide):
    """Over it, uploads answer 429."""

    resets_at: datetime


class Quota(Shown):
    """What these credentials may do; null: no limit."""

    max_bytes: int | None
    max_uploads_per_minute: int | None
    max_requests_per_minute: int | None
    day: QuotaDay
    total: QuotaSide = Field(description="Of what is not deleted. Over it, uploads answer 403")


class Limits(Shown):
    """What may be uploaded now, by this caller."""

    max_file_size: int
    max_files_per_request: int
    allowed_file_types: list[str] = Field(examples=[["image/*", "application/pdf"]])
    streaming_available: bool
    chunk_size: int
    part_size: int
    archive: ArchiveLimits
    quota: Quota
