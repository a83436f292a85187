"""Checking the events that the gateway sends (Standard Webhooks)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from mediagate_client.errors import Spoilt


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """``id`` is the same each time an event is delivered: keep it to handle each event once."""

    id: str
    type: str
    data: Mapping[str, Any]


def verify_webhook(body: bytes | str, headers: Mapping[str, str], secret: str) -> Event:
    """The event in a webhook's call. ``secret`` is the endpoint's (``whsec_…``).

    Raises `Spoilt` for what the gateway did not sign, or signed more than five minutes ago.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        event = Webhook(secret).verify(body, given)
    except WebhookVerificationError as error:
        raise Spoilt(f"not an event of the gateway: {error}") from error
    return Event(id=given["webhook-id"], type=event["type"], data=event["data"])
