"""Webhooks: where events go, and what became of them."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import DeliveryState, EventType
from storage.errors import DeliveryNotFound, InvalidFields, WebhookNotFound
from storage.events.outbox import TRIED_FOR, wake_delivery
from storage.events.poster import Poster
from storage.events.sealing import Seal
from storage.tables import Event, EventDelivery, Webhook

OVERLAP = timedelta(hours=24)
"""How long the former secret signs too."""

KEPT = timedelta(days=30)
_SECRET_BYTES = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookChange:
    """What a change sets; None: stays as it is."""

    url: str | None = None
    description: str | None = None
    events: frozenset[EventType] | None = None
    enabled: bool | None = None
    rotate_secret: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryView:
    """A delivery with its event."""

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


class Webhooks:
    """The use case. Its callers have the scope ``admin``."""

    def __init__(self, *, sessions: Sessions, poster: Poster, seal: Seal, clock: Clock) -> None:
        self._sessions = sessions
        self._poster = poster
        self._seal = seal
        self._clock = clock

    async def create(
        self, url: str, *, events: frozenset[EventType], description: str | None, by: str
    ) -> tuple[Webhook, str]:
        """A webhook and its secret, which is shown here and never again. Raises `InvalidFields` for its URL."""
        self._require_allowed(url)
        secret = _new_secret()
        row = Webhook(
            url=url, description=description, events=_stored(events), secret=self._seal.close(secret), created_by=by
        )
        async with self._sessions.begin() as session:
            session.add(row)
            await session.flush()
            record(session, by, "webhook_created", detail={"id": str(row.id), "url": url})
            await session.flush()
            await session.refresh(row)
        return row, secret

    async def all(self) -> Sequence[Webhook]:
        async with self._sessions.begin() as session:
            return (await session.scalars(select(Webhook).order_by(Webhook.id.desc()))).all()

    async def change(self, webhook_id: int, change: WebhookChange, *, by: str) -> tuple[Webhook, str | None]:
        """The webhook as it is now, and its new secret where one was asked for. What waits goes to the new URL.

        Raises `WebhookNotFound`, `InvalidFields`.
        """
        if change.url is not None:
            self._require_allowed(change.url)
        secret = _new_secret() if change.rotate_secret else None
        async with self._sessions.begin() as session:
            row = await _existing(session, webhook_id, own=True)
            said = self._apply(row, change, secret)
            record(session, by, "webhook_changed", detail={"id": str(row.id), "changed": said})
            await session.flush()
            if change.enabled:
                await _wake_all(session, row.id)
            await session.refresh(row)
        return row, secret

    async def remove(self, webhook_id: int, *, by: str) -> None:
        """Remove a webhook and whatever waits for it. Raises `WebhookNotFound`."""
        async with self._sessions.begin() as session:
            row = await _existing(session, webhook_id, own=True)
            record(session, by, "webhook_removed", detail={"id": str(row.id), "url": row.url})
            await session.delete(row)

    async def deliveries(
        self, webhook_id: int, *, state: DeliveryState | None, before: int | None, limit: int
    ) -> list[DeliveryView]:
        """Newest first; ``before`` is the id the last page ended with. Raises `WebhookNotFound`."""
        query = select(EventDelivery, Event).join(Event).where(EventDelivery.webhook_id == webhook_id)
        if state is not None:
            query = query.where(EventDelivery.state == state)
        if before is not None:
            query = query.where(EventDelivery.id < before)
        async with self._sessions.begin() as session:
            await _existing(session, webhook_id)
            rows = await session.execute(query.order_by(EventDelivery.id.desc()).limit(limit))
            return [_view(delivery, event) for delivery, event in rows]

    async def redeliver(self, webhook_id: int, delivery_id: int, *, by: str) -> DeliveryView:
        """Send an event once more, under the same id. Raises `WebhookNotFound`, `DeliveryNotFound`."""
        async with self._sessions.begin() as session:
            await _existing(session, webhook_id)
            former = await session.get(EventDelivery, delivery_id)
            if former is None or former.webhook_id != webhook_id:
                raise DeliveryNotFound(delivery_id=delivery_id)
            again = EventDelivery(
                webhook_id=webhook_id,
                event_id=former.event_id,
                media_id=former.media_id,
                give_up_at=func.now() + TRIED_FOR,
            )
            session.add(again)
            record(session, by, "event_redelivered", media_id=former.media_id, detail={"webhook": str(webhook_id)})
            await session.flush()
            await wake_delivery(session, webhook_id, former.media_id)
            await session.refresh(again)
            event = await session.get_one(Event, former.event_id)
            return _view(again, event)

    async def serve(self, service: str, url: str | None, events: frozenset[EventType]) -> None:
        """Tell one of the company's services of these events from now on; ``url`` None: no more. May be done twice."""
        async with self._sessions.begin() as session:
            if url is None:
                await session.execute(update(Webhook).where(Webhook.service == service).values(enabled=False))
                return
            values = {"url": url, "enabled": True, "events": _stored(events)}
            made = {"secret": b"", "created_by": "system", "description": f"the company's service: {service}"}
            row = insert(Webhook).values(service=service, **values, **made)
            found = await session.scalar(
                row.on_conflict_do_update(index_elements=[Webhook.service], set_=values).returning(Webhook.id)
            )
            assert found is not None
            await _wake_all(session, found)

    async def sweep(self) -> None:
        """Every minute: wake what waits and has no wake-up. May be done twice."""
        async with self._sessions.begin() as session:
            waiting = (
                select(EventDelivery.webhook_id, EventDelivery.media_id)
                .join(Webhook)
                .where(Webhook.enabled, EventDelivery.state == DeliveryState.WAITING)
                .where(EventDelivery.due_at <= self._clock.now())
                .distinct()
                .order_by(EventDelivery.webhook_id, EventDelivery.media_id)
            )
            for webhook_id, media_id in (await session.execute(waiting)).all():
                await wake_delivery(session, webhook_id, media_id)

    async def forget(self) -> None:
        """Drop events that are older than `KEPT` with their deliveries."""
        async with self._sessions.begin() as session:
            await session.execute(delete(Event).where(Event.occurred_at < self._clock.now() - KEPT))

    def _apply(self, row: Webhook, change: WebhookChange, secret: str | None) -> list[str]:
        said: list[str] = []
        if change.url is not None:
            row.url, said = change.url, [*said, "url"]
        if change.description is not None:
            row.description, said = change.description, [*said, "description"]
        if change.events is not None:
            row.events, said = _stored(change.events), [*said, "events"]
        if change.enabled is not None:
            row.enabled, row.disabled_reason, said = change.enabled, None, [*said, "enabled"]
        if secret is not None:
            row.former_secret, row.former_until = row.secret, self._clock.now() + OVERLAP
            row.secret, said = self._seal.close(secret), [*said, "secret"]
        return said

    def _require_allowed(self, url: str) -> None:
        reason = self._poster.refusal(url)
        if reason is not None:
            raise InvalidFields(("url", reason))


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _stored(events: frozenset[EventType]) -> list[str]:
    return sorted(event.value for event in events)


async def _existing(session: AsyncSession, webhook_id: int, *, own: bool = False) -> Webhook:
    """``own``: not one that is there for a service of the company, because of the settings."""
    row = await session.get(Webhook, webhook_id, with_for_update=True)
    if row is None or (own and row.service is not None):
        raise WebhookNotFound(webhook_id=webhook_id)
    return row


async def _wake_all(session: AsyncSession, webhook_id: int) -> None:
    waiting = select(EventDelivery.media_id).where(
        EventDelivery.webhook_id == webhook_id, EventDelivery.state == DeliveryState.WAITING
    )
    for media_id in (await session.scalars(waiting.distinct().order_by(EventDelivery.media_id))).all():
        await wake_delivery(session, webhook_id, media_id)


def _view(delivery: EventDelivery, event: Event) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        event_id=message_id(event),
        type=event.type,
        media_id=delivery.media_id,
        state=delivery.state,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        created_at=delivery.created_at,
        delivered_at=delivery.delivered_at,
    )


def message_id(event: Event) -> str:
    """The ``webhook-id``: the same each time the event is delivered."""
    return f"msg_{event.key.hex}"


def message(event: Event) -> dict[str, Any]:
    """The body."""
    return {"type": event.type.value, "timestamp": event.occurred_at.isoformat(), "data": event.data}
