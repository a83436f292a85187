"""The audit: who did what. Changes are written in the transaction that makes them (`record`), reads in batches
beside the request (`AuditTrail`): a read may be lost in a crash, a change may not.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.batches import Batches
from storage.clock import Clock
from storage.database import Sessions
from storage.tables import Audit

READS = ("media_read", "bytes_read", "preview_read", "request_read", "media_searched", "media_listed")
READS_KEPT = timedelta(days=90)
"""Changes are kept for good."""

_MOST_WAITING = 20_000
_LONGEST_QUERY = 500


def record(
    session: AsyncSession,
    actor: str,
    action: str,
    *,
    media_id: int | None = None,
    request_number: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Note a change in its transaction. The request's id and address come from the log's context."""
    row = change_row(actor, action, media_id=media_id, detail=detail)
    session.add(Audit(**row, request_number=request_number))


def change_row(
    actor: str, action: str, *, media_id: int | None = None, detail: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What `record` notes, for whoever notes many at once."""
    request_id, address = _origin()
    return {
        "actor": actor,
        "action": action,
        "media_id": media_id,
        "detail": detail,
        "request_id": request_id,
        "address": address,
    }


def _origin() -> tuple[str | None, str | None]:
    bound = structlog.contextvars.get_contextvars()
    return bound.get("request_id"), bound.get("client")


@dataclass(frozen=True, slots=True)
class Read:
    """One look at something. ``query`` says what was asked for where it was a search or a list."""

    at: datetime
    actor: str
    action: str
    media_id: int | None
    request_number: str | None
    query: str | None
    request_id: str | None
    address: str | None


class AuditTrail:
    """Takes reads in without a statement. The same read many times within a second is one row that says how often."""

    def __init__(self, *, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._batches: Batches[Read] = Batches("audit", self._insert, most=_MOST_WAITING)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write while this lasts, and what is left at its end."""
        async with self._batches.running():
            yield

    def read(
        self,
        actor: str,
        action: str,
        *,
        media_id: int | None = None,
        request_number: str | None = None,
        query: str | None = None,
    ) -> None:
        """Note a look at something; ``action`` is one of `READS`."""
        now = self._clock.now()
        asked = (
            None if query is None else query.encode("utf-8", "replace").decode().replace("\x00", "?")[:_LONGEST_QUERY]
        )
        self._batches.add(Read(now, actor, action, media_id, request_number, asked, *_origin()))

    async def forget(self) -> None:
        """Drop the reads that are older than `READS_KEPT`."""
        old = (Audit.at < self._clock.now() - READS_KEPT) & Audit.action.in_(READS)
        async with self._sessions.begin() as session:
            await session.execute(delete(Audit).where(old))

    async def _insert(self, reads: Sequence[Read]) -> None:
        first: dict[tuple[object, ...], Read] = {}
        times: Counter[tuple[object, ...]] = Counter()
        for read in reads:
            key = (read.actor, read.action, read.media_id, read.request_number, read.query, read.address)
            first.setdefault(key, read)
            times[key] += 1
        rows = [_row(read, times[key]) for key, read in first.items()]
        async with self._sessions.begin() as session:
            await session.execute(insert(Audit), rows)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")[:_LONGEST_QUERY]


def _row(read: Read, times: int) -> dict[str, Any]:
    detail = {"query": read.query} if read.query else {}
    if times > 1:
        detail["times"] = str(times)
    return {
        "at": read.at,
        "actor": read.actor,
        "action": read.action,
        "media_id": read.media_id,
        "request_number": read.request_number,
        "detail": detail or None,
        "request_id": read.request_id,
        "address": read.address,
    }
