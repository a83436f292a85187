"""Webhooks and their deliveries, as JSON."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from storage.domain import DeliveryState, EventType
from storage.events.webhooks import WebhookChange
from web.schemas.common import LARGEST_ID, Given, Shown

_Url = Annotated[str, Field(min_length=1, max_length=2048, examples=["https://crm.example/hooks/media"])]
_Description = Annotated[str, Field(max_length=256)]
_Events = Annotated[frozenset[EventType], Field(description="Left out or empty: all of them")]

WebhookId = Annotated[int, Field(ge=1, le=LARGEST_ID, description="The webhook")]
DeliveryId = Annotated[int, Field(ge=1, le=LARGEST_ID, description="The delivery")]


class NewWebhook(Given):
    """Where events are to go: an https address that is not inside the gateway's network."""

    url: _Url
    events: _Events = frozenset()
    description: _Description | None = None


class ChangedWebhook(Given):
    """What is left out stays. A new secret signs at once; the former one signs too for 24 hours."""

    url: _Url | None = None
    events: _Events | None = None
    description: _Description | None = None
    enabled: bool | None = None
    rotate_secret: bool = False

    def change(self) -> WebhookChange:
        return WebhookChange(**{name: getattr(self, name) for name in type(self).model_fields})


class Webhook(Shown):
    """A webhook without its secret. ``disabled_reason`` where it was not an admin who ended it."""

    id: int
    url: str
    description: str | None
    events: list[EventType]
    enabled: bool
    disabled_reason: str | None
    former_secret_until: datetime | None
    created_at: datetime


class WebhookWithSecret(Webhook):
    secret: str = Field(description="Shown here and never again", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class WebhookList(Shown):
    results: list[Webhook]


class DeliveriesQuery(Given):
    state: DeliveryState | None = None
    before: Annotated[int, Field(ge=1, le=LARGEST_ID, description="The id that the last page ended with")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Delivery(Shown):
    """An event on its way. ``event_id`` is the ``webhook-id`` that the receiver sees."""

    id: int
    event_id: str
    type: EventType
    media_id: int | None
    state: DeliveryState
    attempts: int
    due_at: datetime
    last_status: int | None
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


class DeliveryPage(Shown):
    results: list[Delivery]
    next_before: int | None = Field(description="For the next page; null: this was the last one")
