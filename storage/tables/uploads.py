"""Files on their way in through the HTTP door."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import (
    Category,
    UploadPhase,
)
from storage.tables.base import NOW, Table


class Upload(Table):
    """A transfer through the HTTP door, kept for an hour after its end so that progress can be asked for.

    The row appears with the first finished part, or with the acknowledgement: an upload that is refused
    leaves none. ``details`` is what captions of parts say before the media exists (`captions.Facts`).
    """

    __tablename__ = "uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    media_key: Mapped[UUID] = mapped_column(unique=True)
    owner: Mapped[str]
    node: Mapped[str]
    phase: Mapped[UploadPhase]
    details: Mapped[dict[str, Any]]
    filename: Mapped[str | None]
    received_bytes: Mapped[int] = mapped_column(server_default=text("0"))
    total_bytes: Mapped[int | None]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id", ondelete="SET NULL"))
    error: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "owner", "created_at"),
        Index(None, "phase"),
        Index(None, "media_id"),
        Index(None, "invitation_id"),
    )


class Invitation(Table):
    """Leave for somebody without credentials to upload. Only its token's digest is kept; media belong to ``owner``.

    ``files_kept`` counts the media that came by it; what is still on its way is counted in `ResumableUpload`.
    ``quota`` is that of its maker at the time (`Quota`, without what is unlimited); ``card_id`` shows its uploads.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    owner: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    max_files: Mapped[int]
    max_size: Mapped[int]
    files_kept: Mapped[int] = mapped_column(server_default=text("0"))
    request_number: Mapped[str | None]
    category: Mapped[Category | None]
    quota: Mapped[dict[str, Any] | None]
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "owner", "id"), Index(None, "expires_at"), Index(None, "card_id"))


class ResumableUpload(Table):
    """What a resumable upload needs to go on after a restart; its progress is that of the `Upload` of the same id.

    ``offset`` is what was told, and is durable. ``digest_state`` is that of the whole file's SHA-256 where the part
    being received begins. ``said`` is what the client told at the beginning, ``metadata_header`` how it wrote it.
    The row outlives the upload for a day, with ``outcome``: then whoever asks is told that it is over.
    """

    __tablename__ = "resumable_uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    media_key: Mapped[UUID] = mapped_column(unique=True)
    owner: Mapped[str]
    node: Mapped[str]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id", ondelete="SET NULL"))
    kind: Mapped[str]
    length: Mapped[int | None]
    offset: Mapped[int] = mapped_column(server_default=text("0"))
    digest_state: Mapped[bytes | None]
    said: Mapped[dict[str, Any]]
    metadata_header: Mapped[str | None]
    concat_header: Mapped[str | None]
    final_id: Mapped[UUID | None]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    outcome: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind in ('whole', 'partial', 'final')", name="kind"),
        CheckConstraint("outcome in ('kept', 'joined', 'terminated', 'expired', 'refused')", name="outcome"),
        CheckConstraint("(outcome is null) = (ended_at is null)", name="ended"),
        Index(None, "invitation_id"),
        Index(None, "media_id"),
        Index("ix_resumable_uploads_open", "node", "expires_at", postgresql_where=text("outcome is null")),
        Index("ix_resumable_uploads_open_of_owner", "owner", postgresql_where=text("outcome is null")),
        Index("ix_resumable_uploads_ended", "ended_at", postgresql_where=text("outcome is not null")),
    )


class IdempotencyKey(Table):
    """The first result under a caller's idempotency key; ``status`` is null while it runs, or was broken off.

    ``created_at`` is of the attempt that runs, ``began_at`` of the first.
    """

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    node: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    began_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        Index("ix_idempotency_keys_unfinished", "owner", "began_at", postgresql_where=text("status is null")),
    )
