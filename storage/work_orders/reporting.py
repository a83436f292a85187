"""Telling the Request Service what was attached to its requests and what was detached.

The outbox does it, as it does for webhooks: written with the change, in order per media, again and again for three
days. What the service refuses for good is told once.
"""

from collections.abc import Mapping
from typing import Any

from storage.domain import EventType
from storage.events.poster import Posted
from storage.request_numbers import RequestNumber
from storage.work_orders.port import Report, RequestService

REPORTED = frozenset({EventType.MEDIA_ATTACHED, EventType.MEDIA_DETACHED})


class RequestReporter:
    """Implements `storage.events.poster.EventTaker`."""

    def __init__(self, service: RequestService) -> None:
        self._service = service

    async def take(self, message: Mapping[str, Any], *, key: str) -> Posted:
        data = message["data"]
        report = Report(
            number=RequestNumber(data["request_number"]),
            media_id=data["media_id"],
            attached=message["type"] == EventType.MEDIA_ATTACHED,
            event=message,
        )
        return await self._service.report(report, key=key)
