"""What the page of a request shows."""

from datetime import datetime

from pydantic import Field

from storage.catalog.request_files import Obstacle, Side
from storage.domain import Category, FileType
from web.schemas.common import Shown
from web.schemas.counting import WorkOrder


class GalleryFile(Shown):
    """A file of the request."""

    id: int
    filename: str
    file_type: FileType
    content_type: str
    category: Category = Field(description="What it was attached as")
    side: Side = Field(description="What it shows: the state before the work, the work, the state after it")
    file_size: int | None
    width: int | None
    height: int | None
    duration: float | None = Field(description="In seconds")
    description: str | None
    uploaded_by: str | None = Field(description="A name")
    uploaded_at: datetime
    readable: bool = Field(description="Whether its bytes can be had here")
    previewable: bool
    obstacle: Obstacle | None = Field(description="What stands in its way; what is on its way can be had already")


class GalleryEvent(Shown):
    """One thing that happened."""

    at: datetime
    event: str = Field(examples=["attached", "updated", "archived"])
    by: str | None = Field(description="A name")
    media_id: int | None
    filename: str | None = Field(description="Null once the media is deleted")


class Gallery(Shown):
    """A request as its page shows it."""

    request_number: str
    request: WorkOrder | None
    expires_at: datetime = Field(description="When this link ends")
    zip_size: int = Field(description="About how many bytes the ZIP has")
    files: list[GalleryFile]
    timeline: list[GalleryEvent] = Field(description="Oldest first")
