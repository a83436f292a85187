"""What a search asks for, and its conditions in SQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Text, cast, exists, func, literal_column, select

from storage.domain import Category, FileType, MediaStatus
from storage.search.indexing import matches
from storage.tables import Attachment, Media
from storage.tables.media import LIVE

_NEVER_ATTACHED = (Category.AVATAR, Category.ACCESS_PLATE, Category.ACCESS_OVERVIEW)


class Sort(StrEnum):
    """By what results are ordered; ids break ties, in the same direction."""

    NEWEST = "-uploaded_at"
    OLDEST = "uploaded_at"
    LARGEST = "-file_size"
    SMALLEST = "file_size"
    NAME = "filename"
    NAME_REVERSED = "-filename"

    @property
    def descending(self) -> bool:
        return self.startswith("-")

    @property
    def key(self) -> ColumnElement[Any]:
        """Never null, so that a cursor can stand behind any row."""
        match self.lstrip("-"):
            case "file_size":
                return func.coalesce(Media.file_size, 0)
            case "filename":
                return Media.filename.expression
            case _:
                return Media.uploaded_at.expression


@dataclass(frozen=True, kw_only=True, slots=True)
class Criteria:
    """All of them hold at once; an empty one is not asked for. Dates are [``date_from``, ``date_to``)."""

    query: str | None = None
    request_numbers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    any_tag: bool = False
    date_from: datetime | None = None
    date_to: datetime | None = None
    file_types: tuple[FileType, ...] = ()
    categories: tuple[Category, ...] = ()
    uploaded_by: str | None = None
    statuses: tuple[MediaStatus, ...] = ()
    attached: bool | None = None
    external_id: str | None = None

    @property
    def few(self) -> bool:
        """Whether few rows can be expected, so that an index finds them all sooner than an ordered walk the first."""
        return bool(self.query or self.request_numbers or self.tags or self.uploaded_by or self.external_id)

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """On `Media`."""
        yield Media.status.in_(self.statuses) if self.statuses else literal_column(f"(media.{LIVE})", Boolean())
        if self.query:
            yield matches(self.query)
        if self.request_numbers:
            numbers = Attachment.request_number.in_(self.request_numbers)
            yield Media.id.in_(select(Attachment.media_id).where(numbers))
        if self.tags:
            shares = Media.tags.op("&&" if self.any_tag else "@>", is_comparison=True)
            yield shares(cast(list(self.tags), ARRAY(Text)))
        yield from self._plain_conditions()

    def _plain_conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.date_from is not None:
            yield Media.uploaded_at >= self.date_from
        if self.date_to is not None:
            yield Media.uploaded_at < self.date_to
        if self.file_types:
            yield Media.file_type.in_(self.file_types)
        if self.categories:
            yield Media.category.in_(self.categories)
        if self.uploaded_by is not None:
            yield Media.uploaded_by == self.uploaded_by
        if self.external_id is not None:
            yield Media.external_id == self.external_id
        if self.attached is not None:
            attached = exists().where(Attachment.media_id == Media.id)
            yield attached if self.attached else ~attached & Media.category.not_in(_NEVER_ATTACHED)


EVERYTHING = Criteria()
