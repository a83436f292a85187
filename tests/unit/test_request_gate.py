"""The gate to requests: how long a word counts, how long anybody waits, and what is asked together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from storage.database import Sessions
from storage.domain import Caller, Role, Scope
from storage.errors import MissingScope, RequestClosed, RequestServiceUnavailable, UnknownRequest
from storage.request_numbers import RequestNumber
from storage.work_orders.asking import Asking
from storage.work_orders.gate import FRESH, USABLE, Check, RequestGate, open_gate
from storage.work_orders.port import NoRequestService, WorkOrder
from storage.work_orders.rows import told, told_moved

NUMBER, OTHER = RequestNumber("250926-001"), RequestNumber("250926-002")
STAFF, TENANT = Caller.person(1002, Role.STAFF), Caller.person(1001, Role.USER)
CRM = Caller.service("crm", frozenset({Scope.REQUESTS_WRITE}))


@dataclass
class Clock:
    """Goes on by hand, from the database's now on."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.at


@dataclass
class Service(NoRequestService):
    """The far side of the port: answers, or waits until it may."""

    orders: dict[RequestNumber, WorkOrder] = field(default_factory=dict)
    asked: list[list[RequestNumber]] = field(default_factory=list)
    away: bool = False
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def look_up(self, numbers: Sequence[RequestNumber]) -> dict[RequestNumber, WorkOrder]:
        self.asked.append(list(numbers))
        await self.may_answer.wait()
        if self.away:
            raise RequestServiceUnavailable(reason="test")
        return {number: self.orders[number] for number in numbers if number in self.orders}


@dataclass
class Gated:
    gate: RequestGate
    service: Service
    clock: Clock
    sessions: Sessions

    async def admit(self, *numbers: RequestNumber, caller: Caller = STAFF, override: bool = False) -> list[str]:
        return [str(number) for number in await self.gate.admit(caller, numbers, override=override)]


@pytest.fixture
async def gated(sessions: Sessions) -> AsyncIterator[Gated]:
    service, clock = Service(), Clock()
    service.may_answer.set()
    asking = Asking(sessions=sessions, service=service, clock=clock)
    async with asking.running():
        yield Gated(RequestGate(sessions=sessions, asking=asking, clock=clock, patience=20), service, clock, sessions)


async def test_a_word_counts_for_a_while(gated: Gated) -> None:
    gated.service.orders[NUMBER] = WorkOrder(number=NUMBER)
    assert await gated.admit(NUMBER) == await gated.admit(NUMBER) == [NUMBER]
    assert len(gated.service.asked) == 1
    gated.clock.at += FRESH + timedelta(seconds=1)
    assert await gated.admit(NUMBER) == [NUMBER], "the old word counts, and is asked about beside"
    async with asyncio.timeout(30):
        while len(gated.service.asked) < 2:
            await asyncio.sleep(0.01)
    gated.service.away = True
    gated.clock.at += USABLE + timedelta(seconds=1)
    assert await gated.admit(NUMBER) == [NUMBER], "it is away: what is known stays known"


async def test_what_is_asked_at_once_is_asked_once(gated: Gated) -> None:
    gated.service.orders = {number: WorkOrder(number=number) for number in (NUMBER, OTHER)}
    one, other, both = await asyncio.gather(gated.admit(NUMBER), gated.admit(OTHER), gated.admit(NUMBER, OTHER))
    assert (one, other, both) == ([NUMBER], [OTHER], [NUMBER, OTHER])
    assert sorted(number for asked in gated.service.asked for number in asked) == [NUMBER, OTHER]


async def test_nobody_waits_for_a_service_that_left_somebody_waiting(gated: Gated) -> None:
    gated.service.may_answer.clear()
    hurried = RequestGate(sessions=gated.sessions, asking=gated.gate._asking, clock=gated.clock, patience=0.1)
    assert await hurried.admit(STAFF, [NUMBER]) == [NUMBER], "kept, to be checked later"
    assert await gated.admit(OTHER) == [OTHER], "at once, though this gate would wait for twenty seconds"
    gated.service.orders[NUMBER] = WorkOrder(number=NUMBER, closed=True)
    gated.service.may_answer.set()
    async with asyncio.timeout(30):
        while True:
            try:
                await gated.admit(NUMBER)
            except RequestClosed:
                break  # the late answer was remembered
            await asyncio.sleep(0.01)


async def test_unknown_and_closed_numbers_are_refused_and_looked_at_again(gated: Gated) -> None:
    with pytest.raises(UnknownRequest):
        await gated.admit(NUMBER)
    gated.service.orders[NUMBER] = WorkOrder(number=NUMBER, closed=True)
    gated.clock.at += timedelta(seconds=10)
    with pytest.raises(RequestClosed):
        await gated.admit(NUMBER)
    assert await gated.admit(NUMBER, override=True) == [NUMBER]
    assert await gated.admit(NUMBER, caller=CRM, override=True) == [NUMBER]
    with pytest.raises(MissingScope):
        await gated.admit(NUMBER, caller=TENANT, override=True)
    gated.service.orders[NUMBER] = WorkOrder(number=NUMBER)
    gated.clock.at += timedelta(seconds=10)
    assert await gated.admit(NUMBER, caller=TENANT) == [NUMBER]


async def test_events_are_compared_with_events(gated: Gated) -> None:
    """A clock that is behind over there loses nothing, and what is older than another event changes nothing."""
    gated.service.orders = {number: WorkOrder(number=number) for number in (NUMBER, OTHER)}
    assert await gated.admit(NUMBER, OTHER) == [NUMBER, OTHER]
    then = gated.clock.at - timedelta(minutes=4)
    async with gated.sessions.begin() as session:
        await told(session, WorkOrder(number=NUMBER, closed=True), as_of=then)
        await told(session, WorkOrder(number=NUMBER), as_of=then - timedelta(seconds=1))
    with pytest.raises(RequestClosed):
        await gated.admit(NUMBER)
    async with gated.sessions.begin() as session:
        assert await told_moved(session, NUMBER, to=OTHER, as_of=then + timedelta(seconds=1))
        assert not await told_moved(session, NUMBER, to=NUMBER, as_of=then)
    assert await gated.admit(NUMBER) == [OTHER]


async def test_events_count_where_there_is_nobody_to_ask(gated: Gated) -> None:
    """Only where events are heard: without them no number is looked up at all."""
    now = gated.clock.at
    async with gated.sessions.begin() as session:
        await told_moved(session, NUMBER, to=OTHER, as_of=now)
    heard = RequestGate(sessions=gated.sessions, asking=None, clock=gated.clock, patience=0, heard=True)
    assert await heard.admit(STAFF, [NUMBER]) == [await heard.current(NUMBER)] == [OTHER]
    async with gated.sessions.begin() as session:
        await told(session, WorkOrder(number=OTHER, closed=True), as_of=now)
    with pytest.raises(RequestClosed):
        await heard.admit(STAFF, [NUMBER])
    assert await heard.admit(STAFF, [RequestNumber("250926-003")]) == ["250926-003"], "nobody said that there is none"
    assert await open_gate(gated.sessions).admit(STAFF, [NUMBER]) == [NUMBER]


async def test_a_check_goes_on_beside_and_can_be_dropped(gated: Gated) -> None:
    gated.service.may_answer.clear()
    waiting = gated.gate.begin(STAFF, NUMBER)
    assert isinstance(waiting, Check)
    waiting.require_no_refusal()
    await waiting.drop()
    gated.service.may_answer.set()
    refused = gated.gate.begin(STAFF, OTHER)
    assert refused is not None
    with pytest.raises(UnknownRequest):
        await refused.admitted()
    with pytest.raises(UnknownRequest):
        refused.require_no_refusal()
    await refused.drop()
