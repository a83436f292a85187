"""Parts, where they are in Telegram, and what is not settled about them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.domain import (
    PART_TRANSITIONS,
    PartState,
    Purpose,
    checked_transition,
)
from storage.tables.base import NOW, Table


class Part(Table):
    """A run of a media's bytes that sits, or will sit, in one channel message.

    ``origin`` says where its bytes are until it is stored: ``spool`` of ``node``, or ``telegram``: still in the
    message ``source_message_id`` of chat ``source_chat_id``, to be copied from there. ``source_bot_id`` is the bot
    whose ``source_file_id`` is; null: the first.
    ``media_id`` is null until the upload is acknowledged.
    """

    __tablename__ = "parts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    media_key: Mapped[UUID]
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.id", ondelete="SET NULL"))
    index: Mapped[int]
    offset: Mapped[int]
    size: Mapped[int | None]
    sha256: Mapped[bytes | None]
    last: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[PartState]
    origin: Mapped[str]
    node: Mapped[str]
    source_chat_id: Mapped[int | None]
    source_message_id: Mapped[int | None]
    source_bot_id: Mapped[int | None]
    source_file_id: Mapped[str | None]
    source_file_unique_id: Mapped[str | None]
    purpose: Mapped[Purpose]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    chat_id: Mapped[int | None]
    message_id: Mapped[int | None]
    caption_sent: Mapped[bytes | None]
    stored_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        CheckConstraint("origin in ('spool', 'telegram')", name="origin"),
        CheckConstraint("(state in ('stored', 'damaged')) = (message_id is not null)", name="stored_has_message"),
        UniqueConstraint("media_key", "index"),
        UniqueConstraint("chat_id", "message_id"),
        Index(None, "media_id"),
        Index(None, "upload_id"),
        Index(None, "sha256"),
        Index("ix_parts_damaged", "id", postgresql_where=text("state = 'damaged'")),
        Index("ix_parts_unstored", "node", "id", postgresql_where=text("state in ('spooled', 'shipping')")),
    )

    @validates("state")
    def _check_state(self, _name: str, state: PartState) -> PartState:
        before: PartState | None = self.__dict__.get("state")
        return checked_transition(PART_TRANSITIONS, before, state)


class FileRef(Table):
    """The ``file_id`` under which one bot can fetch one part."""

    __tablename__ = "file_refs"

    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id", ondelete="CASCADE"), primary_key=True)
    bot_id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[str]
    file_unique_id: Mapped[str]

    __table_args__ = (Index(None, "file_unique_id"), Index(None, "file_id"))


class Intent(Table):
    """A send that was begun and whose outcome is not settled, or one that is watched for a late copy.

    It outlives its part on purpose: a message that lands after its part is gone is found and removed by it.
    ``after_message_id`` is the greatest message id that was known in the channel before the send;
    ``settle_at`` when the earlier call can no longer run; ``watch_until`` is set once a search found nothing.
    ``copy_id`` names the `PartCopy` that was sent, null: the part itself was.
    """

    __tablename__ = "intents"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    media_key: Mapped[UUID]
    part_index: Mapped[int]
    copy_id: Mapped[int | None]
    attempt: Mapped[int]
    bot_id: Mapped[int]
    chat_id: Mapped[int]
    after_message_id: Mapped[int]
    node: Mapped[str]
    running: Mapped[bool] = mapped_column(server_default=text("true"))
    settle_at: Mapped[datetime]
    watch_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (Index(None, "chat_id"), Index(None, "media_key", "part_index"))


class StrayMessage(Table):
    """A channel message of ours that no part owns any more: to be deleted (or replaced) by the sweep."""

    __tablename__ = "stray_messages"

    chat_id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
