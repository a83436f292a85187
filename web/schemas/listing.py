"""Queries of lists of media and of what is attached."""

from storage.domain import Category
from web.schemas.common import Given, Page


class RequestMediaQuery(Page):
    """Which of a request's media."""

    category: Category | None = None


class AttachQuery(Given):
    """How to attach."""

    category: Category | None = None
