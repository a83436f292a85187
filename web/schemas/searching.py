"""The query of a search, and its answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from storage.details import EXTERNAL_ID_LIMIT, TAG_LIMIT, TAGS_LIMIT, UPLOADED_BY_LIMIT
from storage.domain import Category, FileType, MediaStatus
from storage.search.criteria import Sort
from web.schemas.common import Page, RequestNumberText, Shown
from web.schemas.media import Media

_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_DAY_LENGTH = len("2025-09-26")
_MOST_NUMBERS = 100


def _moment(text: str) -> date | datetime:
    try:
        when = date.fromisoformat(text) if len(text) == _DAY_LENGTH else datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("should be a date as 2025-09-26, or a time as 2025-09-26T08:15:00Z") from error
    if not _FIRST_YEAR <= when.year <= _LAST_YEAR:
        raise ValueError(f"should be between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return when


Moment = Annotated[
    str,
    AfterValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
            "examples": ["2025-09-26", "2025-09-26T08:15:00Z"],
        }
    ),
]
"""A `date` or a `datetime`; one without an offset is in the gateway's time zone."""

TagText = Annotated[str, Field(min_length=1, max_length=TAG_LIMIT)]
LiveStatus = Literal[MediaStatus.ACTIVE, MediaStatus.ARCHIVING, MediaStatus.ARCHIVED]


class SearchQuery(Page):
    """What to look for: all of it holds at once."""

    query: Annotated[str, Field(max_length=200)] | None = Field(
        None,
        description="Words of the name, the description, tags, request numbers or the external id, in Russian, Uzbek "
        "(either alphabet) or English; their beginnings, and any part of those in names and numbers",
    )
    request_numbers: Annotated[list[RequestNumberText], Field(max_length=_MOST_NUMBERS)] = Field(
        [], description="Attached to one of these"
    )
    tags: Annotated[list[TagText], Field(max_length=TAGS_LIMIT)] = Field([])
    match: Literal["all", "any"] = Field("all", description="Whether it must have all of `tags`")
    date_from: Moment | None = Field(None, description="Uploaded then or later")
    date_to: Moment | None = Field(None, description="Uploaded then or earlier; a date means its whole day")
    file_types: list[FileType] = Field([])
    categories: list[Category] = Field([])
    uploaded_by: Annotated[str, Field(max_length=UPLOADED_BY_LIMIT)] | None = None
    status: list[LiveStatus] = Field([])
    attached: bool | None = Field(None, description="`false`: what waits to be attached to a request")
    external_id: Annotated[str, Field(max_length=EXTERNAL_ID_LIMIT)] | None = None
    sort: Sort = Sort.NEWEST
    cursor: Annotated[str, Field(max_length=1000)] | None = Field(
        None, description="`next_cursor` of the page before, instead of `offset`: steady while media come and go"
    )


class SearchResults(Shown):
    """A page."""

    results: list[Media]
    total_count: int = Field(description="All that was found, whatever the page")
    limit: int
    offset: int
    has_more: bool
    next_cursor: str | None
    filters_applied: dict[str, Any] = Field(description="What was looked for, as it was understood")
