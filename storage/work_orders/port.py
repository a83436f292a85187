"""What Mediagate asks of the Request Service: one small port, and the null service that is there without it.

`web.clients.request_service` implements it over HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from storage.errors import RequestServiceUnavailable
from storage.events.poster import Posted
from storage.request_numbers import RequestNumber


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignee:
    """Somebody who is to do the work. ``id`` is the User Service's, ``telegram_id`` where the service knows it."""

    id: str | None = None
    name: str | None = None
    telegram_id: int | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkOrder:
    """A request as the service has it. ``state`` is its own word; ``closed``: it takes no more media.

    ``moved_to``: it was renamed to that number, or merged into it.
    """

    number: RequestNumber
    title: str | None = None
    state: str | None = None
    closed: bool = False
    address: str | None = None
    url: str | None = None
    opened_at: datetime | None = None
    assignees: tuple[Assignee, ...] = ()
    moved_to: RequestNumber | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A request that staff begin from what somebody sent. ``sender`` and ``by`` are owners: ``telegram:1001``."""

    description: str | None
    sender: str | None
    sender_name: str | None
    by: str
    by_name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A media was attached to a request, or detached from it. ``event`` is the webhooks' message about it."""

    number: RequestNumber
    media_id: int
    attached: bool
    event: Mapping[str, Any]


class RequestService(Protocol):
    """Every call but `report` raises `RequestServiceUnavailable` where there is no usable answer, within seconds."""

    @property
    def configured(self) -> bool:
        """Whether there is such a service: without one every number counts."""
        ...

    async def look_up(self, numbers: Sequence[RequestNumber]) -> dict[RequestNumber, WorkOrder]:
        """Those of ``numbers`` (at most `MOST_AT_ONCE`) that it knows, in one call."""
        ...

    async def open_requests(self) -> list[WorkOrder]:
        """What is not closed, the newest first; a few hundred at most."""
        ...

    async def create(self, draft: Draft, *, key: str) -> WorkOrder:
        """Begin a request. The same ``key`` again gives the same request."""
        ...

    async def report(self, report: Report, *, key: str) -> Posted:
        """Tell it once; the same ``key`` again has no other effect. Never raises."""
        ...


MOST_AT_ONCE = 50


class NoRequestService:
    """There is none: numbers are checked by their form alone, and begin here."""

    configured = False

    async def look_up(self, numbers: Sequence[RequestNumber]) -> dict[RequestNumber, WorkOrder]:
        return {number: WorkOrder(number=number) for number in numbers}

    async def open_requests(self) -> list[WorkOrder]:
        return []

    async def create(self, draft: Draft, *, key: str) -> WorkOrder:  # noqa: ARG002 -- the port's
        raise RequestServiceUnavailable(reason="none is configured")

    async def report(self, report: Report, *, key: str) -> Posted:  # noqa: ARG002 -- the port's
        return Posted(error="none is configured", final=True)
