"""Every error Mediagate knows, as one tree.

::

    MediagateError
    ├── InvalidInput            the caller sent something wrong
    │   ├── MalformedBody       ├── MissingFile      ├── EmptyFile     ├── TooManyFiles
    │   ├── IncompleteBody      ├── DigestMismatch   ├── InvalidFields ├── InvalidRequestNumber
    │   ├── InvalidRange        ├── FileTooLarge     ├── TypeNotAllowed
    │   ├── TypeContradiction   ├── ChecksumMismatch ├── InvalidHeader
    │   ├── IdempotencyMismatch └── UnknownRequest
    ├── Refused                 the caller may not
    │   ├── InvitationUsedUp
    │   ├── Unauthenticated     ├── MissingScope     └── QuotaUsedUp
    │   │   ├── InvalidToken
    │   │   └── InvalidSignature
    ├── Missing                 there is nothing the caller may see
    │   ├── MediaNotFound       ├── MediaDeleted     ├── UploadNotFound ├── RequestNotFound
    │   ├── UploadGone          ├── InvitationNotFound   ├── InvitationEnded
    │   ├── KeyNotFound         ├── IncidentNotFound ├── NoPreview
    │   ├── LinkNotFound        ├── LinkExpired      ├── LinkUsedUp
    │   ├── WebhookNotFound     ├── DeliveryNotFound
    │   └── HookNotFound        ├── AvatarNotFound   └── AccountNotLinked
    ├── Conflict                not in this state
    │   ├── WrongOffset         ├── UploadTakenOver  ├── UnfinishedParts  ├── FinalUpload
    │   ├── UploadIdInUse       ├── IdempotencyRunning   ├── OnlyInTelegram  ├── WrongStatus
    │   ├── InSeveralParts      ├── RecipientUnavailable ├── NotCleanable
    │   └── RequestClosed
    ├── Busy                    later, with ``retry_after`` seconds
    │   ├── UploadElsewhere     ├── TooManyUploads
    │   ├── RateLimited         ├── QuotaExceeded    ├── PeerUnavailable
    │   │   └── TooManyFailures │                    │   ├── AuthUnavailable
    │   │                       │                    │   └── RequestServiceUnavailable
    │   ├── SpoolFull           ├── TooSlow          ├── ShuttingDown  ├── ChannelNotBound
    │   └── SourceUnavailable
    └── ArchiveError            Telegram, as the storage layer sees it
        ├── Postponed           no effect; again after ``retry_after`` seconds
        │   ├── FloodWait       ├── Unreachable      └── NoLane
        ├── OutcomeUnknown      it may have had its effect
        ├── CallRefused         no effect, and none to expect
        │   ├── MessageMissing  ├── FileTooBig       └── ChannelUnavailable
        │   │   └── MessageLocked   ├── FileGone         └── BotUnavailable
        └── PartDamaged
            └── PartLost

A class has a stable ``code`` and safe fields, no status and no text for users: `web` and `bot` each
map classes to answers in one table, looked up along the MRO.
"""

from storage.errors.archive import (
    ArchiveError,
    BotUnavailable,
    CallRefused,
    ChannelUnavailable,
    FileGone,
    FileTooBig,
    FloodWait,
    MessageLocked,
    MessageMissing,
    NoLane,
    OutcomeUnknown,
    PartDamaged,
    PartLost,
    Postponed,
    Unreachable,
)
from storage.errors.base import MediagateError
from storage.errors.busy import (
    AuthUnavailable,
    Busy,
    ChannelNotBound,
    PeerUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestServiceUnavailable,
    ShuttingDown,
    SourceUnavailable,
    SpoolFull,
    TooManyFailures,
    TooManyUploads,
    TooSlow,
    UploadElsewhere,
)
from storage.errors.conflict import (
    Conflict,
    FinalUpload,
    IdempotencyRunning,
    InSeveralParts,
    NotCleanable,
    OnlyInTelegram,
    RecipientUnavailable,
    RequestClosed,
    UnfinishedParts,
    UploadIdInUse,
    UploadTakenOver,
    WrongOffset,
    WrongStatus,
)
from storage.errors.invalid_input import (
    ChecksumMismatch,
    DigestMismatch,
    EmptyFile,
    FileTooLarge,
    IdempotencyMismatch,
    IncompleteBody,
    InvalidFields,
    InvalidHeader,
    InvalidInput,
    InvalidRange,
    InvalidRequestNumber,
    MalformedBody,
    MissingFile,
    TooManyFiles,
    TypeContradiction,
    TypeNotAllowed,
    UnknownRequest,
)
from storage.errors.missing import (
    AccountNotLinked,
    AvatarNotFound,
    DeliveryNotFound,
    HookNotFound,
    IncidentNotFound,
    InvitationEnded,
    InvitationNotFound,
    KeyNotFound,
    LinkExpired,
    LinkNotFound,
    LinkUsedUp,
    MediaDeleted,
    MediaNotFound,
    Missing,
    NoPreview,
    RequestNotFound,
    UploadGone,
    UploadNotFound,
    WebhookNotFound,
)
from storage.errors.peers import PeerRefused
from storage.errors.refused import (
    InvalidSignature,
    InvalidToken,
    InvitationUsedUp,
    MissingScope,
    QuotaUsedUp,
    Refused,
    Unauthenticated,
)

__all__ = [
    "AccountNotLinked",
    "ArchiveError",
    "AuthUnavailable",
    "AvatarNotFound",
    "BotUnavailable",
    "Busy",
    "CallRefused",
    "ChannelNotBound",
    "ChannelUnavailable",
    "ChecksumMismatch",
    "Conflict",
    "DeliveryNotFound",
    "DigestMismatch",
    "EmptyFile",
    "FileGone",
    "FileTooBig",
    "FileTooLarge",
    "FinalUpload",
    "FloodWait",
    "HookNotFound",
    "IdempotencyMismatch",
    "IdempotencyRunning",
    "InSeveralParts",
    "IncidentNotFound",
    "IncompleteBody",
    "InvalidFields",
    "InvalidHeader",
    "InvalidInput",
    "InvalidRange",
    "InvalidRequestNumber",
    "InvalidSignature",
    "InvalidToken",
    "InvitationEnded",
    "InvitationNotFound",
    "InvitationUsedUp",
    "KeyNotFound",
    "LinkExpired",
    "LinkNotFound",
    "LinkUsedUp",
    "MalformedBody",
    "MediaDeleted",
    "MediaNotFound",
    "MediagateError",
    "MessageLocked",
    "MessageMissing",
    "Missing",
    "MissingFile",
    "MissingScope",
    "NoLane",
    "NoPreview",
    "NotCleanable",
    "OnlyInTelegram",
    "OutcomeUnknown",
    "PartDamaged",
    "PartLost",
    "PeerRefused",
    "PeerUnavailable",
    "Postponed",
    "QuotaExceeded",
    "QuotaUsedUp",
    "RateLimited",
    "RecipientUnavailable",
    "Refused",
    "RequestClosed",
    "RequestNotFound",
    "RequestServiceUnavailable",
    "ShuttingDown",
    "SourceUnavailable",
    "SpoolFull",
    "TooManyFailures",
    "TooManyFiles",
    "TooManyUploads",
    "TooSlow",
    "TypeContradiction",
    "TypeNotAllowed",
    "Unauthenticated",
    "UnfinishedParts",
    "UnknownRequest",
    "Unreachable",
    "UploadElsewhere",
    "UploadGone",
    "UploadIdInUse",
    "UploadNotFound",
    "UploadTakenOver",
    "WebhookNotFound",
    "WrongOffset",
    "WrongStatus",
]
