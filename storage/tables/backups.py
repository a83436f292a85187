"""Backups of this database in a channel, and how far channels were read to rebuild it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import NOW, Table


class Backup(Table):
    """A dump on its way into a channel, or there. One at a time is ``running``; ``gone``: given up for newer ones.

    ``seen_at`` is when whoever makes it was last at it, ``revision`` the migration that the dump is of, ``counted``
    what it holds, for people. ``index_chat_id`` and ``index_message_id`` name the message that lists its pieces.
    """

    __tablename__ = "backups"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[UUID] = mapped_column(unique=True)
    state: Mapped[str]
    made_by: Mapped[str]
    node: Mapped[str]
    revision: Mapped[str]
    size: Mapped[int | None]
    sha256: Mapped[bytes | None]
    counted: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    index_chat_id: Mapped[int | None]
    index_message_id: Mapped[int | None]
    pinned: Mapped[bool] = mapped_column(server_default=text("false"))
    error: Mapped[str | None]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('running', 'stored', 'failed', 'gone')", name="state"),
        Index("uq_backups_running", "state", unique=True, postgresql_where=text("state = 'running'")),
        Index(None, "started_at"),
    )


class BackupPiece(Table):
    """One message of a backup; the last one, by ``index``, is the list of the others."""

    __tablename__ = "backup_pieces"

    backup_id: Mapped[int] = mapped_column(ForeignKey("backups.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offset: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[bytes]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    bot_id: Mapped[int | None]
    chat_id: Mapped[int | None]
    message_id: Mapped[int | None]
    file_id: Mapped[str | None]

    __table_args__ = (UniqueConstraint("chat_id", "message_id"),)


class ChannelReading(Table):
    """A channel that is read message by message. ``seen``: ranges of ids that need not be looked at (any more)."""

    __tablename__ = "channel_readings"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seen: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    finished_at: Mapped[datetime | None]
    problem: Mapped[str | None]


class FoundMessage(Table):
    """A message that was read and is ours, until a media is made of it. ``media_key`` null: of what was deleted.

    ``caption`` is what it said; ``outcome`` null: its media is not whole.
    """

    __tablename__ = "found_messages"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    media_key: Mapped[UUID | None]
    index: Mapped[int | None]
    caption: Mapped[str]
    bot_id: Mapped[int]
    file_id: Mapped[str | None]
    file_unique_id: Mapped[str | None]
    outcome: Mapped[str | None]

    __table_args__ = (
        Index(None, "media_key", "index"),
        Index("ix_found_messages_open", "media_key", postgresql_where=text("outcome is null")),
    )
