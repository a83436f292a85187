"""Alerts: told once per incident, with an end, however often we restart and on however many nodes.

A row says what is wrong and since when; a row per admin says whether they were told of it and of its end. The job
``alert`` brings the messages up to the rows. An *event* has no end: it is told and that is all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.jobs import NORMAL, enqueue
from storage.tables import Alert, AlertMessage

ALERT_JOB = "alert"
KEPT = timedelta(days=90)
ABANDONED_AFTER = timedelta(minutes=5)
"""A node that has not seen its trouble for so long may be gone: another one may say that it is over."""

Fields = dict[str, str | int]


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertView:
    """What is wrong, or was. ``fields`` are the values of its text."""

    id: int
    key: str
    kind: str
    fields: Fields
    event: bool
    opened_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """One person's message about an alert. ``message_id`` None: they have not been told, or could not be."""

    alert_id: int
    chat_id: int
    message_id: int | None
    told: bool
    end_told: bool


class Alerts:
    """``node`` is who sees what is seen here."""

    def __init__(self, *, sessions: Sessions, clock: Clock, node: str) -> None:
        self._sessions = sessions
        self._clock = clock
        self._node = node

    async def open(
        self, kind: str, fields: Fields, to: Collection[int], *, subject: str = "", since: datetime | None = None
    ) -> bool:
        """Something is wrong: tell ``to``, unless it is known. True where it is new.

        ``subject`` tells apart what may be wrong with several things, such as channels.
        """
        now, key = self._clock.now(), _key(kind, subject)
        async with self._sessions.begin() as session:
            values = {"key": key, "kind": kind, "fields": fields, "event": False, "node": self._node}
            row = insert(Alert).values(**values, opened_at=since or now, seen_at=now)
            fresh = await session.scalar(
                row.on_conflict_do_nothing(index_elements=[Alert.key], index_where=Alert.ended_at.is_(None)).returning(
                    Alert.id
                )
            )
            if fresh is None:
                await session.execute(update(Alert).where(_open(key), Alert.node == self._node).values(seen_at=now))
                return False
            await self._address(session, fresh, to)
        return True

    async def end(self, kind: str, *, subject: str = "", anywhere: bool = False) -> bool:
        """It is over. True where it was open, and seen by this node, by one that is gone, or ``anywhere``."""
        now = self._clock.now()
        ours = (Alert.node == self._node) | (Alert.seen_at < now - ABANDONED_AFTER)
        conditions: list[ColumnElement[bool]] = [_open(_key(kind, subject)), *([] if anywhere else [ours])]
        async with self._sessions.begin() as session:
            alert = await session.scalar(select(Alert).where(*conditions).with_for_update())
            if alert is None:
                return False
            alert.ended_at = now
            await _wake(session, alert.id)
        return True

    async def end_abandoned(self, kinds: Collection[str]) -> None:
        """End what a node that is gone had seen of these kinds, and nobody else sees."""
        left = (Alert.seen_at < self._clock.now() - ABANDONED_AFTER) & Alert.kind.in_(kinds)
        async with self._sessions.begin() as session:
            query = select(Alert).where(Alert.ended_at.is_(None), left).with_for_update(skip_locked=True)
            for alert in (await session.scalars(query)).all():
                alert.ended_at = alert.seen_at
                await _wake(session, alert.id)

    async def event(self, kind: str, fields: Fields, to: Collection[int], *, once: str | None = None) -> bool:
        """Tell ``to`` something that has no end. With ``once`` only the first time that this name is used."""
        now, key = self._clock.now(), _key(kind, once or "")
        async with self._sessions.begin() as session:
            if once is not None:
                await session.execute(select(_locked(key)))
                if await session.scalar(select(exists().where(Alert.key == key))):
                    return False
            alert = Alert(
                key=key, kind=kind, fields=fields, event=True, node=self._node, opened_at=now, seen_at=now, ended_at=now
            )
            session.add(alert)
            await session.flush()
            await self._address(session, alert.id, to)
        return True

    async def current(self) -> Sequence[AlertView]:
        """What is wrong now, the oldest first."""
        query = select(Alert).where(Alert.ended_at.is_(None)).order_by(Alert.opened_at, Alert.id)
        async with self._sessions.begin() as session:
            return [_view(row) for row in (await session.scalars(query)).all()]

    async def last(self, kind: str, *, subject: str = "") -> AlertView | None:
        """The latest of its kind about a subject, over or not."""
        query = select(Alert).where(Alert.key == _key(kind, subject)).order_by(Alert.id.desc()).limit(1)
        async with self._sessions.begin() as session:
            row = await session.scalar(query)
        return None if row is None else _view(row)

    async def to_tell(self, alert_id: int) -> tuple[AlertView, Sequence[Telling]] | None:
        """The alert and whose message is behind it; None where there is none."""
        async with self._sessions.begin() as session:
            row = await session.get(Alert, alert_id)
            if row is None:
                return None
            over = row.ended_at is not None and not row.event
            behind = ~AlertMessage.told | ~AlertMessage.end_told if over else ~AlertMessage.told
            query = select(AlertMessage).where(AlertMessage.alert_id == alert_id, behind)
            messages = (await session.scalars(query.order_by(AlertMessage.chat_id))).all()
            return _view(row), [_telling(one) for one in messages]

    async def told(self, telling: Telling, message_id: int | None, *, end: bool) -> None:
        """A person knows, or cannot be told (None); ``end``: also that it is over."""
        values: dict[str, Any] = {"told": True, "message_id": message_id or telling.message_id}
        if end:
            values["end_told"] = True
        same = (AlertMessage.alert_id == telling.alert_id) & (AlertMessage.chat_id == telling.chat_id)
        async with self._sessions.begin() as session:
            await session.execute(update(AlertMessage).where(same).values(values))
            first = (Alert.id == telling.alert_id) & Alert.told_at.is_(None)
            await session.execute(update(Alert).where(first).values(told_at=self._clock.now()))

    async def sweep(self) -> None:
        """Wake what is behind and has no job; forget what is long over. For a schedule."""
        behind = (~AlertMessage.told) | (~AlertMessage.end_told & Alert.ended_at.is_not(None) & ~Alert.event)
        query = select(AlertMessage.alert_id).join(Alert, Alert.id == AlertMessage.alert_id).where(behind).distinct()
        async with self._sessions.begin() as session:
            for alert_id in (await session.scalars(query)).all():
                await _wake(session, alert_id)
            await session.execute(delete(Alert).where(Alert.ended_at < self._clock.now() - KEPT))

    async def _address(self, session: AsyncSession, alert_id: int, to: Collection[int]) -> None:
        for chat_id in sorted(set(to)):
            session.add(AlertMessage(alert_id=alert_id, chat_id=chat_id))
        await session.flush()
        await _wake(session, alert_id)


def _key(kind: str, subject: str) -> str:
    return f"{kind}:{subject}" if subject else kind


def _open(key: str) -> ColumnElement[bool]:
    return (Alert.key == key) & Alert.ended_at.is_(None)


def _locked(key: str) -> Any:
    return func.pg_advisory_xact_lock(func.hashtextextended(f"alert:{key}", 0))


async def _wake(session: AsyncSession, alert_id: int) -> None:
    await enqueue(session, ALERT_JOB, {"alert": alert_id}, priority=NORMAL, dedupe=f"alert:{alert_id}")


def _view(row: Alert) -> AlertView:
    return AlertView(
        id=row.id,
        key=row.key,
        kind=row.kind,
        fields=row.fields,
        event=row.event,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
    )


def _telling(row: AlertMessage) -> Telling:
    return Telling(
        alert_id=row.alert_id,
        chat_id=row.chat_id,
        message_id=row.message_id,
        told=row.told,
        end_told=row.end_told,
    )
