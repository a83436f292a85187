"""The bytes of media."""

from storage import errors
from web.openapi.doc import Answer, Doc, Header
from web.schemas.file import FileHeaders, FileQuery

_KEPT = {
    "ETag": Header(description="Strong"),
    "Last-Modified": Header(description="When it was uploaded"),
    "Cache-Control": Header(description="`private, no-cache`"),
}
_SERVED = {
    **_KEPT,
    "Content-Disposition": Header(description="The name, RFC 6266 and 8187; active content is never inline"),
    "Accept-Ranges": Header(description="`bytes`"),
}
_RANGE = {"Content-Range": Header(description="Where one range is sent, for instance `bytes 0-1023/48211`")}
FILE_ERRORS = (
    errors.InvalidRange,
    errors.MediaDeleted,
    errors.OnlyInTelegram,
    errors.WrongStatus,
    errors.SourceUnavailable,
)

FILE = Doc(
    summary="The bytes of a media",
    tags=("files",),
    description="Streamed. A connection that ends early means that the rest could not be read; resume with `Range`.",
    query=FileQuery,
    headers=FileHeaders,
    answers={
        200: Answer(description="The file", content={"*/*": bytes}, headers=_SERVED),
        206: Answer(
            description="Ranges; several as `multipart/byteranges`", content={"*/*": bytes}, headers=_SERVED | _RANGE
        ),
        304: Answer(description="Not modified", headers=_KEPT),
    },
    errors=FILE_ERRORS,
    statuses=(412,),
    curl="-OJ",
)
FILE_HEAD = Doc(
    summary="The headers of a media's bytes",
    tags=("files",),
    query=FileQuery,
    headers=FileHeaders,
    answers={200: Answer(headers=_SERVED), 304: Answer(headers=_KEPT)},
    errors=FILE_ERRORS,
    statuses=(412,),
)
