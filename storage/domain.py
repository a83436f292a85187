"""The words of DESIGN.md as types: ids, states with their transitions, and the caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, TypeVar
from uuid import UUID

MediaId = NewType("MediaId", int)
PartId = NewType("PartId", int)
UploadId = NewType("UploadId", UUID)
MediaKey = NewType("MediaKey", UUID)
ChatId = NewType("ChatId", int)
MessageId = NewType("MessageId", int)
BotId = NewType("BotId", int)


class MediaStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVING = "archiving"
    ARCHIVED = "archived"
    DELETING = "deleting"
    DELETED = "deleted"


GONE = (MediaStatus.DELETING, MediaStatus.DELETED)
"""The statuses of media that answer as deleted, though a delete may still be undone."""


class PartState(StrEnum):
    SPOOLED = "spooled"
    SHIPPING = "shipping"
    STORED = "stored"
    DAMAGED = "damaged"
    LOST = "lost"
    """Its bytes were lost from the spool before Telegram had them."""


class CopyRole(StrEnum):
    """Why a part has one more message: in a backup channel, or to take the place of the message it had."""

    BACKUP = "backup"
    REPLACEMENT = "replacement"


class CopyState(StrEnum):
    """``copied``: it is in the channel, as Telegram said; ``verified``: it was looked at."""

    WAITING = "waiting"
    COPYING = "copying"
    COPIED = "copied"
    VERIFIED = "verified"


class UploadPhase(StrEnum):
    RECEIVING = "receiving"
    STORING = "storing"
    DONE = "done"
    FAILED = "failed"


class Inspection(StrEnum):
    """What we know of the bytes of a media that came through Telegram.

    ``pending``: still to be fetched; ``done``: type and digest come from the bytes; ``impossible``: too large
    to fetch, Telegram's word is all there is.
    """

    PENDING = "pending"
    DONE = "done"
    IMPOSSIBLE = "impossible"


class InboxState(StrEnum):
    PENDING = "pending"
    HANDLING = "handling"
    DONE = "done"
    FAILED = "failed"


class EventType(StrEnum):
    """What others are told of. Their names are part of the HTTP contract."""

    MEDIA_RECEIVED = "media.received"
    MEDIA_STORED = "media.stored"
    MEDIA_UPDATED = "media.updated"
    MEDIA_ARCHIVED = "media.archived"
    MEDIA_DELETED = "media.deleted"
    MEDIA_ATTACHED = "media.attached"
    MEDIA_DETACHED = "media.detached"
    MEDIA_DAMAGED = "media.damaged"
    AVATAR_UPDATED = "avatar.updated"
    UPLOAD_FAILED = "upload.failed"


class DeliveryState(StrEnum):
    """Of an event on its way to a webhook. ``dead``: given up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class WaitingState(StrEnum):
    """What became of media that staff were asked about. ``gone``: their sender deleted them."""

    OPEN = "open"
    ATTACHED = "attached"
    NOT_NEEDED = "not_needed"
    GONE = "gone"


class Purpose(StrEnum):
    REQUESTS = "requests"
    REPORTS = "reports"
    ARCHIVE = "archive"
    BACKUP = "backup"
    ACCESS = "access"


NO_FALLBACK = frozenset({Purpose.BACKUP, Purpose.ACCESS})
"""Purposes that never fall back to ``requests``."""


class FileType(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    ANIMATION = "animation"
    VIDEO_NOTE = "video_note"
    STICKER = "sticker"
    DOCUMENT = "document"


class Category(StrEnum):
    REQUEST_PHOTO = "request_photo"
    REQUEST_VIDEO = "request_video"
    REQUEST_DOCUMENT = "request_document"
    REPORT_PHOTO = "report_photo"
    REPORT_VIDEO = "report_video"
    REPORT_DOCUMENT = "report_document"
    COMPLETION_PHOTO = "completion_photo"
    COMPLETION_VIDEO = "completion_video"
    COMPLETION_DOCUMENT = "completion_document"
    PROCESS_VIDEO = "process_video"
    AVATAR = "avatar"
    ACCESS_PLATE = "access_plate"
    ACCESS_OVERVIEW = "access_overview"
    OTHER = "other"

    @property
    def purpose(self) -> Purpose:
        """The purpose of the channel that media of this category go to."""
        if self is Category.AVATAR:
            return Purpose.ARCHIVE
        prefix = self.value.split("_", 1)[0]
        return {
            "report": Purpose.REPORTS,
            "completion": Purpose.REPORTS,
            "access": Purpose.ACCESS,
        }.get(prefix, Purpose.REQUESTS)


class Stage(StrEnum):
    """What a picture of some work shows: how it was found, or how it was left."""

    BEFORE = "before"
    AFTER = "after"

    def category(self, file_type: FileType) -> Category:
        """A media of this type, attached as this: a request's own, or one of its completion."""
        match file_type:
            case FileType.PHOTO:
                kind = "photo"
            case FileType.VIDEO | FileType.VIDEO_NOTE | FileType.ANIMATION:
                kind = "video"
            case _:
                kind = "document"
        return Category(f"{'request' if self is Stage.BEFORE else 'completion'}_{kind}")


class Role(StrEnum):
    USER = "user"
    STAFF = "staff"
    ADMIN = "admin"


_RANKS = (Role.USER, Role.STAFF, Role.ADMIN)


def higher_role(one: Role, other: Role) -> Role:
    """The one that may do more."""
    return max(one, other, key=_RANKS.index)


class Scope(StrEnum):
    MEDIA_READ = "media:read"
    MEDIA_WRITE = "media:write"
    MEDIA_DELETE = "media:delete"
    REQUESTS_WRITE = "requests:write"
    USERS_WRITE = "users:write"
    ADMIN = "admin"


MEDIA_TRANSITIONS: Mapping[MediaStatus, frozenset[MediaStatus]] = {
    MediaStatus.ACTIVE: frozenset({MediaStatus.ARCHIVING, MediaStatus.DELETING}),
    MediaStatus.ARCHIVING: frozenset({MediaStatus.ARCHIVED, MediaStatus.ACTIVE, MediaStatus.DELETING}),
    MediaStatus.ARCHIVED: frozenset({MediaStatus.DELETING}),
    MediaStatus.DELETING: frozenset(
        {MediaStatus.ACTIVE, MediaStatus.ARCHIVING, MediaStatus.ARCHIVED, MediaStatus.DELETED}
    ),
    MediaStatus.DELETED: frozenset(),
}

PART_TRANSITIONS: Mapping[PartState, frozenset[PartState]] = {
    PartState.SPOOLED: frozenset({PartState.SHIPPING, PartState.LOST}),
    PartState.SHIPPING: frozenset({PartState.SPOOLED, PartState.STORED}),
    PartState.STORED: frozenset({PartState.DAMAGED}),
    PartState.DAMAGED: frozenset({PartState.STORED}),
    PartState.LOST: frozenset({PartState.SPOOLED, PartState.SHIPPING}),
}

COPY_TRANSITIONS: Mapping[CopyState, frozenset[CopyState]] = {
    CopyState.WAITING: frozenset({CopyState.COPYING}),
    CopyState.COPYING: frozenset({CopyState.WAITING, CopyState.COPIED}),
    CopyState.COPIED: frozenset({CopyState.WAITING, CopyState.VERIFIED}),
    CopyState.VERIFIED: frozenset({CopyState.WAITING}),
}


class WrongTransition(ValueError):
    """A state was to change in a way that its table does not know: a mistake in the code."""


S = TypeVar("S", bound=StrEnum)


def checked_transition(table: Mapping[S, frozenset[S]], before: S | None, after: S) -> S:
    """``after``, where ``table`` leads there from ``before`` (None: a new row). Raises `WrongTransition`."""
    if before is not None and before is not after and after not in table[before]:
        raise WrongTransition(f"{before} -> {after}")
    return after


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """How much a caller may give us: on one day (UTC), and at all; deleting gives the second back. None: no limit."""

    day_bytes: int | None = None
    day_files: int | None = None
    total_bytes: int | None = None
    total_files: int | None = None


NO_QUOTA = Quota()


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who acts: a Telegram person with a role, a person with a token, or a service with scopes.

    ``owner`` is what media taken in by this caller belong to: ``telegram:<id>``, ``user:<sub>`` or
    ``service:<name>``. It comes from the credentials, never from a field. ``also``: the other owner that is the same
    person, of who linked their Telegram account.
    """

    owner: str
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    quota: Quota = NO_QUOTA
    also: str | None = None

    @classmethod
    def person(cls, telegram_id: int, role: Role, quota: Quota = NO_QUOTA, also: str | None = None) -> "Caller":
        return cls(owner=f"telegram:{telegram_id}", role=role, quota=quota, also=also)

    @classmethod
    def user(cls, subject: str, scopes: frozenset[Scope], role: Role = Role.USER) -> "Caller":
        """A person with a token: sees their own, or what their role opens; the scope ``admin`` makes an admin."""
        return cls(owner=f"user:{subject}", role=Role.ADMIN if Scope.ADMIN in scopes else role, scopes=scopes)

    @classmethod
    def service(cls, name: str, scopes: frozenset[Scope], quota: Quota = NO_QUOTA) -> "Caller":
        return cls(owner=f"service:{name}", scopes=scopes, quota=quota)

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose media are the caller's own."""
        return (self.owner,) if self.also is None else (self.owner, self.also)

    @property
    def is_service(self) -> bool:
        return self.role is None
