"""Copies of parts in other channels, and those that are to be made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.domain import COPY_TRANSITIONS, CopyRole, CopyState, checked_transition
from storage.tables.base import NOW, Table


class PartCopy(Table):
    """One more message with a part's bytes, there or wanted.

    It names its part by ``media_key`` and ``part_index``, which stay when the part moves to another channel. A
    ``backup`` belongs into ``chat_id``. A ``replacement`` goes into any channel of the part's purpose, and becomes the
    part's message in the place of ``instead_chat_id`` and ``instead_message_id``; until it is on its way it has no
    ``chat_id``. ``file_id`` is that of the bot ``file_bot_id``, learnt when the message was verified; ``problem`` says
    why the last attempt failed.
    """

    __tablename__ = "part_copies"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    media_key: Mapped[UUID]
    part_index: Mapped[int]
    role: Mapped[CopyRole]
    state: Mapped[CopyState]
    chat_id: Mapped[int | None]
    message_id: Mapped[int | None]
    instead_chat_id: Mapped[int | None]
    instead_message_id: Mapped[int | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    problem: Mapped[str | None]
    caption_sent: Mapped[bytes | None]
    file_bot_id: Mapped[int | None]
    file_id: Mapped[str | None]
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        CheckConstraint("(state in ('copied', 'verified')) = (message_id is not null)", name="copied_has_message"),
        CheckConstraint("role = 'replacement' or chat_id is not null", name="backup_has_chat"),
        UniqueConstraint("chat_id", "message_id"),
        Index(None, "media_key", "part_index"),
        Index(
            "uq_part_copies_backup", "media_key", "part_index", "chat_id",
            unique=True, postgresql_where=text("role = 'backup'"),
        ),
        Index(
            "uq_part_copies_replacement", "media_key", "part_index",
            unique=True, postgresql_where=text("role = 'replacement'"),
        ),
        Index("ix_part_copies_open", "next_attempt_at", postgresql_where=text("state <> 'verified'")),
    )  # fmt: skip

    @validates("state")
    def _check_state(self, _name: str, state: CopyState) -> CopyState:
        before: CopyState | None = self.__dict__.get("state")
        return checked_transition(COPY_TRANSITIONS, before, state)
