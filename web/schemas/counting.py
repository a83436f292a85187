"""Figures and what happened."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from storage.domain import Category, FileType
from web.schemas.common import Given, Shown
from web.schemas.media import Media


class PopularQuery(Given):
    """How many."""

    limit: Annotated[int, Field(ge=1, le=200)] = 20


class TypeCount(Shown):
    type: FileType
    count: int
    size_bytes: int


class CategoryCount(Shown):
    category: Category
    count: int
    size_bytes: int


class DayCount(Shown):
    date: date
    count: int
    size_bytes: int


class TagCount(Shown):
    tag: str
    count: int


class RequestCount(Shown):
    request_number: str
    count: int


class Queue(Shown):
    """What is not in Telegram yet."""

    parts: int
    bytes: int
    oldest_seconds: float | None


class Figures(Shown):
    """About what the caller may see. `daily_uploads` are the last thirty days, oldest first."""

    total_files: int
    total_size_bytes: int
    file_types: list[TypeCount]
    categories: list[CategoryCount]
    daily_uploads: list[DayCount]
    top_tags: list[TagCount]
    top_requests: list[RequestCount]
    queue: Queue


class WorkOrder(Shown):
    """A request as the Request Service has it."""

    number: str = Field(examples=["250926-001"])
    title: str | None
    state: str | None = Field(description="The service's own word")
    closed: bool = Field(description="Whether it takes no more media")
    address: str | None
    url: str | None
    assignees: list[str] = Field(description="Names")


class RequestSummary(Shown):
    """What is attached to a request."""

    request_number: str
    total_files: int
    total_size_bytes: int
    file_types: list[TypeCount]
    categories: list[CategoryCount]
    latest: datetime | None = Field(description="When the newest was uploaded")
    request: WorkOrder | None


class TimelineEvent(Shown):
    """One thing that happened. `media` is null once it is deleted, or not yours to see."""

    at: datetime
    event: str = Field(examples=["attached", "updated", "archived"])
    by: str = Field(examples=["service:tickets", "telegram:1001"])
    media_id: int | None
    media: Media | None


class Timeline(Shown):
    """Oldest first, at most the newest thousand events."""

    request_number: str
    timeline: list[TimelineEvent]
    total_files: int = Field(description="Attached now")
    request: WorkOrder | None
