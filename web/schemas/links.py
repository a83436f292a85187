"""Signed links: what is asked for and what is answered."""

from datetime import datetime

from pydantic import Field

from storage.delivery.links import LONGEST, SHORTEST, USUAL
from web.schemas.common import Given, MediaIdNumber, Shown

_MOST_DOWNLOADS = 1_000_000
_LOCAL_ONLY = "Whether the address leads here from this machine only: `PUBLIC_URL` is not set"


class LinkTerms(Given):
    """What a link is to allow."""

    expires_in: int = Field(
        int(USUAL.total_seconds()),
        ge=int(SHORTEST.total_seconds()),
        le=int(LONGEST.total_seconds()),
        description="Seconds until the link ends",
    )
    max_downloads: int | None = Field(None, ge=1, le=_MOST_DOWNLOADS, description="How often; else any number of times")
    download: bool = Field(default=False, description="To be saved, not shown")
    strip_gps: bool = Field(
        default=False,
        description="An image without its metadata (place, time, camera); JPEG, PNG, WebP, HEIC and AVIF",
    )


class Link(Shown):
    """A signed link."""

    id: int
    url: str = Field(examples=["https://media.example.com/d/AAAAAAAAAAE…"])
    media_file_id: MediaIdNumber
    expires_at: datetime
    max_downloads: int | None
    downloads: int = Field(description="Those begun so far; ranges of one download count once")
    download: bool
    strip_gps: bool
    created_by: str
    created_at: datetime
    local_only: bool = Field(description=_LOCAL_ONLY)


class FileUrl(Shown):
    """A link without terms."""

    media_file_id: MediaIdNumber
    file_url: str
    expires_at: datetime
    local_only: bool = Field(description=_LOCAL_ONLY)
