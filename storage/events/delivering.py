"""Delivering events: at least once, in order per media, in parallel across; signed by Standard Webhooks."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import or_, select, update
from standardwebhooks import Webhook as Signature

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import DeliveryState
from storage.events.poster import EventTaker, Posted, Poster
from storage.events.sealing import Seal, Unreadable
from storage.events.webhooks import message, message_id
from storage.jobs import Later
from storage.tables import Event, EventDelivery, Webhook

log = structlog.get_logger(__name__)

DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0)
"""Seconds between tries; the last one repeats until the delivery is given up."""

_JITTER = 0.2
_MOST_ASKED_FOR = 3600.0
_LEASE = timedelta(seconds=60)
_AT_ONCE = 4
"""Calls to one webhook at a time in a process, so that one that hangs does not hold up the others."""

_BUSY_DELAY = 1.0
_GONE = 410
_UNSET = Posted(error="the settings do not name this service")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    delivery_id: int
    attempts: int
    give_up_at: datetime
    url: str
    key: str
    message: Mapping[str, Any]
    secrets: tuple[bytes, ...]
    service: str | None


class Deliverer:
    """Handles the jobs. ``services``: the company's own that are told too, by name."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        poster: Poster,
        seal: Seal,
        clock: Clock,
        services: Mapping[str, EventTaker] | None = None,
    ) -> None:
        self._services = services or {}
        self._sessions = sessions
        self._poster = poster
        self._seal = seal
        self._clock = clock
        self._calling: Counter[int] = Counter()

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job: deliver what waits for a webhook about a media. Raises `Later` until the next try is due."""
        webhook_id, media_id = int(payload["webhook"]), payload["media"]
        if self._calling[webhook_id] >= _AT_ONCE:
            raise Later(_BUSY_DELAY, "webhook busy")
        self._calling[webhook_id] += 1
        try:
            while (call := await self._next(webhook_id, media_id)) is not None:
                posted = await self._post(call)
                delay = await self._settle(webhook_id, call, posted)
                if delay is not None:
                    raise Later(delay, "webhook failed")
        finally:
            self._calling[webhook_id] -= 1

    async def _next(self, webhook_id: int, media_id: int | None) -> _Call | None:
        """The first that waits, leased; None where nothing does. Raises `Later` where it is not due, or leased."""
        now = self._clock.now()
        same_media = EventDelivery.media_id.is_not_distinct_from(media_id)
        query = (
            select(EventDelivery, Event, Webhook)
            .join(Event)
            .join(Webhook)
            .where(EventDelivery.webhook_id == webhook_id, same_media, Webhook.enabled)
            .where(EventDelivery.state == DeliveryState.WAITING)
            .order_by(EventDelivery.id)
            .limit(1)
        )
        async with self._sessions.begin() as session:
            found = (await session.execute(query)).one_or_none()
            if found is None:
                return None
            delivery, event, webhook = found
            if delivery.due_at > now:
                raise Later((delivery.due_at - now).total_seconds(), "not due yet")
            free = or_(EventDelivery.leased_until.is_(None), EventDelivery.leased_until < now)
            leased = await session.scalar(
                update(EventDelivery)
                .where(EventDelivery.id == delivery.id, EventDelivery.state == DeliveryState.WAITING, free)
                .values(leased_until=now + _LEASE, attempts=EventDelivery.attempts + 1)
                .returning(EventDelivery.attempts)
                .execution_options(synchronize_session=False)
            )
            if leased is None:
                raise Later(_BUSY_DELAY, "another node delivers it")
            former = webhook.former_secret if webhook.former_until is not None and webhook.former_until > now else None
            return _Call(
                delivery_id=delivery.id,
                attempts=leased,
                give_up_at=delivery.give_up_at,
                url=webhook.url,
                key=message_id(event),
                message=message(event),
                secrets=(webhook.secret,) if former is None else (webhook.secret, former),
                service=webhook.service,
            )

    async def _post(self, call: _Call) -> Posted:
        if call.service is not None:
            service = self._services.get(call.service)
            return _UNSET if service is None else await service.take(call.message, key=call.key)
        now, body = self._clock.now(), json.dumps(call.message, ensure_ascii=False)
        try:
            secrets = [self._seal.open(sealed) for sealed in call.secrets]
        except Unreadable:
            return Posted(error="its secret was sealed with another SECRET_KEY: rotate it")
        headers = {
            "Content-Type": "application/json",
            "webhook-id": call.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(Signature(secret).sign(call.key, now, body) for secret in secrets),
        }
        return await self._poster.post(call.url, body.encode(), headers)

    async def _settle(self, webhook_id: int, call: _Call, posted: Posted) -> float | None:
        """Note what came of it; the seconds until the next try, None where the next event may go."""
        now = self._clock.now()
        delay = _delay(call.attempts, posted)
        values: dict[str, Any] = {"leased_until": None, "last_status": posted.status, "last_error": posted.error}
        if posted.ok:
            values |= {"state": DeliveryState.DELIVERED, "delivered_at": now}
        elif posted.final or now + timedelta(seconds=delay) > call.give_up_at:
            values |= {"state": DeliveryState.DEAD}
        else:
            values |= {"due_at": now + timedelta(seconds=delay)}
        gone = posted.status == _GONE and call.service is None
        async with self._sessions.begin() as session:
            await session.execute(update(EventDelivery).where(EventDelivery.id == call.delivery_id).values(values))
            if gone:
                await session.execute(
                    update(Webhook)
                    .where(Webhook.id == webhook_id)
                    .values(enabled=False, disabled_reason="it answered 410 Gone")
                )
        said = {"webhook_id": webhook_id, "message_id": call.key, "attempt": call.attempts, "status": posted.status}
        if posted.ok:
            log.info("event_delivered", **said)
            return None
        log.warning("event_not_delivered", error=posted.error, dead="state" in values, **said)
        return None if "state" in values or gone else delay


def _delay(attempts: int, posted: Posted) -> float:
    base = DELAYS[min(attempts, len(DELAYS)) - 1]
    if posted.retry_after is not None:
        base = max(base, min(posted.retry_after, _MOST_ASKED_FOR))
    return base * random.uniform(1, 1 + _JITTER)  # noqa: S311 -- spreads load, guards nothing
