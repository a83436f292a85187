"""What nobody expected, kept for 30 days under the id that somebody was shown."""

import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, insert, select

from storage.auditing.batches import Batches
from storage.clock import Clock
from storage.database import Sessions
from storage.errors import IncidentNotFound
from storage.tables import Incident

KEPT = timedelta(days=30)
MOST_KEPT = 10_000

_MOST_WAITING = 200
_HEAD, _TAIL = 4_000, 12_000


class Incidents:
    """``redact`` takes every secret out of a text."""

    def __init__(self, *, sessions: Sessions, clock: Clock, redact: Callable[[str], str]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._redact = redact
        self._batches: Batches[dict[str, Any]] = Batches("incidents", self._insert, most=_MOST_WAITING)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write while this lasts, and what is left at its end."""
        async with self._batches.running():
            yield

    def note(self, incident: UUID, error: BaseException, *, door: str, route: str | None = None) -> None:
        """Have an error kept. Never waits and never raises: the database may be what failed."""
        bound = structlog.contextvars.get_contextvars()
        trace = "".join(traceback.format_exception(error))
        row = {
            "id": incident,
            "at": self._clock.now(),
            "door": door,
            "request_id": bound.get("request_id"),
            "route": route,
            "caller": bound.get("caller"),
            "error": type(error).__name__,
            "trace": _cut(self._redact(trace)).replace("\x00", ""),
        }
        self._batches.add(row, soon=True)

    async def get(self, incident: UUID) -> Incident:
        """Raises `IncidentNotFound`."""
        async with self._sessions.begin() as session:
            found = await session.get(Incident, incident)
        if found is None:
            raise IncidentNotFound(incident=str(incident))
        return found

    async def forget(self) -> None:
        """Drop what is older than `KEPT`, and the oldest over `MOST_KEPT`."""
        newest = select(Incident.at).order_by(Incident.at.desc()).offset(MOST_KEPT).limit(1).scalar_subquery()
        async with self._sessions.begin() as session:
            await session.execute(delete(Incident).where(Incident.at < self._clock.now() - KEPT))
            await session.execute(delete(Incident).where(Incident.at <= newest))

    async def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        async with self._sessions.begin() as session:
            await session.execute(insert(Incident), list(rows))


def _cut(trace: str) -> str:
    """A deep recursion fills pages with one line: the beginning and the end say what happened."""
    if len(trace) <= _HEAD + _TAIL:
        return trace
    return f"{trace[:_HEAD]}\n… {len(trace) - _HEAD - _TAIL} characters …\n{trace[-_TAIL:]}"
