"""Groups the bot is in, who is in the staff chat, and what staff are asked there."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import (
    WaitingState,
)
from storage.tables.base import NOW, Table


class Group(Table):
    """A group or supergroup the bot is, or was, in. ``status`` is the bot's own there, in Telegram's words.

    ``sees_all``: it gets every message, not only commands and replies to it (privacy mode). The ``…_told_at`` say
    what was said there already, ``reactions_refused_at`` when Telegram last forbade reactions. A group that became a
    supergroup stays, with ``moved_to``, so that a setting which names it leads there.
    """

    __tablename__ = "groups"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    status: Mapped[str]
    sees_all: Mapped[bool]
    language: Mapped[str | None]
    staff_chat: Mapped[bool] = mapped_column(server_default=text("false"))
    checked_at: Mapped[datetime] = mapped_column(server_default=NOW)
    left_at: Mapped[datetime | None]
    moved_to: Mapped[int | None]
    cure_told_at: Mapped[datetime | None]
    anonymous_told_at: Mapped[datetime | None]
    reactions_refused_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_groups_staff_chat", "staff_chat", unique=True, postgresql_where=text("staff_chat")),)


class Membership(Table):
    """Whether a person was in a chat when Telegram last said so."""

    __tablename__ = "memberships"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    inside: Mapped[bool]
    checked_at: Mapped[datetime] = mapped_column(server_default=NOW)


class StaffCard(Table):
    """What the staff chat shows of a sender's card whose media wait for a request: one message with buttons.

    It belongs to a sender's card, or (``summary``) it is the one that says how many more wait. ``wanted``, ``sent``
    and ``shown`` as in `Card`. ``pictures`` are messages that show what the buttons are about; ``captioned``: the
    message shows it itself. ``collapsed``: counted by the summary until somebody wants to see it.
    """

    __tablename__ = "staff_cards"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id", ondelete="CASCADE"), unique=True)
    summary: Mapped[bool] = mapped_column(server_default=text("false"))
    chat_id: Mapped[int | None]
    pictures: Mapped[list[int]] = mapped_column(server_default=text("'{}'::bigint[]"))
    message_id: Mapped[int | None]
    captioned: Mapped[bool] = mapped_column(server_default=text("false"))
    wanted: Mapped[int] = mapped_column(server_default=text("1"))
    sent: Mapped[int] = mapped_column(server_default=text("0"))
    shown: Mapped[bytes | None]
    state: Mapped[WaitingState] = mapped_column(server_default=text("'open'"))
    collapsed: Mapped[bool] = mapped_column(server_default=text("false"))
    released: Mapped[bool] = mapped_column(server_default=text("false"))
    request_number: Mapped[str | None]
    decided_by: Mapped[int | None]
    decided_name: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        CheckConstraint("summary = (card_id is null)", name="summary"),
        Index("uq_staff_cards_summary", "summary", unique=True, postgresql_where=text("summary")),
        Index(None, "chat_id", "message_id"),
        Index("ix_staff_cards_open", "id", postgresql_where=text("state = 'open'")),
        Index("ix_staff_cards_behind", "id", postgresql_where=text("sent < wanted")),
        Index(None, "shown_at"),
    )


class StaffAnswer(Table):
    """A message between staff and a sender about a staff card, where each side has it.

    ``staff_message_id`` null: a file of the sender's, which staff see as a card of its own.
    """

    __tablename__ = "staff_answers"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    staff_card_id: Mapped[int] = mapped_column(ForeignKey("staff_cards.id", ondelete="CASCADE"), index=True)
    by_person: Mapped[int]
    staff_chat_id: Mapped[int]
    staff_message_id: Mapped[int | None]
    chat_id: Mapped[int]
    message_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        UniqueConstraint("chat_id", "message_id"),
        UniqueConstraint("staff_chat_id", "staff_message_id"),
    )
