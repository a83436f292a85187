"""Media and their requests."""

from storage.errors import InvalidFields, MediaDeleted, RequestClosed, UnknownRequest
from web.openapi.doc import JSON, Answer, Doc, Header
from web.schemas.listing import AttachQuery, RequestMediaQuery
from web.schemas.media import EXAMPLE, Media

_NONE = Answer(description="Done; again the same")
_MEDIA = Answer(description="The media", content={JSON: Media}, example=EXAMPLE)
_NOW = Header(description="The same by the number that the request has now, where it was renamed or merged")

SHOW = Doc(
    summary="A media",
    tags=("media",),
    answers={200: _MEDIA},
    errors=(MediaDeleted,),
)
DELETE = Doc(
    summary="Delete a media",
    tags=("media",),
    description="Its bytes are removed from the channel after a short time in which the bot can take it back.",
    answers={204: _NONE},
)
OF_REQUEST = Doc(
    summary="The media of a request, newest first",
    tags=("requests",),
    description="By a number that the request had before, the media of the number that it has now.",
    query=RequestMediaQuery,
    answers={200: Answer(content={JSON: list[Media]}, headers={"Content-Location": _NOW})},
)
ATTACH = Doc(
    summary="Attach a media to a request",
    tags=("requests",),
    query=AttachQuery,
    answers={200: _MEDIA},
    errors=(MediaDeleted, InvalidFields, UnknownRequest, RequestClosed),
)
DETACH = Doc(
    summary="Detach a media from a request",
    tags=("requests",),
    answers={204: _NONE},
    errors=(MediaDeleted,),
)
