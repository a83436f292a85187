"""What the Request Service tells us by its events (``POST /hooks/requests``).

Every event has the request as it is now, as ``request``; ``request.renamed`` and ``request.merged`` also the
``number`` that it had. Events may come in any order: what is older than a later one changes nothing.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from storage.errors import InvalidFields
from storage.events.hooks import HookEvent, Hooks
from storage.request_numbers import InvalidRequestNumber, RequestNumber, parse_request_number
from storage.work_orders.confirming import confirm
from storage.work_orders.moving import move_request
from storage.work_orders.port import WorkOrder
from storage.work_orders.rows import MERGED, RENAMED, SERVICE, told

ReadOrder = Callable[[Any], WorkOrder]
"""From the JSON of a request to the value. Raises ValueError."""

TOLD = ("request.created", "request.updated", "request.assigned", "request.closed", "request.reopened")
MOVED = {"request.renamed": RENAMED, "request.merged": MERGED}


class RequestEvents:
    """The handlers."""

    def __init__(self, read: ReadOrder) -> None:
        self._read = read

    def register(self, hooks: Hooks) -> None:
        for kind in TOLD:
            hooks.handle(SERVICE, kind, self.told)
        for kind in MOVED:
            hooks.handle(SERVICE, kind, self.moved)

    async def told(self, session: AsyncSession, event: HookEvent) -> None:
        """The request as it is now."""
        order = self._order(event)
        await told(session, order, as_of=event.at)
        await confirm(session, order.number)

    async def moved(self, session: AsyncSession, event: HookEvent) -> None:
        """It has another number now, or is part of another request."""
        order, former, at = self._order(event), _number(event.data.get("number")), event.at
        await told(session, order, as_of=at)
        await confirm(session, order.number)
        await confirm(session, former)
        await move_request(session, former, order.number, action=MOVED[event.type], as_of=at)

    def _order(self, event: HookEvent) -> WorkOrder:
        try:
            return self._read(event.data.get("request"))
        except ValueError as error:
            raise InvalidFields(("request", "is not a request as the Request Service describes them")) from error


def _number(given: object) -> RequestNumber:
    try:
        return parse_request_number(given if isinstance(given, str) else "")
    except InvalidRequestNumber as error:
        raise InvalidFields(("number", "is not a request number")) from error
