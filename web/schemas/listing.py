"""Queries of lists of media and of what is attached."""

from pydantic import Field

from storage.domain import Category
from web.schemas.common import Given, Page


class RequestMediaQuery(Page):
    """Which of a request's media."""

    category: Category | None = None


class AttachQuery(Given):
    """How to attach."""

    category: Category | None = None
    override: bool = Field(default=False, description="Also to a request that is closed: with `requests:write`")
