"""Invitations, as JSON, and the headers of resumable uploads."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from storage.callers.invitations import LONGEST, MOST_FILES
from storage.domain import Category
from web.schemas.common import LARGEST_ID, Given, RequestNumberText, Shown

_DAY = 86400
_TOKEN = "A4wH0p3wM8xqk2V1nTzYb6RsJdLfGcEu"  # noqa: S105 -- an example

InvitationId = Annotated[int, Field(ge=1, le=LARGEST_ID, description="The invitation")]


class NewInvitation(Given):
    """What an invitation allows. A number or category that is given here holds for all of its files."""

    expires_in: Annotated[int, Field(ge=1, le=int(LONGEST.total_seconds()), description="Seconds")] = _DAY
    max_files: Annotated[int, Field(ge=1, le=MOST_FILES)] = 10
    max_size: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = Field(
        None, description="Bytes of one file; left out: the server's limit"
    )
    request_number: RequestNumberText | None = None
    category: Category | None = None

    @property
    def lifetime(self) -> timedelta:
        return timedelta(seconds=self.expires_in)


class InvitationTerms(Shown):
    max_files: int
    files_left: int
    max_size: int
    request_number: str | None
    category: Category | None
    expires_at: datetime


class InvitationShown(InvitationTerms):
    id: int
    created_at: datetime
    revoked_at: datetime | None


class InvitationMade(InvitationShown):
    url: str = Field(
        description="The upload page, with the token behind the `#`: it is shown here and never again",
        examples=[f"https://media.example.com/upload#{_TOKEN}"],
    )
    token: str = Field(description="For the header `X-Upload-Token`", examples=[_TOKEN])


class InvitationList(Shown):
    results: list[InvitationShown]
    limit: int
    offset: int


class InvitationOffer(InvitationTerms):
    allowed_file_types: list[str]
    uploads_url: str = Field(description="Where to upload, by tus", examples=["/api/v1/uploads"])


class TusHeaders(Given):
    """What every call of the resource takes."""

    tus_resumable: str = Field(alias="Tus-Resumable", examples=["1.0.0"])
    token: str | None = Field(None, alias="X-Upload-Token", description="An invitation's, in place of credentials")


class CreationHeaders(TusHeaders):
    length: int | None = Field(None, alias="Upload-Length", ge=0, examples=[1048576])
    deferred: int | None = Field(None, alias="Upload-Defer-Length", description="`1`: the length is not known yet")
    metadata: str | None = Field(None, alias="Upload-Metadata", examples=["filename bm90ZXMudHh0,category b3RoZXI="])
    concat: str | None = Field(
        None, alias="Upload-Concat", description="`partial`, or `final;` and the URLs of partial uploads"
    )
    checksum: str | None = Field(None, alias="Upload-Checksum", description="Of the bytes that come along")


class ChunkHeaders(TusHeaders):
    offset: int = Field(alias="Upload-Offset", ge=0, examples=[524288])
    length: int | None = Field(None, alias="Upload-Length", ge=0, description="Where it was deferred")
    checksum: str | None = Field(
        None, alias="Upload-Checksum", description="`sha1`, `sha256`, `md5` or `crc32` and its value in base64"
    )


class OverrideHeaders(TusHeaders):
    method: str = Field(alias="X-HTTP-Method-Override", examples=["PATCH"])


class TokenHeaders(Given):
    token: str = Field(alias="X-Upload-Token")
