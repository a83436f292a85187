"""How the bytes of a media are asked for."""

from typing import Literal

from pydantic import Field

from web.schemas.common import Given


class FileQuery(Given):
    """How to be given the file."""

    download: Literal["0", "1", "false", "true"] = Field("0", description="`1`: to be saved, not shown")

    @property
    def attachment(self) -> bool:
        return self.download in ("1", "true")


class FileHeaders(Given):
    """Ranges and conditions of RFC 9110."""

    range: str | None = Field(
        None, alias="Range", description="One or several ranges, suffixes too", examples=["bytes=0-1023"]
    )
    if_range: str | None = Field(None, alias="If-Range", description="An `ETag` or date: else the whole file is sent")
    if_none_match: str | None = Field(None, alias="If-None-Match", description="304 where the `ETag` is the same")
    if_modified_since: str | None = Field(None, alias="If-Modified-Since")
    if_match: str | None = Field(None, alias="If-Match")
    if_unmodified_since: str | None = Field(None, alias="If-Unmodified-Since")
