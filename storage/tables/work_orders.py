"""What the Request Service said of its requests, and what people are to be asked because of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import Stage
from storage.tables.base import NOW, Table


class WorkOrder(Table):
    """The Request Service's last word about a number; not ``known``: that it has none such.

    ``as_of``: the time of the latest event about it, by the service's clock, so that an older one changes nothing;
    ``heard_at``: when we were told, or asked, by ours.
    ``moved_to``: it was renamed to that number, or merged into it. ``assignees``: objects with ``id``, ``name``,
    ``telegram_id`` and ``phone``, each null where the service does not say.
    """

    __tablename__ = "work_orders"

    number: Mapped[str] = mapped_column(primary_key=True)
    known: Mapped[bool]
    title: Mapped[str | None]
    state: Mapped[str | None]
    closed: Mapped[bool] = mapped_column(server_default=text("false"))
    address: Mapped[str | None]
    url: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    assignees: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    moved_to: Mapped[str | None]
    as_of: Mapped[datetime | None]
    heard_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        Index("ix_work_orders_open", "opened_at", "number", postgresql_where=text("known and not closed")),
    )


class WrongNumber(Table):
    """A number that media were attached to while the Request Service was away, and that it does not know.

    Staff are told in one message (``claimed_at`` while a job sends it) and decide: ``outcome``.
    """

    __tablename__ = "wrong_numbers"

    number: Mapped[str] = mapped_column(primary_key=True)
    found_at: Mapped[datetime] = mapped_column(server_default=NOW)
    claimed_at: Mapped[datetime | None]
    chat_id: Mapped[int | None]
    message_id: Mapped[int | None]
    outcome: Mapped[str | None]
    moved_to: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    settled_name: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("outcome in ('detached', 'moved', 'exists', 'empty')", name="outcome"),
        Index("ix_wrong_numbers_untold", "found_at", postgresql_where=text("outcome is null and message_id is null")),
    )


class AskedOverride(Table):
    """What somebody was refused because the request is closed, and may do all the same by pressing a button.

    ``staff_card``: attach what is on that card of the staff chat; else ``media_ids``.
    """

    __tablename__ = "asked_overrides"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    actor: Mapped[str]
    number: Mapped[str]
    media_ids: Mapped[list[int]]
    stage: Mapped[str | None]
    staff_card: Mapped[int | None]
    asked_at: Mapped[datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        CheckConstraint(f"stage in ({', '.join(repr(stage.value) for stage in Stage)})", name="stage"),
        Index(None, "asked_at"),
    )
