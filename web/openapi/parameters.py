"""What path parameters are: a name means the same in every path."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from storage.errors import InvalidRequestNumber, MediagateError, MediaNotFound, UploadNotFound
from web.schemas.common import MediaIdNumber, RequestNumberText


@dataclass(frozen=True, slots=True)
class PathParameter:
    """A type that pydantic can describe, and what is raised for a value that is none."""

    kind: Any
    errors: tuple[type[MediagateError], ...] = ()


PATH: Mapping[str, PathParameter] = {
    "media_id": PathParameter(Annotated[MediaIdNumber, Field(description="The media")], (MediaNotFound,)),
    "number": PathParameter(RequestNumberText, (InvalidRequestNumber,)),
    "upload_id": PathParameter(Annotated[UUID, Field(description="The upload")], (UploadNotFound,)),
}
