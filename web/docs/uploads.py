"""The streaming calls."""

from storage import errors
from web.openapi.doc import JSON, Answer, Doc, Header
from web.schemas import streaming

_TAGS = ("uploads",)
_HEADERS = {
    "Location": Header(description="The media"),
    "X-Upload-ID": Header(description="The upload, to watch its progress by"),
    "Preference-Applied": Header(description="What of `Prefer` was followed"),
    "Idempotency-Replayed": Header(description="`true` where this is the result of the first call"),
}
_SEVERAL_HEADERS = {name: _HEADERS[name] for name in ("Preference-Applied", "Idempotency-Replayed")}
_BY_HEADERS = (
    errors.InvalidFields,
    errors.MalformedBody,
    errors.FileTooLarge,
    errors.UploadIdInUse,
    errors.IdempotencyRunning,
    errors.IdempotencyMismatch,
    errors.SpoolFull,
    errors.ShuttingDown,
    errors.QuotaExceeded,
    errors.QuotaUsedUp,
)
OF_REQUEST = (errors.InvalidRequestNumber, errors.UnknownRequest, errors.RequestClosed, errors.MissingScope)
"""What the number of a request, and ``override``, may answer."""

_BY_FORM = (
    *_BY_HEADERS,
    *OF_REQUEST,
    errors.MissingFile,
    errors.TooManyFiles,
    errors.IncompleteBody,
    errors.TooSlow,
)
UPLOAD_ERRORS = (
    *_BY_FORM,
    errors.EmptyFile,
    errors.DigestMismatch,
    errors.TypeNotAllowed,
    errors.TypeContradiction,
    errors.ChannelNotBound,
)
"""What an upload of one file may answer."""


def uploaded(description: str) -> Answer:
    return Answer(
        description=description,
        content={JSON: streaming.Uploaded},
        headers=_HEADERS,
        example=streaming.UPLOADED,
    )


STREAM = Doc(
    summary="Upload one file",
    tags=_TAGS,
    description=(
        "A form with the part `file` and the fields in any order, or the bytes of the file as they are, with the "
        "fields as query parameters. After 201 or 202 the file is safe. `Expect: 100-continue` is answered once "
        "credentials, length and room were checked."
    ),
    query=streaming.UploadQuery,
    headers=streaming.DigestHeaders,
    multipart=streaming.UploadForm,
    raw=True,
    answers={
        200: uploaded("You have this file already (`on_duplicate=return`)"),
        201: uploaded("Kept, and in Telegram"),
        202: uploaded("Kept, and on its way to Telegram"),
    },
    errors=UPLOAD_ERRORS,
    curl="-F file=@leak.jpg -F request_number=250926-001 -F tags=urgent",
)

MULTIPLE = Doc(
    summary="Upload several files",
    tags=_TAGS,
    description=(
        "A form with up to `max_files_per_request` parts named `files`. The answer has one item per file, in their "
        "order; a bad file never harms its neighbours."
    ),
    query=streaming.UploadFields,
    headers=streaming.UploadHeaders,
    multipart=streaming.SeveralForm,
    answers={
        201: Answer(
            description="All are kept",
            content={JSON: list[streaming.UploadedItem]},
            headers=_SEVERAL_HEADERS,
            example=[{"status": 201, **streaming.UPLOADED}],
        ),
        202: Answer(
            description="All are kept, some are not in Telegram yet",
            content={JSON: list[streaming.UploadedItem]},
            headers=_SEVERAL_HEADERS,
        ),
        207: Answer(
            description="Some failed",
            content={JSON: list[streaming.UploadedItem | streaming.FailedItem]},
            headers=_SEVERAL_HEADERS,
        ),
    },
    errors=_BY_FORM,
    curl="-F files=@before.jpg -F files=@after.jpg -F request_number=250926-001",
)

WITH_PROGRESS = Doc(
    summary="Upload one file, and read how it goes",
    tags=_TAGS,
    description=(
        "As an upload of one file, answered 200 at once with a line of JSON every half second and the result as the "
        "last line: `event` is `progress` or `result`. What is wrong with the file is said in that line."
    ),
    query=streaming.UploadQuery,
    headers=streaming.DigestHeaders,
    multipart=streaming.UploadForm,
    raw=True,
    answers={
        200: Answer(
            description="Lines, each as this schema says",
            content={
                "application/x-ndjson": streaming.ProgressLine | streaming.ResultLine | streaming.FailureLine,
            },
        ),
    },
    errors=_BY_HEADERS,
    curl="-N -F file=@walkthrough.mp4 -F request_number=250926-001",
)

LIST_PROGRESS = Doc(
    summary="Your uploads in flight, and those that ended within the hour",
    tags=_TAGS,
    description="With an invitation's token: what came by the invitation.",
    errors=(errors.InvitationEnded,),
    answers={200: list[streaming.Progress]},
)

SHOW_PROGRESS = Doc(
    summary="How an upload goes",
    tags=_TAGS,
    description=(
        "With `Accept: text/event-stream` the same as server-sent events until the upload ends: `event` is the phase, "
        "`data` the object, `id` resumes by `Last-Event-ID`. With `Accept: application/x-ndjson` as lines of JSON; an "
        "empty line says that it is still there."
    ),
    headers=streaming.WatchHeaders,
    answers={
        200: Answer(
            description="Now, or as events",
            content={JSON: streaming.Progress, "text/event-stream": str, "application/x-ndjson": streaming.Progress},
            example=streaming.PROGRESS,
        ),
        204: Answer(description="The events that were resumed have ended"),
    },
    errors=(errors.InvitationEnded, errors.UploadNotFound),
)

LIMITS = Doc(
    summary="What may be uploaded now, by you",
    tags=_TAGS,
    answers={200: streaming.Limits},
)
