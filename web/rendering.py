"""Media and uploads as the JSON of the contract, the same everywhere."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storage.intake.uploads import UploadState
from storage.views import MediaView, TelegramPlace
from storage.work_orders.port import WorkOrder

API = "/api/v1"


def media_path(media_id: int) -> str:
    return f"{API}/media/{media_id}"


def media_json(view: MediaView) -> dict[str, Any]:
    """The media object. ``preview_url`` is null where there is no use in asking for a preview."""
    return {
        "id": view.id,
        "filename": view.filename,
        "file_size": view.file_size,
        "content_type": view.content_type,
        "file_type": view.file_type.value,
        "category": view.category.value,
        "description": view.description,
        "tags": list(view.tags),
        "request_numbers": list(view.request_numbers),
        "request_number": view.request_numbers[0] if view.request_numbers else None,
        "sha256": None if view.sha256 is None else view.sha256.hex(),
        "status": view.status.value,
        "stored": view.stored,
        "source": view.source,
        "uploaded_by": _label(view.uploaded_by),
        "uploaded_by_name": view.uploaded_by_name,
        "uploaded_by_language": view.uploaded_by_language,
        "uploaded_at": timestamp(view.uploaded_at),
        "archived_at": timestamp(view.archived_at),
        "expires_at": timestamp(view.expires_at),
        "width": view.width,
        "height": view.height,
        "duration": view.duration,
        "delivery": "http" if view.deliverable else "telegram_only",
        "verified": view.verified,
        "external_id": view.external_id,
        "duplicate_of": view.duplicate_of,
        "unverified_request": view.unverified_request,
        "telegram": None if view.telegram is None else _telegram(view.telegram),
        "file_url": f"{media_path(view.id)}/file" if view.deliverable else None,
        "preview_url": f"{media_path(view.id)}/preview" if view.previewable else None,
    }


def upload_json(view: MediaView, upload_id: object, message: str | None = None) -> dict[str, Any]:
    """The answer to one upload. ``message`` None: stored or accepted, by where the media is."""
    return {
        "success": True,
        "media_file_id": view.id,
        "filename": view.filename,
        "file_size": view.file_size,
        "telegram_message_id": None if view.telegram is None else view.telegram.message_id,
        "message": message or ("stored" if view.stored else "accepted"),
        "upload_id": str(upload_id),
        "media": media_json(view),
    }


def progress_json(state: UploadState) -> dict[str, Any]:
    return {
        "upload_id": str(state.upload_id),
        "phase": state.phase.value,
        "filename": state.filename,
        "received_bytes": state.received_bytes,
        "total_bytes": state.total_bytes,
        "stored_bytes": state.stored_bytes,
        "stored_parts": state.stored_parts,
        "total_parts": state.total_parts,
        "rate": round(state.rate),
        "eta_seconds": None if state.eta_seconds is None else round(state.eta_seconds, 1),
        "media_id": state.media_id,
        "error": state.error,
    }


def order_json(order: WorkOrder | None) -> dict[str, Any] | None:
    """A request as the Request Service has it; null where there is none, or it is not known."""
    if order is None:
        return None
    return {
        "number": order.number,
        "title": order.title,
        "state": order.state,
        "closed": order.closed,
        "address": order.address,
        "url": order.url,
        "assignees": [one.name for one in order.assignees if one.name],
    }


def timestamp(when: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return None if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _telegram(place: TelegramPlace) -> Mapping[str, Any]:
    return {
        "channel_id": place.channel_id,
        "message_id": place.message_id,
        "file_id": place.file_id,
        "parts": place.parts,
    }


def _label(value: str | None) -> int | str | None:
    """A number where the label is one: the callers' user ids are, and come back as they were sent."""
    if value is not None and value.isascii() and value.isdecimal() and str(int(value)) == value:
        return int(value)
    return value
