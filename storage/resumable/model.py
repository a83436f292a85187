"""What resumable uploads are told at their beginning, and what they tell."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.callers.invitations import Invited
from storage.details import Details, parse_details
from storage.domain import Caller, MediaId, UploadId


class Kind(StrEnum):
    """A file, a run of one that is put together with others later, or what was put together."""

    WHOLE = "whole"
    PARTIAL = "partial"
    FINAL = "final"


class Outcome(StrEnum):
    KEPT = "kept"
    JOINED = "joined"
    TERMINATED = "terminated"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploader:
    """Who uploads: a caller, or somebody by the invitation of one. Media belong to ``caller.owner`` either way."""

    caller: Caller
    invited: Invited | None = None

    @property
    def invitation_id(self) -> int | None:
        return None if self.invited is None else self.invited.id


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the client said of the file. ``fields`` are those of every upload, as text."""

    filename: str | None = None
    declared_type: str | None = None
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def details(self) -> Details:
        """Raises what `parse_details` raises."""
        return parse_details(self.fields)

    def as_json(self) -> dict[str, Any]:
        return {"filename": self.filename, "declared_type": self.declared_type, "fields": self.fields}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Said":
        return cls(**value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Creation:
    """``length`` None: not known yet. The headers are kept as the client wrote them, to be given back."""

    length: int | None
    said: Said
    metadata_header: str | None = None
    partial: bool = False
    concat_header: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """A resumable upload at one moment. ``offset`` bytes are durable here."""

    upload_id: UploadId
    kind: Kind
    offset: int
    length: int | None
    metadata_header: str | None
    concat_header: str | None
    expires_at: datetime
    media_id: MediaId | None

    @property
    def complete(self) -> bool:
        return self.offset == self.length
