"""Previews and signed links."""

from typing import Annotated

from pydantic import Field

from storage import errors
from web.docs.files import FILE, FILE_ERRORS, FILE_HEAD
from web.openapi.doc import Answer, Doc, Header
from web.schemas.file import FileHeaders
from web.schemas.links import FileUrl, Link, LinkTerms
from web.schemas.previews import PreviewQuery

_TAGS = ("links",)
_TOKEN = {"token": Annotated[str, Field(description="What stands at the end of a link's address")]}
_KEPT = {"ETag": Header(description="Strong"), "Cache-Control": Header(description="`private, max-age=3600`")}
_LINK_ERRORS = (errors.LinkNotFound, errors.LinkExpired, errors.LinkUsedUp, errors.NotCleanable, *FILE_ERRORS)
_MADE_ERRORS = (errors.MediaDeleted, errors.OnlyInTelegram)

PREVIEW = Doc(
    summary="A picture of an image, a video or a PDF's first page",
    tags=("files",),
    description="Made when it is first asked for, then kept. `no_preview` for what has no picture, or a broken one.",
    query=PreviewQuery,
    answers={
        200: Answer(description="The preview", content={"image/jpeg": bytes}, headers=_KEPT),
        304: Answer(description="Not modified", headers=_KEPT),
    },
    errors=(errors.NoPreview, errors.MediaDeleted, errors.SourceUnavailable, errors.Busy),
    statuses=(412,),
    curl="-o preview.jpg",
)
PREVIEW_HEAD = Doc(
    summary="The headers of a preview",
    tags=("files",),
    query=PreviewQuery,
    answers={200: Answer(headers=_KEPT), 304: Answer(headers=_KEPT)},
    errors=PREVIEW.errors,
    statuses=(412,),
)
URL = Doc(summary="A link to the file for an hour", tags=_TAGS, answers={200: FileUrl}, errors=_MADE_ERRORS)
CREATE = Doc(
    summary="Make a link",
    tags=_TAGS,
    description=(
        "Whoever has it reads the file, without credentials. A download is counted when it begins. A request with "
        "`Range` belongs to the download that the same client (address and `User-Agent`) began within the hour, until "
        "it was sent the file's size and what may have been lost on the way (as much again, at most 8 MiB)."
    ),
    body=LinkTerms,
    answers={201: Link},
    errors=_MADE_ERRORS,
)
LIST = Doc(
    summary="The links of a media that were not revoked, newest first",
    tags=_TAGS,
    answers={200: list[Link]},
    errors=(errors.MediaDeleted,),
)
REVOKE = Doc(
    summary="End a link",
    tags=_TAGS,
    path={"link_id": Annotated[int, Field(ge=1, description="The link")]},
    answers={204: Answer(description="Done; again the same")},
    errors=(errors.LinkNotFound,),
)
SERVE = Doc(
    summary="What a link leads to",
    tags=_TAGS,
    description="Like the file itself. A guess is 404 like a revoked link, one whose time or downloads are over 410.",
    path=_TOKEN,
    headers=FileHeaders,
    answers=FILE.answers,
    errors=_LINK_ERRORS,
    statuses=(412,),
)
SERVE_HEAD = Doc(
    summary="The headers of what a link leads to",
    tags=_TAGS,
    path=_TOKEN,
    headers=FileHeaders,
    answers=FILE_HEAD.answers,
    errors=_LINK_ERRORS,
    statuses=(412,),
)
