"""Events as the company's services sign them: Standard Webhooks, by the package that everybody uses."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from standardwebhooks.webhooks import Webhook

SECRET = "whsec_" + "c2lnbmVkIGJ5IHRoZSB1c2VyIHNlcnZpY2U="
OTHER_SECRET = "whsec_" + "YSBzZWNyZXQgdGhhdCB3YXMgcmVwbGFjZWQ="


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A delivery, ready to be posted."""

    headers: dict[str, str]
    body: bytes


def signed(
    kind: str,
    data: dict[str, Any],
    *,
    secret: str = SECRET,
    event_id: str | None = None,
    at: datetime | None = None,
    clock_off: timedelta = timedelta(0),
) -> Signed:
    """An event that happened at ``at``, sent now by a clock that is ``clock_off`` ahead."""
    now = datetime.now(UTC) + clock_off
    event_id = event_id or f"evt_{uuid4().hex}"
    body = json.dumps({"type": kind, "timestamp": (at or now).isoformat(), "data": data})
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, now, body),
    }
    return Signed(headers=headers, body=body.encode())
