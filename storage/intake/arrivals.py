"""What is said about an upload before its first byte, and after its last."""

from dataclasses import dataclass

from storage.details import Details
from storage.domain import Caller, UploadId
from storage.views import MediaView


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """What is known of an upload before its first byte. ``filename`` and ``declared_type`` are the client's word."""

    caller: Caller
    upload_id: UploadId | None = None
    filename: str | None = None
    declared_type: str | None = None
    size: int | None = None
    invitation_id: int | None = None
    """The invitation by which it comes."""

    details: Details | None = None
    """Known already: parts may be shipped before the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The acknowledgement. ``existing``: the caller asked for an own duplicate instead of another copy."""

    media: MediaView
    upload_id: UploadId
    existing: bool = False
