"""Resumable uploads and invitations."""

from storage import errors
from web.docs.uploads import UPLOAD_ERRORS
from web.openapi.doc import Answer, Doc, Header
from web.schemas import uploads
from web.schemas.common import Page
from web.tus.protocol import CHUNK

_TAGS = ("resumable",)
_STATE = {
    "Tus-Resumable": Header(description="`1.0.0`"),
    "Upload-Offset": Header(description="Bytes that are durable", kind=int),
    "Upload-Expires": Header(description="When the upload is dropped unless it goes on"),
    "Mediagate-Media-ID": Header(description="The media, once the last byte is in", kind=int),
}
_KEPT = {
    **_STATE,
    "Upload-Length": Header(description="Where it is known", kind=int),
    "Upload-Metadata": Header(description="As it was given"),
    "Upload-Concat": Header(description="As it was given"),
}
_AT_WORK = (
    errors.UploadGone,
    errors.UploadElsewhere,
    errors.UploadTakenOver,
    errors.InvitationEnded,
)
_REFUSALS = (
    *UPLOAD_ERRORS,
    *_AT_WORK,
    errors.InvalidHeader,
    errors.ChecksumMismatch,
    errors.Busy,
)

CAPABILITIES = Doc(
    summary="What of tus is spoken",
    tags=_TAGS,
    answers={
        204: Answer(
            headers={
                "Tus-Version": Header(description="`1.0.0`"),
                "Tus-Extension": Header(description="The extensions"),
                "Tus-Max-Size": Header(description="Bytes of one file", kind=int),
                "Tus-Checksum-Algorithm": Header(description="The checksums a chunk may carry"),
            }
        )
    },
)
CREATE = Doc(
    summary="Begin a resumable upload",
    tags=_TAGS,
    description=(
        "tus 1.0.0. `Upload-Metadata` carries `filename`, `filetype` and the fields of every upload. The body may be "
        f"the first bytes, as `{CHUNK}`. A final upload of partial ones is complete, and a media, at once. An empty "
        "file is refused here. Needs credentials with `media:write`, or an invitation's `X-Upload-Token`."
    ),
    headers=uploads.CreationHeaders,
    raw=True,
    raw_type=CHUNK,
    answers={201: Answer(headers={**_STATE, "Location": Header(description="The upload")})},
    errors=(*_REFUSALS, errors.Unauthenticated, errors.MissingScope, errors.UnfinishedParts, errors.InvitationUsedUp),
    statuses=(412, 415),
)
STATUS = Doc(
    summary="Where a resumable upload stands",
    tags=_TAGS,
    description="The offset is durable once it is told. It equals the length only once the file is a media.",
    headers=uploads.TusHeaders,
    answers={200: Answer(headers=_KEPT)},
    errors=(*_AT_WORK, errors.Unauthenticated, errors.MissingScope, errors.ChannelNotBound),
    statuses=(412,),
)
APPEND = Doc(
    summary="Go on with a resumable upload",
    tags=_TAGS,
    description=(
        f"Bytes from `Upload-Offset` on, as `{CHUNK}`. A body that is cut short keeps what came, unless it has a "
        "checksum. A newer request ends an older one that still writes; that one gets 423."
    ),
    headers=uploads.ChunkHeaders,
    raw=True,
    raw_type=CHUNK,
    answers={204: Answer(headers=_STATE)},
    errors=(*_REFUSALS, errors.Unauthenticated, errors.MissingScope, errors.WrongOffset, errors.FinalUpload),
    statuses=(412, 415),
)
TERMINATE = Doc(
    summary="End a resumable upload",
    tags=_TAGS,
    description="Its bytes are dropped. A media that it became stays.",
    headers=uploads.TusHeaders,
    answers={204: Answer()},
    errors=(*_AT_WORK, errors.Unauthenticated, errors.MissingScope),
    statuses=(412,),
)
OVERRIDE = Doc(
    summary="PATCH, HEAD or DELETE for what can only POST",
    tags=_TAGS,
    headers=uploads.OverrideHeaders,
    raw=True,
    raw_type=CHUNK,
    answers={200: Answer(headers=_KEPT), 204: Answer(headers=_STATE)},
    errors=(*_REFUSALS, errors.Unauthenticated, errors.MissingScope, errors.WrongOffset, errors.FinalUpload),
    statuses=(405, 412, 415),
)
INVITE = Doc(
    summary="Invite somebody without credentials to upload",
    tags=_TAGS,
    description=(
        "What comes by the invitation belongs to the caller, as if they had uploaded it. The link is shown once; its "
        "token goes into `X-Upload-Token` of the calls of `/uploads`."
    ),
    body=uploads.NewInvitation,
    answers={201: uploads.InvitationMade},
    errors=(errors.FileTooLarge, errors.UnknownRequest, errors.RequestClosed),
)
INVITATIONS = Doc(
    summary="The caller's invitations, newest first",
    tags=_TAGS,
    description="Those that ended stay for a week.",
    query=Page,
    answers={200: uploads.InvitationList},
)
REVOKE_INVITATION = Doc(
    summary="End an invitation",
    tags=_TAGS,
    description="Uploads on their way stop; what was kept stays. An expired one lets them arrive.",
    path={"invitation_id": uploads.InvitationId},
    answers={204: Answer(description="Done; again the same")},
    errors=(errors.InvitationNotFound,),
)
OFFER = Doc(
    summary="What an invitation allows",
    tags=_TAGS,
    description="By its token. For upload pages.",
    headers=uploads.TokenHeaders,
    answers={200: uploads.InvitationOffer},
    errors=(errors.Unauthenticated, errors.InvitationEnded),
)
