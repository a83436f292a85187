"""The fields of uploads into a certain place, and their answer."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from storage.details import DESCRIPTION_LIMIT, EXTERNAL_ID_LIMIT, UPLOADED_BY_LIMIT
from storage.domain import Category
from web.schemas.common import Given, RequestNumberText, Shown
from web.schemas.media import EXAMPLE, Media
from web.schemas.streaming import Tags

ANSWER = {"media_file": EXAMPLE, "file_url": EXAMPLE["file_url"], "message": "stored"}

ReportType = Literal[
    Category.REPORT_PHOTO,
    Category.REPORT_VIDEO,
    Category.REPORT_DOCUMENT,
    Category.COMPLETION_PHOTO,
    Category.COMPLETION_VIDEO,
    Category.COMPLETION_DOCUMENT,
]


class _Said(Given):
    description: Annotated[str, Field(max_length=DESCRIPTION_LIMIT)] | None = None
    tags: Tags | None = None
    uploaded_by: Annotated[str, Field(max_length=UPLOADED_BY_LIMIT)] | None = Field(None, description="A label")
    on_duplicate: Literal["keep", "return"] = "keep"


class _OfRequest(_Said):
    request_number: RequestNumberText
    external_id: Annotated[str, Field(max_length=EXTERNAL_ID_LIMIT)] | None = None


class RequestForm(_OfRequest):
    """A file of a request."""

    category: Category | None = None
    file: bytes


class ReportForm(_OfRequest):
    """A file of a report, for the reports channel."""

    report_type: ReportType = Category.COMPLETION_PHOTO
    file: bytes


class AccessForm(_Said):
    """A picture of who came in."""

    kind: Literal["plate", "overview"]
    ref: Annotated[str, Field(max_length=EXTERNAL_ID_LIMIT)] | None = Field(
        None, description="Your own id of the passage; kept as `external_id`"
    )
    file: bytes


class Placed(Shown):
    """A file that was kept. `message` is `accepted` in a 202."""

    model_config = ConfigDict(json_schema_extra={"examples": [ANSWER]})

    media_file: Media
    file_url: str | None
    message: Literal["stored", "accepted", "existing"]
