"""What the bot took in and what it shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import (
    InboxState,
)
from storage.tables.base import NOW, Table


class InboxUpdate(Table):
    """An update as Telegram gave it, kept before it is confirmed. ``chat_key`` orders the handling.

    ``plain_file``: a file and nothing more, to be kept together with others'.
    """

    __tablename__ = "inbox"

    bot_id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int] = mapped_column(primary_key=True)
    chat_key: Mapped[int]
    payload: Mapped[dict[str, Any]]
    state: Mapped[InboxState]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    incident: Mapped[UUID | None]
    handling_node: Mapped[str | None]
    plain_file: Mapped[bool] = mapped_column(server_default=text("false"))
    received_at: Mapped[datetime] = mapped_column(server_default=NOW)
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_inbox_open",
            "chat_key",
            "update_id",
            postgresql_where=text("state in ('pending', 'handling')"),
        ),
        Index("ix_inbox_done", "done_at", postgresql_where=text("state in ('done', 'failed')")),
    )


class Card(Table):
    """The bot's one answer to a file, an album or an invitation to upload, edited in place while its media move on.

    ``wanted`` rises with each change of its media; the card is up to date when ``sent`` has caught up. ``shown`` is
    a digest of what the chat sees since ``shown_at``: a change that nobody would see costs no edit. Message ids
    below zero are those of the group that the chat was before it became a supergroup: nothing there can be answered
    or edited.
    """

    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    chat_id: Mapped[int]
    person_id: Mapped[int]
    language: Mapped[str]
    reply_to_message_id: Mapped[int]
    media_group_id: Mapped[str | None]
    thread_id: Mapped[int | None]
    by_staff: Mapped[bool] = mapped_column(server_default=text("false"))
    choosing: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    message_id: Mapped[int | None]
    wanted: Mapped[int] = mapped_column(server_default=text("1"))
    sent: Mapped[int] = mapped_column(server_default=text("0"))
    shown: Mapped[bytes | None]
    shown_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        UniqueConstraint("chat_id", "media_group_id"),
        UniqueConstraint("chat_id", "reply_to_message_id"),
        Index(None, "chat_id", "message_id"),
        Index("ix_cards_behind", "id", postgresql_where=text("sent < wanted")),
    )


class CardItem(Table):
    """A media (or the reason why there is none) on a card.

    What comes by an upload has no message: ``message_id`` is then its place on the card, from -1 downwards, and
    ``upload_id`` the upload, which becomes a media or fails. ``refusal``: why a kept media was not attached to the
    ``number`` that its sender named.
    """

    __tablename__ = "card_items"

    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    upload_id: Mapped[UUID | None]
    error: Mapped[dict[str, Any] | None]
    refusal: Mapped[dict[str, Any] | None]

    __table_args__ = (Index(None, "media_id"), Index(None, "upload_id"))


class Conversation(Table):
    """Where a person's dialogue with the bot stands in a chat (0: outside of topics), as aiogram's state and data.

    From ``expires_at`` on it counts as ended. Each change puts that off by ``lifetime`` seconds.
    """

    __tablename__ = "conversations"

    bot_id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(primary_key=True)
    destiny: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    lifetime: Mapped[int]
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "expires_at"),)
