"""Idempotency keys: a retry of an upload gets the first result, whatever became of the first answer.

The row is there before the first byte is read. It carries a ``token`` from which the upload ids of the call are
derived, so that a call whose process was killed after the acknowledgement is recognised: the retry takes the
row over, and finds under the same upload ids what was kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, UploadId
from storage.errors import IdempotencyMismatch, IdempotencyRunning
from storage.tables import IdempotencyKey

KEPT = timedelta(hours=24)
_NO_NODE = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstCall:
    """The call runs under this key. ``resumed``: an earlier one was interrupted and may have kept files."""

    owner: str
    key: str
    token: UUID
    resumed: bool

    def upload_id(self, index: int) -> UploadId:
        """The id of the call's ``index``-th upload: the same in every attempt."""
        return UploadId(uuid5(self.token, str(index)))


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstResult:
    """What the first call answered: ``content`` is the fingerprint of its body, ``answer`` the JSON."""

    status: int
    content: str
    answer: Any


class Idempotency:
    """Remembers first results for `KEPT`. One per process: what ran on this node before it began is interrupted."""

    def __init__(self, *, sessions: Sessions, node: str, clock: Clock) -> None:
        self._sessions = sessions
        self._node = node
        self._clock = clock
        self._began = clock.now()

    async def begin(self, caller: Caller, key: str, fingerprint: bytes) -> FirstCall | FirstResult:
        """Claim the key for a call, or get the first result.

        ``fingerprint`` is of what is known before the body. Raises `IdempotencyMismatch` where the key was used with
        another, and `IdempotencyRunning` while the first call runs.
        """
        now = self._clock.now()
        async with self._sessions.begin() as session:
            await session.execute(delete(IdempotencyKey).where(_row(caller.owner, key), self._expired(now)))
            token = uuid4()
            claimed = await session.scalar(
                insert(IdempotencyKey)
                .values(
                    owner=caller.owner,
                    key=key,
                    fingerprint=fingerprint,
                    node=self._node,
                    body={"token": str(token)},
                    created_at=now,
                )
                .on_conflict_do_nothing()
                .returning(IdempotencyKey.key)
            )
            if claimed is not None:
                return FirstCall(owner=caller.owner, key=key, token=token, resumed=False)
            return await self._existing(session, caller, key, fingerprint, now)

    async def complete(self, call: FirstCall, result: FirstResult) -> None:
        """Keep the result for retries."""
        body = {"token": str(call.token), "content": result.content, "answer": result.answer}
        async with self._sessions.begin() as session:
            await session.execute(
                update(IdempotencyKey).where(_row(call.owner, call.key)).values(status=result.status, body=body)
            )

    async def release(self, call: FirstCall) -> None:
        """The call failed and kept nothing: the key is free."""
        async with self._sessions.begin() as session:
            await session.execute(delete(IdempotencyKey).where(_row(call.owner, call.key)))

    async def interrupt(self, call: FirstCall) -> None:
        """The call failed after it had kept something: a retry takes over what there is."""
        async with self._sessions.begin() as session:
            await session.execute(update(IdempotencyKey).where(_row(call.owner, call.key)).values(node=_NO_NODE))

    async def forget_expired(self) -> None:
        """Drop what is older than `KEPT`. For a schedule."""
        async with self._sessions.begin() as session:
            await session.execute(delete(IdempotencyKey).where(self._expired(self._clock.now())))

    async def _existing(
        self, session: AsyncSession, caller: Caller, key: str, fingerprint: bytes, now: datetime
    ) -> FirstCall | FirstResult:
        row = await session.scalar(select(IdempotencyKey).where(_row(caller.owner, key)).with_for_update())
        if row is None:  # released between the two statements
            raise IdempotencyRunning(retry_after=1)
        if row.fingerprint != fingerprint:
            raise IdempotencyMismatch(key=key)
        body = row.body or {}
        if row.status is not None:
            return FirstResult(status=row.status, content=str(body.get("content", "")), answer=body.get("answer"))
        interrupted = row.node == _NO_NODE or (row.node == self._node and row.created_at < self._began)
        if not interrupted:
            raise IdempotencyRunning(retry_after=1)
        row.node, row.created_at = self._node, now
        return FirstCall(owner=caller.owner, key=key, token=UUID(str(body["token"])), resumed=True)

    def _expired(self, now: datetime) -> ColumnElement[bool]:
        """Over a day old; but what runs in this process is never taken away from it."""
        running_here = and_(
            IdempotencyKey.status.is_(None),
            IdempotencyKey.node == self._node,
            IdempotencyKey.created_at >= self._began,
        )
        return and_(IdempotencyKey.created_at < now - KEPT, ~running_here)


def _row(owner: str, key: str) -> ColumnElement[bool]:
    return and_(IdempotencyKey.owner == owner, IdempotencyKey.key == key)
