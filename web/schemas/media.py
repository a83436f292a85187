"""The media object, the same everywhere. `web.rendering.media_json` writes it; tests hold the two together."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from storage.domain import Category, FileType, MediaStatus
from web.schemas.common import Shown

EXAMPLE: dict[str, Any] = {
    "id": 17,
    "filename": "leak.jpg",
    "file_size": 48211,
    "content_type": "image/jpeg",
    "file_type": "photo",
    "category": "request_photo",
    "description": "Water under the sink",
    "tags": ["urgent"],
    "request_numbers": ["250926-001"],
    "request_number": "250926-001",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "status": "active",
    "stored": True,
    "source": "http",
    "uploaded_by": 42,
    "uploaded_by_name": "Anna Karimova",
    "uploaded_by_language": "ru",
    "uploaded_at": "2025-09-26T08:15:02.113408Z",
    "archived_at": None,
    "expires_at": None,
    "width": 1280,
    "height": 960,
    "duration": None,
    "delivery": "http",
    "verified": True,
    "external_id": None,
    "duplicate_of": None,
    "unverified_request": False,
    "telegram": {
        "channel_id": -1002000000001,
        "message_id": 903,
        "file_id": "BQACAgIAAx0CdzWUAAMDZ5o7HhQ2",
        "parts": 1,
    },
    "file_url": "/api/v1/media/17/file",
    "preview_url": "/api/v1/media/17/preview",
}
"""A media as it is answered."""


class TelegramPlace(Shown):
    """Where a media's first part sits in Telegram."""

    channel_id: int
    message_id: int
    file_id: str | None = Field(description="Of the first bot; null until it is known")
    parts: int


class Media(Shown):
    """One file that was kept, with what is known about it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: int
    filename: str
    file_size: int | None = Field(description="Bytes; null where unknown")
    content_type: str = Field(description="From the bytes, not from what was declared; see `verified`")
    file_type: FileType
    category: Category = Field(description="Decides the channel")
    description: str | None
    tags: list[str]
    request_numbers: list[str] = Field(description="The requests that it is attached to")
    request_number: str | None = Field(description="The first of them")
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    status: MediaStatus
    stored: bool = Field(description="Every part is in Telegram")
    source: str = Field(description="The door that it came through: `http` or `telegram`")
    uploaded_by: int | str | None = Field(description="A label given by the caller; it grants nothing")
    uploaded_by_name: str | None = Field(description="The User Service's name for that id; null where not known")
    uploaded_by_language: str | None = Field(description="Their language by the User Service, a code such as `ru`")
    uploaded_at: datetime
    archived_at: datetime | None
    expires_at: datetime | None
    width: int | None
    height: int | None
    duration: float | None = Field(description="Seconds")
    delivery: Literal["http", "telegram_only"] = Field(
        description="`telegram_only`: too large to be fetched back; the bot delivers it, `/file` answers 409"
    )
    verified: bool = Field(description="Whether the content type comes from the bytes")
    external_id: str | None = Field(description="The caller's own id")
    duplicate_of: int | None = Field(description="An earlier media of the same bytes and request, of the same caller")
    unverified_request: bool = Field(description="The Request Service has not confirmed the number yet")
    telegram: TelegramPlace | None = Field(description="Null until the media is stored")
    file_url: str | None = Field(description="Null where `delivery` is `telegram_only`")
    preview_url: str | None = Field(description="Null where there is no preview")
