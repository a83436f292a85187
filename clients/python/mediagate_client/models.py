"""What the gateway answers, as frozen values. Members that this version does not know are in ``raw``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """One file. ``stored``: all of it is in Telegram. ``sha256`` and measures are None where not known (yet)."""

    id: int
    filename: str
    file_size: int | None
    content_type: str
    file_type: str
    category: str | None
    description: str | None
    tags: tuple[str, ...]
    request_numbers: tuple[str, ...]
    sha256: str | None
    status: str
    stored: bool
    uploaded_at: datetime | None
    delivery: str
    verified: bool
    external_id: str | None
    duplicate_of: int | None
    width: int | None
    height: int | None
    duration: float | None
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def of(cls, json: Json) -> "Media":
        """From a media object of the API."""
        return cls(
            id=json["id"],
            filename=json["filename"],
            file_size=json.get("file_size"),
            content_type=json["content_type"],
            file_type=json["file_type"],
            category=json.get("category"),
            description=json.get("description"),
            tags=tuple(json.get("tags", ())),
            request_numbers=tuple(json.get("request_numbers", ())),
            sha256=json.get("sha256"),
            status=json["status"],
            stored=json["stored"],
            uploaded_at=_time(json.get("uploaded_at")),
            delivery=json.get("delivery", "http"),
            verified=json.get("verified", True),
            external_id=json.get("external_id"),
            duplicate_of=json.get("duplicate_of"),
            width=json.get("width"),
            height=json.get("height"),
            duration=json.get("duration"),
            raw=json,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploaded:
    """An upload that was acknowledged: the gateway will not lose it. ``existing``: it had this file already."""

    media: Media
    upload_id: str | None
    existing: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a search. ``next_cursor`` None: the last one."""

    results: tuple[Media, ...]
    total_count: int
    next_cursor: str | None

    @classmethod
    def of(cls, json: Json) -> "Page":
        return cls(
            results=tuple(Media.of(one) for one in json["results"]),
            total_count=json["total_count"],
            next_cursor=json.get("next_cursor"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where an upload stands; ``phase`` is receiving, storing, done or failed. Sizes are bytes."""

    upload_id: str
    phase: str
    received_bytes: int
    total_bytes: int | None
    stored_bytes: int
    media_id: int | None
    error: Json | None

    @classmethod
    def of(cls, json: Json) -> "Progress":
        return cls(
            upload_id=json["upload_id"],
            phase=json["phase"],
            received_bytes=json["received_bytes"],
            total_bytes=json.get("total_bytes"),
            stored_bytes=json["stored_bytes"],
            media_id=json.get("media_id"),
            error=json.get("error"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A signed link: whoever has ``url`` reads the bytes until ``expires_at``."""

    id: int
    url: str
    expires_at: datetime

    @classmethod
    def of(cls, json: Json) -> "Link":
        return cls(id=json["id"], url=json["url"], expires_at=datetime.fromisoformat(json["expires_at"]))


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
