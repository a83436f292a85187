"""Events in the outbox, where they go, and what became of each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.domain import DeliveryState, EventType
from storage.tables.base import EMPTY_ARRAY, NOW, Table

_WAITING = text("state = 'waiting'")


class Webhook(Table):
    """Where events go. ``events`` empty: all of them. Secrets are sealed; the former one signs too until its time.

    ``service``: one of the company's services, which is told in its own way and not by the ``url``; it is there
    because the settings name the service.
    """

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    url: Mapped[str]
    description: Mapped[str | None]
    events: Mapped[list[str]] = mapped_column(server_default=EMPTY_ARRAY)
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    disabled_reason: Mapped[str | None]
    secret: Mapped[bytes]
    former_secret: Mapped[bytes | None]
    former_until: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    service: Mapped[str | None]

    __table_args__ = (Index("uq_webhooks_service", "service", unique=True),)


class Event(Table):
    """Something that happened, as it is told: ``data`` is a snapshot. Kept for 30 days."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[UUID] = mapped_column(unique=True)
    type: Mapped[EventType]
    media_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"), index=True)

    __table_args__ = (Index("ix_events_media_id", "media_id", "type"),)


class EventDelivery(Table):
    """One event on its way to one webhook. Those of one media go in the order of their ids."""

    __tablename__ = "event_deliveries"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    media_id: Mapped[int | None]
    state: Mapped[DeliveryState] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=NOW)
    give_up_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    delivered_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_event_deliveries_webhook_id", "webhook_id", "id"),
        Index("ix_event_deliveries_waiting", "webhook_id", "media_id", "id", postgresql_where=_WAITING),
    )
