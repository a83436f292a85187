"""Signed events of the company's other services to us, as Standard Webhooks writes them.

An event is known by its id: what it changes and the note that it came are one transaction, so that what comes twice
changes things once. Events may come in any order; each carries its time, and a handler passes over what is older
than what it knows.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from storage.clock import Clock
from storage.database import Sessions
from storage.errors import HookNotFound, InvalidFields, InvalidSignature, MalformedBody
from storage.tables import HookEvent as Row

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)
"""How long ids are remembered: longer than any service delivers again. A signature holds for five minutes."""

_LONGEST_ID, _LONGEST_TYPE = 256, 128


@dataclass(frozen=True, kw_only=True, slots=True)
class HookEvent:
    """One event. ``at`` is when it happened there, by the service's clock."""

    service: str
    id: str
    type: str
    at: datetime
    data: Mapping[str, Any]


class HookOutcome(StrEnum):
    """``ignored``: of a type that nothing here follows from."""

    HANDLED = "handled"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


HookHandler = Callable[[AsyncSession, HookEvent], Awaitable[None]]
"""Changes rows in the transaction that notes the event; never waits for a network. What it raises undoes both, and the
service delivers the event again."""


class Hooks:
    """The use case, and the registry of handlers. ``secrets``: by service; several while one is being replaced."""

    def __init__(self, *, sessions: Sessions, clock: Clock, secrets: Mapping[str, Sequence[str]]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._verifiers = {service: [Webhook(secret) for secret in given] for service, given in secrets.items()}
        self._handlers: dict[tuple[str, str], HookHandler] = {}

    def handle(self, service: str, kind: str, handler: HookHandler) -> None:
        """Have events of the type ``kind`` handled. To be called while the process is assembled."""
        self._handlers[service, kind] = handler

    async def take(self, service: str, headers: Mapping[str, str], body: bytes) -> HookOutcome:
        """One delivery.

        Raises `HookNotFound` for a service without a secret, `InvalidSignature`, and `MalformedBody` and
        `InvalidFields` for what is signed and yet no event.
        """
        event = _event(service, self._verified(service, headers, body), headers)
        handler = self._handlers.get((service, event.type))
        async with self._sessions.begin() as session:
            if not await _note(session, event):
                return HookOutcome.DUPLICATE
            if handler is None:
                log.info("hook_event_ignored", service=service, type=event.type)
                return HookOutcome.IGNORED
            await handler(session, event)
        log.info("hook_event_handled", service=service, type=event.type, event_id=event.id)
        return HookOutcome.HANDLED

    async def forget(self) -> None:
        """Drop the ids of events that are not delivered any more."""
        async with self._sessions.begin() as session:
            await session.execute(delete(Row).where(Row.received_at < self._clock.now() - KEPT))

    def _verified(self, service: str, headers: Mapping[str, str], body: bytes) -> bytes:
        verifiers = self._verifiers.get(service)
        if not verifiers:
            raise HookNotFound
        reasons = [_refusal(verifier, headers, body) for verifier in verifiers]
        if all(reasons):
            log.warning("hook_refused", service=service, reason=reasons[0])
            raise InvalidSignature(reason=reasons[0])
        return body


def _refusal(verifier: Webhook, headers: Mapping[str, str], body: bytes) -> str | None:
    """Why a secret's signature does not hold: headers, timestamp (the clocks differ, or it is old) or signature."""
    try:
        verifier.verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        said = str(error).lower()
        return "timestamp" if "timestamp" in said else "headers" if "headers" in said else "signature"
    except ValueError:  # what is no base64 and no UTF-8
        return "signature"
    return None


def _event(service: str, body: bytes, headers: Mapping[str, str]) -> HookEvent:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(reason="the body is not JSON") from error
    if not isinstance(given, dict):
        raise MalformedBody(reason="an event is a JSON object")
    event_id, kind, data = headers["webhook-id"], given.get("type"), given.get("data", {})
    if not 0 < len(event_id) <= _LONGEST_ID or not event_id.isprintable():
        raise InvalidFields(("webhook-id", f"must be 1 to {_LONGEST_ID} printable characters"))
    if not isinstance(kind, str) or not 0 < len(kind) <= _LONGEST_TYPE or not kind.isprintable():
        raise InvalidFields(("type", f"must be a name of at most {_LONGEST_TYPE} characters"))
    if not isinstance(data, dict):
        raise InvalidFields(("data", "must be an object"))
    sent = datetime.fromtimestamp(float(headers["webhook-timestamp"]), UTC)
    return HookEvent(service=service, id=event_id, type=kind, at=_time(given.get("timestamp")) or sent, data=data)


def _time(given: object) -> datetime | None:
    """Of a text of RFC 3339; None where there is none, or none that says where on earth."""
    try:
        when = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        when = None
    return when.astimezone(UTC) if when is not None and when.tzinfo is not None else None


async def _note(session: AsyncSession, event: HookEvent) -> bool:
    """False where it was here before. One that is being taken at this moment is waited for."""
    statement = insert(Row).values(service=event.service, event_id=event.id, type=event.type)
    noted = await session.scalar(statement.on_conflict_do_nothing().returning(Row.event_id))
    return noted is not None
