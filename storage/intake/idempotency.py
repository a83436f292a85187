"""Idempotency keys: a retry of an upload gets the first result, whatever became of the first answer.

The row is there before the first byte is read. It carries a token for each attempt, from which the upload ids of that
attempt are derived. So a call whose process was killed after the acknowledgement is recognised: the retry takes the
row over, and finds under the upload ids of earlier attempts what they kept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, UploadId
from storage.errors import IdempotencyMismatch, IdempotencyRunning
from storage.tables import IdempotencyKey, Upload

KEPT = timedelta(hours=24)
_NO_NODE = ""
_LONGEST_RUN = timedelta(days=7)
"""After so long what has no result is of a node that died and never came back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstCall:
    """The call runs under this key. ``tokens``: of this attempt last, before it of those that were interrupted."""

    owner: str
    key: str
    tokens: tuple[UUID, ...]

    def upload_id(self, index: int) -> UploadId:
        """The id of the call's ``index``-th upload in this attempt."""
        return _upload_id(self.tokens[-1], index)

    def earlier_ids(self, index: int) -> list[UploadId]:
        """The ids it had in attempts that were interrupted: one of them may have been kept."""
        return [_upload_id(token, index) for token in self.tokens[:-1]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstResult:
    """What the first call answered: ``content`` tells what its body held, ``answer`` is the JSON of its answer."""

    status: int
    content: Any
    answer: Any


class Idempotency:
    """Remembers first results for `KEPT`. One per process: what ran on this node before it began is interrupted."""

    def __init__(self, *, sessions: Sessions, node: str, clock: Clock) -> None:
        self._sessions = sessions
        self._node = node
        self._clock = clock
        self._began = clock.now()

    async def begin(
        self, caller: Caller, key: str, fingerprint: bytes, *, upload_id: UploadId | None = None
    ) -> FirstCall | FirstResult:
        """Claim the key for a call, or get the first result. ``upload_id`` is what the client chose for its first file.

        ``fingerprint`` is of what is known before the body. Raises `IdempotencyMismatch` where the key was used with
        another, and `IdempotencyRunning` while the first call runs.
        """
        now = self._clock.now()
        async with self._sessions.begin() as session:
            await session.execute(delete(IdempotencyKey).where(_row(caller.owner, key), self._expired(now)))
            token = upload_id or uuid4()
            claimed = await session.scalar(
                insert(IdempotencyKey)
                .values(
                    owner=caller.owner,
                    key=key,
                    fingerprint=fingerprint,
                    node=self._node,
                    body={"tokens": [str(token)]},
                    created_at=now,
                )
                .on_conflict_do_nothing()
                .returning(IdempotencyKey.key)
            )
            if claimed is not None:
                return FirstCall(owner=caller.owner, key=key, tokens=(token,))
            row = await session.scalar(select(IdempotencyKey).where(_row(caller.owner, key)).with_for_update())
            return self._existing(row, fingerprint, token, now)

    async def complete(self, call: FirstCall, result: FirstResult) -> None:
        """Keep the result for retries."""
        body = {"tokens": [*map(str, call.tokens)], "content": result.content, "answer": result.answer}
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

    def _existing(
        self, row: IdempotencyKey | None, fingerprint: bytes, token: UUID, now: datetime
    ) -> FirstCall | FirstResult:
        if row is None:  # released between the two statements
            raise IdempotencyRunning(retry_after=1)
        if row.fingerprint != fingerprint:
            raise IdempotencyMismatch(key=row.key)
        body = row.body or {}
        if row.status is not None:
            return FirstResult(status=row.status, content=body.get("content"), answer=body.get("answer"))
        interrupted = row.node == _NO_NODE or (row.node == self._node and row.created_at < self._began)
        if not interrupted:
            raise IdempotencyRunning(retry_after=1)
        tokens = [*body.get("tokens", ()), str(token)]
        row.node, row.created_at, row.body = self._node, now, {"tokens": tokens}
        return FirstCall(owner=row.owner, key=row.key, tokens=tuple(map(UUID, tokens)))

    def _expired(self, now: datetime) -> ColumnElement[bool]:
        """Over a day old; but what runs in this process is never taken away from it."""
        running_here = and_(
            IdempotencyKey.status.is_(None),
            IdempotencyKey.node == self._node,
            IdempotencyKey.created_at >= self._began,
        )
        return and_(IdempotencyKey.created_at < now - KEPT, ~running_here)


async def forget_keys(session: AsyncSession, now: datetime) -> None:
    """Drop what is older than `KEPT`. For a schedule, which does not know what still runs on which node."""
    ended = IdempotencyKey.status.is_not(None) | (IdempotencyKey.node == _NO_NODE)
    over = (IdempotencyKey.created_at < now - KEPT) & ended
    await session.execute(delete(IdempotencyKey).where(over | (IdempotencyKey.created_at < now - _LONGEST_RUN)))


def needed_for_a_retry() -> ColumnElement[bool]:
    """The condition under which an `Upload` may be of a call that has no result yet.

    A call with many files, or over a slow line, may be broken off long after its first file was kept; only by the
    upload's row does a retry find that. The ids of a call's uploads are derived, so the condition is wider: all of the
    owner's since the call began.
    """
    no_result = IdempotencyKey.status.is_(None)
    since = Upload.created_at >= IdempotencyKey.began_at
    return exists().where(IdempotencyKey.owner == Upload.owner, no_result, since)


def _row(owner: str, key: str) -> ColumnElement[bool]:
    return and_(IdempotencyKey.owner == owner, IdempotencyKey.key == key)


def _upload_id(token: UUID, index: int) -> UploadId:
    return UploadId(uuid5(token, str(index)) if index else token)
