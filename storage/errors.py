"""Every error Mediagate knows, as one tree.

::

    MediagateError
    ├── InvalidInput            the caller sent something wrong
    │   ├── MalformedBody       ├── MissingFile      ├── EmptyFile     ├── TooManyFiles
    │   ├── IncompleteBody      ├── DigestMismatch   ├── InvalidFields ├── InvalidRequestNumber
    │   ├── InvalidRange        ├── FileTooLarge     ├── TypeNotAllowed
    │   ├── TypeContradiction   ├── ChecksumMismatch ├── InvalidHeader
    │   └── IdempotencyMismatch
    ├── Refused                 the caller may not
    │   ├── InvitationUsedUp
    │   ├── Unauthenticated     ├── MissingScope     └── QuotaUsedUp
    │   │   └── InvalidToken
    ├── Missing                 there is nothing the caller may see
    │   ├── MediaNotFound       ├── MediaDeleted     ├── UploadNotFound ├── RequestNotFound
    │   ├── UploadGone          ├── InvitationNotFound   ├── InvitationEnded
    │   ├── KeyNotFound         ├── IncidentNotFound ├── NoPreview
    │   ├── LinkNotFound        ├── LinkExpired      ├── LinkUsedUp
    │   └── WebhookNotFound     └── DeliveryNotFound
    ├── Conflict                not in this state
    │   ├── WrongOffset         ├── UploadTakenOver  ├── UnfinishedParts  ├── FinalUpload
    │   ├── UploadIdInUse       ├── IdempotencyRunning   ├── OnlyInTelegram  ├── WrongStatus
    │   ├── InSeveralParts      ├── RecipientUnavailable └── NotCleanable
    ├── Busy                    later, with ``retry_after`` seconds
    │   ├── UploadElsewhere     ├── TooManyUploads
    │   ├── RateLimited         ├── QuotaExceeded    ├── AuthUnavailable
    │   │   └── TooManyFailures
    │   ├── SpoolFull           ├── TooSlow          ├── ShuttingDown  ├── ChannelNotBound
    │   └── SourceUnavailable
    └── ArchiveError            Telegram, as the storage layer sees it
        ├── Postponed           no effect; again after ``retry_after`` seconds
        │   ├── FloodWait       ├── Unreachable      └── NoLane
        ├── OutcomeUnknown      it may have had its effect
        ├── CallRefused         no effect, and none to expect
        │   ├── MessageMissing  ├── FileTooBig       └── ChannelUnavailable
        │                                                └── BotUnavailable
        └── PartDamaged
            └── PartLost

A class has a stable ``code`` and safe fields, no status and no text for users: `web` and `bot` each
map classes to answers in one table, looked up along the MRO.
"""

from typing import ClassVar


class MediagateError(Exception):
    """The root. ``fields`` are safe to show to the caller."""

    code: ClassVar[str] = "error"

    def __init__(self, **fields: object) -> None:
        self.fields = {name: value for name, value in fields.items() if value is not None}
        super().__init__(self.code, self.fields)

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.code} {shown}".rstrip()


class InvalidInput(MediagateError):
    """The caller sent something that can never work."""

    code = "invalid_input"


class MalformedBody(InvalidInput):
    """The body is not what its headers say. ``reason`` says how."""

    code = "malformed_body"


class MissingFile(InvalidInput):
    """There is no file in the upload."""

    code = "missing_file"


class EmptyFile(InvalidInput):
    """The file has no bytes."""

    code = "empty_file"


class TooManyFiles(InvalidInput):
    """More files than the call takes (``limit``)."""

    code = "too_many_files"


class IncompleteBody(InvalidInput):
    """The connection or the multipart body ended in the middle of the file."""

    code = "incomplete_body"


class DigestMismatch(InvalidInput):
    """The bytes do not have the digest the client declared."""

    code = "digest_mismatch"


class InvalidFields(InvalidInput):
    """One or more fields are wrong: ``errors`` is a list of ``{field, reason}``."""

    code = "invalid_fields"

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(errors=[{"field": field, "reason": reason} for field, reason in errors])


class InvalidRequestNumber(InvalidInput):
    """Not ``YYMMDD-NNN`` with a real date (``value``)."""

    code = "invalid_request_number"


class InvalidRange(InvalidInput):
    """No byte of the media lies in the range that was asked for (``size``)."""

    code = "invalid_range"


class FileTooLarge(InvalidInput):
    """Over ``limit`` bytes."""

    code = "file_too_large"


class TypeNotAllowed(InvalidInput):
    """The policy does not take this ``content_type``."""

    code = "type_not_allowed"


class TypeContradiction(InvalidInput):
    """``declared`` says one thing, the bytes say ``detected``."""

    code = "type_contradiction"


class InvalidHeader(InvalidInput):
    """A ``header`` cannot be used; ``reason`` says why."""

    code = "invalid_header"


class ChecksumMismatch(InvalidInput):
    """A chunk of a resumable upload does not have the checksum that came with it; the chunk is gone."""

    code = "checksum_mismatch"


class IdempotencyMismatch(InvalidInput):
    """The idempotency key was used before with other parameters."""

    code = "idempotency_mismatch"


class Refused(MediagateError):
    """The caller may not do this."""

    code = "refused"


class Unauthenticated(Refused):
    """No valid credentials."""

    code = "unauthenticated"


class InvalidToken(Unauthenticated):
    """A bearer token that does not hold. ``reason`` says why, in a word: expired, audience, issuer, signature, …"""

    code = "invalid_token"


class QuotaUsedUp(Refused):
    """The caller's quota in all: ``limit`` and what is ``used`` of ``unit`` (bytes, files). Waiting does not help."""

    code = "quota_used_up"


class MissingScope(Refused):
    """The credentials lack ``scope``."""

    code = "missing_scope"


class InvitationUsedUp(Refused):
    """The invitation takes no more than ``limit`` files."""

    code = "invitation_used_up"


class Missing(MediagateError):
    """There is nothing here that the caller may see."""

    code = "not_found"


class MediaNotFound(Missing):
    """No such media, or not the caller's to see: both answer alike."""

    code = "media_not_found"


class MediaDeleted(Missing):
    """The media was there and is deleted."""

    code = "media_deleted"


class UploadNotFound(Missing):
    """No such upload of this caller."""

    code = "upload_not_found"


class RequestNotFound(Missing):
    """No such request, or not the caller's to see."""

    code = "request_not_found"


class KeyNotFound(Missing):
    """No such key."""

    code = "key_not_found"


class IncidentNotFound(Missing):
    """No such incident, or it is over 30 days old."""

    code = "incident_not_found"


class WebhookNotFound(Missing):
    """No such webhook."""

    code = "webhook_not_found"


class DeliveryNotFound(Missing):
    """No such delivery of this webhook, or it is over 30 days old."""

    code = "delivery_not_found"


class UploadGone(Missing):
    """The resumable upload is over; ``reason`` says how: terminated, expired, refused, joined, or lost."""

    code = "upload_gone"


class InvitationNotFound(Missing):
    """No such invitation of this caller."""

    code = "invitation_not_found"


class InvitationEnded(Missing):
    """The invitation is over; ``reason`` says how: expired or revoked."""

    code = "invitation_ended"


class NoPreview(Missing):
    """There is no picture of this media."""

    code = "no_preview"


class LinkNotFound(Missing):
    """No such link, or one that was revoked."""

    code = "link_not_found"


class LinkExpired(Missing):
    """The link's time is over."""

    code = "link_expired"


class LinkUsedUp(Missing):
    """As many downloads as the link allowed were made."""

    code = "link_used_up"


class Conflict(MediagateError):
    """Right in itself, but not in this state."""

    code = "conflict"


class UploadIdInUse(Conflict):
    """The upload id chosen by the client exists."""

    code = "upload_id_in_use"


class IdempotencyRunning(Conflict):
    """The first call with this idempotency key still runs."""

    code = "idempotency_running"


class OnlyInTelegram(Conflict):
    """Too large to be fetched back by a bot: Telegram delivers it, HTTP cannot."""

    code = "only_in_telegram"


class WrongStatus(Conflict):
    """The media's ``status`` does not allow this."""

    code = "wrong_status"


class InSeveralParts(Conflict):
    """Too large for one message: Telegram has it in ``parts``."""

    code = "in_several_parts"


class RecipientUnavailable(Conflict):
    """The bot cannot write to ``chat_id``: unknown, blocked, never started. ``reason`` is Telegram's text."""

    code = "recipient_unavailable"


class WrongOffset(Conflict):
    """The resumable upload has come to ``offset``, not to where the client goes on."""

    code = "wrong_offset"


class UploadTakenOver(Conflict):
    """A newer request writes to the same resumable upload."""

    code = "upload_taken_over"


class UnfinishedParts(Conflict):
    """An upload that is to be put together with others is not complete, or is no partial one (``upload_id``)."""

    code = "unfinished_parts"


class FinalUpload(Conflict):
    """An upload that was put together from others takes no bytes of its own."""

    code = "final_upload"


class NotCleanable(Conflict):
    """The image's metadata cannot be told from its pixels, so it is not given away without them."""

    code = "not_cleanable"


class Busy(MediagateError):
    """Not now; ``retry_after`` says in how many seconds."""

    code = "busy"


class RateLimited(Busy):
    """More requests than ``limit`` in ``window`` seconds."""

    code = "rate_limited"


class TooManyFailures(RateLimited):
    """Too many credentials from this address were wrong."""

    code = "too_many_failures"


class QuotaExceeded(Busy):
    """The caller's quota of the day: ``limit`` and what is ``used`` of ``unit`` (bytes, files)."""

    code = "quota_exceeded"


class AuthUnavailable(Busy):
    """Tokens cannot be checked: the Auth Service does not answer."""

    code = "auth_unavailable"


class UploadElsewhere(Busy):
    """The bytes of the resumable upload are on another node."""

    code = "upload_elsewhere"


class TooManyUploads(Busy):
    """The caller, or the invitation, has ``limit`` resumable uploads that are not finished."""

    code = "too_many_uploads"


class SpoolFull(Busy):
    """The spool has no room."""

    code = "spool_full"


class TooSlow(Busy):
    """The client sent nothing for too long."""

    code = "too_slow"


class ShuttingDown(Busy):
    """The process is ending."""

    code = "shutting_down"


class ChannelNotBound(Busy):
    """No channel is bound for ``purpose``."""

    code = "channel_not_bound"


class SourceUnavailable(Busy):
    """The bytes cannot be read from Telegram right now."""

    code = "source_unavailable"


class ArchiveError(MediagateError):
    """Something between us and Telegram. ``method`` names the call."""

    code = "archive_error"


class Postponed(ArchiveError):
    """The call had no effect and may be made again after ``retry_after`` seconds."""

    code = "postponed"

    def __init__(self, *, retry_after: float, method: str | None = None) -> None:
        super().__init__(retry_after=retry_after, method=method)
        self.retry_after = retry_after


class FloodWait(Postponed):
    """Telegram asks to wait."""

    code = "flood_wait"


class Unreachable(Postponed):
    """No connection could be made."""

    code = "unreachable"


class NoLane(Postponed):
    """No bot can work in any of the channels at present."""

    code = "no_lane"


class OutcomeUnknown(ArchiveError):
    """The call may or may not have had its effect: a lost answer, a time-out, a 5xx."""

    code = "outcome_unknown"


class CallRefused(ArchiveError):
    """Telegram refused the call for good; it had no effect. ``description`` is Telegram's text."""

    code = "call_refused"

    @property
    def description(self) -> str:
        return str(self.fields.get("description", ""))


class MessageMissing(CallRefused):
    """The message is not there (any more)."""

    code = "message_missing"


class FileTooBig(CallRefused):
    """Over what the Bot API server takes or gives back."""

    code = "file_too_big"


class ChannelUnavailable(CallRefused):
    """The bot cannot post to the chat: kicked, no rights, not found, blocked."""

    code = "channel_unavailable"


class BotUnavailable(ChannelUnavailable):
    """The bot can do nothing at all: its token is not known (any more), or it is none of ours."""

    code = "bot_unavailable"


class PartDamaged(ArchiveError):
    """What came back from Telegram is not what went there, or nothing came back."""

    code = "part_damaged"


class PartLost(PartDamaged):
    """Its bytes were lost from the spool before Telegram had them (``part``, counted from 1)."""

    code = "part_lost"
