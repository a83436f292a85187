"""Media, and the requests they belong to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.domain import (
    MEDIA_TRANSITIONS,
    Category,
    FileType,
    Inspection,
    MediaStatus,
    Purpose,
    checked_transition,
)
from storage.tables.base import EMPTY_ARRAY, NOW, Table

UNMEASURED = text("not measured and split_part(content_type, '/', 1) in ('image', 'video', 'audio')")
"""The condition on `Media` for what may have a width, a height or a duration that nobody looked for."""


LIVE = "status in ('active', 'archiving', 'archived')"
"""Media that were not deleted, spelt as `ix_media_live` has it: with parameters the index might not be used."""


class Media(Table):
    """One file somebody gave us. It exists from its acknowledgement on.

    ``measured``: width, height and duration were looked for in the bytes, whether or not there are any.
    ``thumbnail_file_id`` is Telegram's own small picture of what came through a chat, for the bot that was told of it.
    """

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[UUID] = mapped_column(unique=True)
    owner: Mapped[str]
    uploaded_by: Mapped[str | None]
    source: Mapped[str]
    filename: Mapped[str]
    file_size: Mapped[int | None]
    content_type: Mapped[str]
    file_type: Mapped[FileType]
    category: Mapped[Category]
    purpose: Mapped[Purpose]
    description: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    external_id: Mapped[str | None]
    sha256: Mapped[bytes | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[float | None]
    measured: Mapped[bool] = mapped_column(server_default=text("false"))
    thumbnail_file_id: Mapped[str | None]
    thumbnail_size: Mapped[int | None]
    status: Mapped[MediaStatus]
    status_before: Mapped[str | None]
    inspection: Mapped[Inspection]
    verified: Mapped[bool]
    awaits_request: Mapped[bool] = mapped_column(server_default=text("false"))
    unverified_request: Mapped[bool] = mapped_column(server_default=text("false"))
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    telegram_unique_id: Mapped[str | None]
    source_chat_id: Mapped[int | None]
    source_message_id: Mapped[int | None]
    uploaded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    archived_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    delete_after: Mapped[datetime | None]
    search: Mapped[Any | None] = mapped_column(TSVECTOR, deferred=True)
    """Made by `storage.search.indexing`; null until then, and after a change of what it is made of."""

    caption_wanted: Mapped[bytes | None]
    """The digest of what captions should say (`captions.Facts.digest`); `Part.caption_sent` of what one says."""

    captions_due: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        CheckConstraint("source in ('http', 'telegram')", name="source"),
        UniqueConstraint("source_chat_id", "source_message_id"),
        Index(None, "owner", "id"),
        Index(None, "uploaded_by", postgresql_where=text("uploaded_by is not null")),
        Index(None, "sha256"),
        Index(None, "telegram_unique_id"),
        Index("ix_media_deleting", "delete_after", postgresql_where=text("status = 'deleting'")),
        Index("ix_media_uninspected", "id", postgresql_where=text("inspection = 'pending'")),
        Index("ix_media_unmeasured", "id", postgresql_where=UNMEASURED),
        Index(None, "search", postgresql_using="gin"),
        Index(None, "tags", postgresql_using="gin"),
        Index("ix_media_live", "uploaded_at", "id", postgresql_where=text(LIVE)),
        Index(None, "external_id"),
        Index("ix_media_unindexed", "id", postgresql_where=text("search is null")),
        Index("ix_media_archiving", "id", postgresql_where=text("status = 'archiving'")),
        Index("ix_media_captions_due", "id", postgresql_where=text("captions_due")),
        Index("ix_media_expiring", "expires_at", postgresql_where=text("expires_at is not null")),
    )

    @validates("filename", "description", "tags", "external_id", "category", "content_type")
    def _index_again(self, _name: str, value: object) -> object:
        self.search = None  # whoever changes a word need not remember the index: the sweep finds it missing
        return value

    @validates("status")
    def _check_status(self, _name: str, status: MediaStatus) -> MediaStatus:
        before: MediaStatus | None = self.__dict__.get("status")
        return checked_transition(MEDIA_TRANSITIONS, before, status)


class Request(Table):
    """A work order of the company, known by its number."""

    __tablename__ = "requests"

    number: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Attachment(Table):
    """The link between a request and a media; ``by_caption`` where the media's own caption made it, ``unverified``
    while the Request Service has not confirmed the number.
    """

    __tablename__ = "attachments"

    request_number: Mapped[str] = mapped_column(ForeignKey("requests.number"), primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), primary_key=True)
    attached_by: Mapped[str]
    category: Mapped[Category]
    note: Mapped[str | None]
    attached_at: Mapped[datetime] = mapped_column(server_default=NOW)
    by_caption: Mapped[bool] = mapped_column(server_default=text("false"))
    unverified: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        Index(None, "media_id"),
        Index(None, "attached_by", "attached_at"),
        Index("ix_attachments_unverified", "request_number", postgresql_where=text("unverified")),
    )


class AttachmentChange(Table):
    """Attachments that somebody changed in one go, so that it can be undone for a while.

    ``steps``, in their order: ``{"media": id, "number": …, "before": link, "after": link}`` with
    ``{"category": …, "by_caption": bool}`` as a link, null where there was or is none.
    """

    __tablename__ = "attachment_changes"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

    __table_args__ = (Index(None, "at"),)


class Link(Table):
    """A signed link to a media's bytes. Its token carries ``id`` and ``nonce``, and nothing else.

    Rows go some time after their end; a token that is signed and has no row is one of those.
    """

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"))
    nonce: Mapped[bytes]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    max_downloads: Mapped[int | None]
    downloads: Mapped[int] = mapped_column(server_default=text("0"))
    attachment: Mapped[bool] = mapped_column(server_default=text("false"))
    strip_gps: Mapped[bool] = mapped_column(server_default=text("false"))
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "media_id"), Index(None, "expires_at"))


class LinkDownload(Table):
    """A download that was counted: the same client may go on with it until ``until``, up to a number of bytes.

    ``client`` is a keyed hash of address and program; ``sent`` the bytes it got, or is getting.
    """

    __tablename__ = "link_downloads"

    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"), primary_key=True)
    client: Mapped[bytes] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    sent: Mapped[int] = mapped_column(server_default=text("0"))
