"""Which requests media may be attached to: asked before a transaction, so that no connection waits for the service.

What the service said lately counts. What it does not answer in time is no: the media is kept, and marked by
`rows.unconfirmed` until the sweep has an answer.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta

from storage.access import may_override
from storage.clock import Clock, SystemClock
from storage.database import Sessions
from storage.domain import Caller
from storage.errors import MediagateError, MissingScope, RequestClosed, UnknownRequest
from storage.request_numbers import RequestNumber
from storage.tables import WorkOrder as Row
from storage.work_orders.asking import Asking
from storage.work_orders.rows import current_numbers, orders_of

FRESH = timedelta(seconds=60)
"""So long a word is taken without asking again."""

USABLE = timedelta(hours=1)
"""So long a number that is known and open counts as that, while it is asked about again beside."""

DOUBTED = timedelta(seconds=5)
"""So long a word counts that refuses something: it may have just been created, or reopened."""


class RequestGate:
    """``patience``: seconds that somebody who attaches waits for the service. ``asking`` None: there is none to ask;
    ``heard``: its events count all the same.
    """

    def __init__(
        self, *, sessions: Sessions, asking: Asking | None, clock: Clock, patience: float, heard: bool = False
    ) -> None:
        self._sessions = sessions
        self._asking = asking
        self._known = heard or asking is not None
        self._clock = clock
        self._patience = patience

    def begin(self, caller: Caller, number: RequestNumber | None, *, override: bool = False) -> "Check | None":
        """Look at a number while something else goes on; None where there is nothing to ask."""
        if not self._known or number is None:
            return None
        return Check(self, caller, number, override=override)

    async def current(self, number: RequestNumber) -> RequestNumber:
        """The number that a request has now: what names its old one means this one."""
        if not self._known:
            return number
        async with self._sessions.begin() as session:
            return RequestNumber((await current_numbers(session, [number]))[number])

    async def admit(
        self, caller: Caller, numbers: Collection[RequestNumber], *, override: bool = False
    ) -> list[RequestNumber]:
        """The numbers to attach to: those given, or what they were renamed to.

        ``override`` opens closed ones. Raises `UnknownRequest`, `RequestClosed`, and `MissingScope` for an override
        that the caller may not have.
        """
        if override and not may_override(caller):
            raise MissingScope(scope="requests:write")
        now, refusals = await self.sift(numbers, override=override)
        for refusal in refusals.values():
            raise refusal
        return now

    async def sift(
        self, numbers: Collection[RequestNumber], *, override: bool = False
    ) -> tuple[list[RequestNumber], dict[RequestNumber, MediagateError]]:
        """The same without raising: the numbers to attach to, and for each of the others why not."""
        if not self._known or not numbers:
            return list(numbers), {}
        current, rows = await self._rows(numbers)
        doubtful = {number for number in current.values() if self._is_doubtful(rows.get(number))}
        if doubtful and self._asking is not None and await self._asking.ask(doubtful, patience=self._patience):
            current, rows = await self._rows(numbers)
            doubtful = set()
        if self._asking is not None:
            self._asking.ask_later([number for number in current.values() if self._is_stale(rows.get(number))])
        admitted: dict[RequestNumber, None] = {}
        refusals: dict[RequestNumber, MediagateError] = {}
        for number in numbers:
            to = current[number]
            refusal = _refusal(to, rows.get(to), doubtful=to in doubtful, override=override)
            if refusal is None:
                admitted[to] = None
            else:
                refusals[number] = refusal
        return list(admitted), refusals

    async def _rows(
        self, numbers: Collection[RequestNumber]
    ) -> tuple[dict[RequestNumber, RequestNumber], dict[str, Row]]:
        async with self._sessions.begin() as session:
            now = await current_numbers(session, numbers)
            rows = await orders_of(session, set(now.values()))
        return {number: RequestNumber(now[number]) for number in numbers}, rows

    def _is_doubtful(self, row: Row | None) -> bool:
        """Whether to ask before anything is said."""
        if row is None:
            return True
        age = self._clock.now() - row.heard_at
        return age > (USABLE if row.known and not row.closed else DOUBTED)

    def _is_stale(self, row: Row | None) -> bool:
        return row is not None and self._clock.now() - row.heard_at > FRESH


def _refusal(number: RequestNumber, row: Row | None, *, doubtful: bool, override: bool) -> MediagateError | None:
    """``doubtful``: the service was asked and did not answer. Then only what is known to be closed is refused."""
    if row is None:
        return None
    if not row.known:
        return None if doubtful else UnknownRequest(number=number)
    return RequestClosed(number=number) if row.closed and not override else None


def open_gate(sessions: Sessions) -> RequestGate:
    """Where there is no Request Service every number passes."""
    return RequestGate(sessions=sessions, asking=None, clock=SystemClock(), patience=0)


class Check:
    """A number that is looked at while a file comes in. Its owner ends it: by `admitted`, or by `drop`."""

    def __init__(self, gate: RequestGate, caller: Caller, number: RequestNumber, *, override: bool) -> None:
        self.asked = (number, override)
        self._task = asyncio.create_task(gate.admit(caller, [number], override=override), name="request check")

    def require_no_refusal(self) -> None:
        """Raise what it came to, where that is known and a refusal: nobody need send the rest."""
        if self._task.done() and (error := self._task.exception()) is not None:
            raise error

    async def admitted(self) -> Sequence[RequestNumber]:
        """Raises what `RequestGate.admit` raises."""
        return await asyncio.shield(self._task)

    async def drop(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # looked at, so that nobody warns of it
