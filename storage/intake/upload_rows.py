"""The rows of an upload by their columns: itself, its parts, and the media it becomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from storage.content import ContentType, default_category
from storage.details import Details
from storage.domain import GONE, Category, Inspection, MediaKey, MediaStatus, PartState, UploadId, UploadPhase
from storage.engine.captions import Facts
from storage.filenames import clean_filename
from storage.intake.receiving import Received, SpooledPart
from storage.tables import Attachment, Media


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What all rows of one upload share. ``filename`` is the client's word."""

    upload_id: UploadId
    key: MediaKey
    owner: str
    node: str
    filename: str | None
    invitation_id: int | None
    received_at: datetime


def category_of(details: Details, content_type: ContentType) -> Category:
    """The category that was given, or the one of the file's kind."""
    return details.category or Category(default_category(content_type.file_type))


def upload_facts(origin: Origin, content_type: ContentType, details: Details) -> Facts:
    """What captions of early parts say."""
    return Facts(
        filename=clean_filename(origin.filename, mime=content_type.mime),
        content_type=content_type.mime,
        file_type=content_type.file_type,
        category=category_of(details, content_type),
        request_numbers=details.numbers,
        tags=details.tags,
        description=details.description,
        who=origin.owner,
        when=origin.received_at.isoformat(),
    )


def upload_values(origin: Origin, content_type: ContentType, details: Details, total: int | None) -> dict[str, Any]:
    """An upload that is being received; it says what captions of early parts need."""
    facts = upload_facts(origin, content_type, details)
    return {
        "id": origin.upload_id,
        "media_key": origin.key,
        "owner": origin.owner,
        "node": origin.node,
        "phase": UploadPhase.RECEIVING,
        "details": facts.as_json(),
        "filename": facts.filename,
        "invitation_id": origin.invitation_id,
        "total_bytes": total,
    }


def part_values(
    origin: Origin, part: SpooledPart, category: Category, *, media_id: int | None, last: bool
) -> dict[str, Any]:
    """A part whose bytes are in the spool."""
    return {
        "media_key": origin.key,
        "media_id": media_id,
        "upload_id": origin.upload_id,
        "index": part.index,
        "offset": part.offset,
        "size": part.size,
        "sha256": part.sha256,
        "last": last,
        "state": PartState.SPOOLED,
        "attempt": 0,
        "origin": "spool",
        "node": origin.node,
        "purpose": category.purpose,
    }


def media_values(origin: Origin, received: Received, details: Details) -> dict[str, Any]:
    """The media that an upload becomes, but for what is derived from it."""
    content_type = received.content_type
    category = category_of(details, content_type)
    return {
        "key": origin.key,
        "owner": origin.owner,
        "uploaded_by": details.uploaded_by,
        "source": "http",
        "filename": clean_filename(origin.filename, mime=content_type.mime),
        "file_size": received.size,
        "content_type": content_type.mime,
        "file_type": content_type.file_type,
        "category": category,
        "purpose": category.purpose,
        "description": details.description,
        "tags": list(details.tags),
        "external_id": details.external_id,
        "sha256": received.sha256,
        "status": MediaStatus.ACTIVE,
        "inspection": Inspection.DONE,
        "verified": True,
        "uploaded_at": origin.received_at,
    }


def own_duplicates(owner: str, received: Received, details: Details | None = None) -> Select[Media]:
    """The owner's media of the same bytes, oldest first; with ``details`` those of the same request."""
    query = (
        select(Media)
        .where(Media.owner == owner, Media.sha256 == received.sha256)
        .where(Media.status.not_in(GONE))
        .order_by(Media.id)
        .limit(1)
    )
    if details is None or details.request_number is None:
        return query
    attached = select(Attachment.media_id).where(Attachment.request_number == details.request_number)
    return query.where(Media.id.in_(attached))
