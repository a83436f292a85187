"""Bodies of the calls that manage media."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from storage.details import DESCRIPTION_LIMIT, EXTERNAL_ID_LIMIT, TAGS_LIMIT, UPLOADED_BY_LIMIT
from storage.domain import Category, FileType
from web.schemas.common import Given, Instant, MediaIdNumber, RequestNumberText, Shown
from web.schemas.media import Media
from web.schemas.searching import TagText

MOST_IDS = 200
_LARGEST_CHAT = 2**52
_LONGEST_NAME = 1024
_LONGEST_REASON = 2000
_LONGEST_CAPTION = 1024


def _visible(name: str) -> str:
    if not name.strip():
        raise ValueError("should not be empty")
    return name


Description = Annotated[str, Field(max_length=DESCRIPTION_LIMIT)]
ExternalId = Annotated[str, Field(max_length=EXTERNAL_ID_LIMIT)]
Filename = Annotated[str, Field(max_length=_LONGEST_NAME), AfterValidator(_visible)]
TagList = Annotated[list[TagText], Field(max_length=TAGS_LIMIT)]
Ids = Annotated[list[MediaIdNumber], Field(min_length=1, max_length=MOST_IDS, examples=[[17, 18]])]
ContentType = Annotated[str, Field(max_length=127, pattern=r"^[\w!#$&^.+-]+/[\w!#$&^.+-]+$", examples=["video/mp4"])]
ChatId = Annotated[int, Field(ge=-_LARGEST_CHAT, le=_LARGEST_CHAT, examples=[123456789])]


class MediaChanges(Given):
    """New values. A field that is left out stays; null clears one."""

    filename: Filename = ""
    description: Description | None = None
    category: Category = Field(Category.OTHER, description="Another purpose moves the file to another channel")
    tags: TagList | None = Field(None, description="In place of those there are")
    external_id: ExternalId | None = None
    expires_at: Instant | None = Field(
        None, description="When the media is to be deleted; a time that has passed: within a minute"
    )


class TagsBody(Given):
    """Tags to add, or to have."""

    tags: TagList
    replace: bool = False


class BatchBody(Given):
    """Which media."""

    ids: Ids


class Batch(Shown):
    """In the order asked for; what is deleted or not yours to see is missing."""

    results: list[Media]
    missing: list[int]


class AttachBody(Given):
    """Media to attach."""

    ids: Ids
    category: Category | None = None
    override: bool = Field(default=False, description="Also to a request that is closed: with `requests:write`")


class Attached(Shown):
    """What is attached now. `attached` counts those that were not before."""

    request_number: str
    attached: int
    results: list[Media]


class ArchiveBody(Given):
    """Why."""

    archive_reason: Annotated[str, Field(max_length=_LONGEST_REASON)] | None = None


class SendBody(Given):
    """Where to."""

    chat_id: ChatId
    caption: Annotated[str, Field(max_length=_LONGEST_CAPTION)] | None = Field(None, description="Default: the name")


class Handed(Shown):
    """The message that the bot sent."""

    success: Literal[True]
    media_file_id: int
    chat_id: int
    message_id: int


class TelegramFileBody(Given):
    """A file that one of the gateway's bots can use, and what is to be said about it."""

    file_id: Annotated[str, Field(min_length=1, max_length=256, pattern="^[A-Za-z0-9_-]+$")]
    request_number: RequestNumberText | None = None
    category: Category | None = None
    description: Description | None = None
    tags: TagList = Field([])
    uploaded_by: Annotated[str, Field(max_length=UPLOADED_BY_LIMIT)] | None = None
    external_id: ExternalId | None = None
    filename: Filename | None = None
    content_type: ContentType | None = Field(None, description="As the message said; checked where the file is small")
    file_type: FileType | None = Field(None, description="Needed for files that are too large for a bot to fetch")
    file_size: Annotated[int, Field(ge=1, le=2**53)] | None = Field(None, description="Of such a file")
    override: bool = Field(default=False, description="Also to a request that is closed: with `requests:write`")
