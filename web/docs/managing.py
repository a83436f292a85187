"""Finding, counting, changing and handing on media."""

from typing import Annotated

from pydantic import Field

from storage import errors
from web.docs import media
from web.docs.files import FILE, FILE_HEAD
from web.docs.uploads import OF_REQUEST
from web.openapi.doc import JSON, Answer, Doc
from web.schemas import counting, managing
from web.schemas.media import EXAMPLE, Media
from web.schemas.searching import SearchQuery, SearchResults

_MEDIA = Answer(description="The media", content={JSON: Media}, example=EXAMPLE)
_FILE_ID = {"file_id": Annotated[str, Field(description="A `file_id` or `file_unique_id`")]}
_BODY = (errors.InvalidFields, errors.MalformedBody, errors.IncompleteBody, errors.TooSlow)
_BODY_STATUSES = (413, 415)
_OF_TELEGRAM = (errors.Postponed, errors.ArchiveError)

SEARCH = Doc(
    summary="Search media",
    tags=("media",),
    query=SearchQuery,
    answers={200: SearchResults},
    errors=(errors.InvalidFields, errors.InvalidRequestNumber),
)
STATISTICS = Doc(summary="Figures about all media", tags=("media",), answers={200: counting.Figures})
TAGS = Doc(
    summary="The tags of most media",
    tags=("media",),
    query=counting.PopularQuery,
    answers={200: list[counting.TagCount]},
    errors=(errors.InvalidFields,),
)
EDIT = Doc(
    summary="Change what is said about a media",
    tags=("media",),
    description="The caption in the channel follows.",
    body=managing.MediaChanges,
    answers={200: _MEDIA},
    errors=(errors.MediaDeleted, errors.ChannelNotBound, *_BODY),
    statuses=_BODY_STATUSES,
)
TAG = Doc(
    summary="Add or replace tags",
    tags=("media",),
    body=managing.TagsBody,
    answers={200: _MEDIA},
    errors=(errors.MediaDeleted, *_BODY),
    statuses=_BODY_STATUSES,
)
ARCHIVE = Doc(
    summary="Move a media to the archive channel",
    tags=("media",),
    description="The status is `archiving` until the last part is there, then `archived`.",
    body=managing.ArchiveBody,
    answers={200: _MEDIA},
    errors=(errors.MediaDeleted, errors.WrongStatus, errors.ChannelNotBound, *_BODY),
    statuses=_BODY_STATUSES,
)
BATCH = Doc(
    summary="Several media by their ids",
    tags=("media",),
    body=managing.BatchBody,
    answers={200: managing.Batch},
    errors=_BODY,
    statuses=_BODY_STATUSES,
)
SEND = Doc(
    summary="Have the bot send a media to a chat",
    tags=("media",),
    description="To a person or a chat that knows the bot. Each call is a message.",
    body=managing.SendBody,
    answers={200: managing.Handed},
    errors=(
        errors.MediaDeleted,
        errors.InSeveralParts,
        errors.RecipientUnavailable,
        errors.SourceUnavailable,
        *_OF_TELEGRAM,
        *_BODY,
    ),
    statuses=_BODY_STATUSES,
)
KEEP_TELEGRAM = Doc(
    summary="Keep a file that Telegram has",
    tags=("media",),
    description="By the `file_id` that one of the gateway's bots has it under; no bytes are moved.",
    body=managing.TelegramFileBody,
    answers={
        200: Answer(description="You have it already", content={JSON: Media}, example=EXAMPLE),
        201: Answer(description="Kept", content={JSON: Media}, example=EXAMPLE),
    },
    errors=(
        *OF_REQUEST,
        errors.FileTooLarge,
        errors.TypeNotAllowed,
        errors.ChannelNotBound,
        *_OF_TELEGRAM,
        *_BODY,
    ),
    statuses=_BODY_STATUSES,
)
SHOW_TELEGRAM = Doc(
    summary="A media by its Telegram id",
    tags=("media",),
    path=_FILE_ID,
    answers={200: _MEDIA},
    errors=(errors.MediaNotFound, *_OF_TELEGRAM),
)
FILE_TELEGRAM = Doc(
    summary="The bytes of a media by its Telegram id",
    tags=("files",),
    path=_FILE_ID,
    query=FILE.query,
    headers=FILE.headers,
    answers=FILE.answers,
    errors=(*FILE.errors, errors.MediaNotFound, *_OF_TELEGRAM),
    statuses=FILE.statuses,
)
HEAD_TELEGRAM = Doc(
    summary="The headers of a media's bytes by its Telegram id",
    tags=("files",),
    path=_FILE_ID,
    query=FILE_HEAD.query,
    headers=FILE_HEAD.headers,
    answers=FILE_HEAD.answers,
    errors=(*FILE_HEAD.errors, errors.MediaNotFound, *_OF_TELEGRAM),
    statuses=FILE_HEAD.statuses,
)
ATTACH_SEVERAL = Doc(
    summary="Attach several media to a request",
    tags=("requests",),
    description="All of them or none.",
    body=managing.AttachBody,
    answers={200: managing.Attached},
    errors=(errors.MediaNotFound, errors.MediaDeleted, errors.UnknownRequest, errors.RequestClosed, *_BODY),
    statuses=_BODY_STATUSES,
)
REQUEST_MEDIA = media.OF_REQUEST
SUMMARY = Doc(summary="A request's media in figures", tags=("requests",), answers={200: counting.RequestSummary})
TIMELINE = Doc(summary="What happened to a request's media", tags=("requests",), answers={200: counting.Timeline})
