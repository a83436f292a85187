"""What the doors ask about requests: what they are, which of them somebody may mean, and that one begins."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from storage.auditing.audit import record
from storage.callers.telling import telegram_id_of
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller
from storage.errors import RequestServiceUnavailable
from storage.request_numbers import RequestNumber
from storage.tables import WorkOrder as Row
from storage.work_orders.asking import Asking
from storage.work_orders.confirming import Confirming
from storage.work_orders.gate import FRESH, RequestGate
from storage.work_orders.offering import Offer, offers
from storage.work_orders.port import MOST_AT_ONCE, Draft, RequestService, WorkOrder
from storage.work_orders.rows import answered, as_order, current_numbers, orders_of

_LOOKED_AFTER = timedelta(minutes=10)
"""An open request that was not heard of for so long is asked about: it may be closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkOrders:
    """The use case. Without a Request Service it knows nothing, and everything goes on as if nobody asked.

    ``patience``: seconds that somebody who looks waits for what is not known yet.
    """

    sessions: Sessions
    service: RequestService
    asking: Asking
    gate: RequestGate
    confirming: Confirming
    clock: Clock
    patience: float

    @property
    def configured(self) -> bool:
        return self.service.configured

    async def of(self, numbers: Collection[str]) -> dict[str, WorkOrder]:
        """What is known of these requests, by the numbers given. What is old is shown, and asked about beside."""
        if not self.configured or not numbers:
            return {}
        found = await self._known(numbers)
        missing = [RequestNumber(number) for number in numbers if number not in found]
        if missing and await self.asking.ask(missing, patience=self.patience):
            found = await self._known(numbers)
        return found

    async def of_one(self, number: RequestNumber) -> WorkOrder | None:
        return (await self.of([number])).get(number)

    async def offered(self, caller: Caller, local: Sequence[RequestNumber], *, today: date, most: int) -> list[Offer]:
        """The requests that somebody most likely means: those assigned to them, ``local`` ones, today's, others."""
        async with self.sessions.begin() as session:
            return await offers(session, telegram_id_of(caller.owner), local, today=today, most=most)

    async def create(self, draft: Draft, *, key: str) -> RequestNumber:
        """Begin a request there; the same ``key`` again gives the same. Raises `RequestServiceUnavailable`."""
        asked_at = self.clock.now()
        order = await self.service.create(draft, key=key)
        async with self.sessions.begin() as session:
            await answered(session, [order], asked_at=asked_at)
            record(session, draft.by, "request_opened", request_number=order.number, detail={"service": "requests"})
        return order.number

    async def refresh(self) -> None:
        """Every minute: what is open, so that buttons need not wait for the service."""
        asked_at = self.clock.now()
        try:
            found = await self.service.open_requests()
        except RequestServiceUnavailable:
            return  # said by the transport; what was heard last stays
        open_ones = Row.known & ~Row.closed & Row.moved_to.is_(None)
        old = select(Row.number).where(open_ones, Row.heard_at < asked_at - _LOOKED_AFTER)
        async with self.sessions.begin() as session:
            await answered(session, found, asked_at=asked_at)
            left = (await session.scalars(old.order_by(Row.heard_at).limit(MOST_AT_ONCE))).all()
        self.asking.ask_later([RequestNumber(number) for number in left])

    async def _known(self, numbers: Collection[str]) -> dict[str, WorkOrder]:
        async with self.sessions.begin() as session:
            now = await current_numbers(session, numbers)
            rows = await orders_of(session, set(now.values()))
        late = self.clock.now() - FRESH
        self.asking.ask_later([RequestNumber(row.number) for row in rows.values() if row.heard_at < late])
        known = {number: row for number, row in rows.items() if row.known}
        return {number: as_order(known[to]) for number, to in now.items() if to in known}
