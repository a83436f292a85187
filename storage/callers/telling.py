"""News for those who sent something: their media were attached to a request, or the request's report is there.

A row per media, written in the transaction that attaches it, and one job for all of a person, kind and request that
come together. Who hears of it is decided when it is told (`bot.media.tidings`): the media may be gone by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import GONE, Category, MediaId, Purpose
from storage.jobs import NORMAL, Later, enqueue
from storage.tables import Attachment, Card, CardItem, Media, Person, Tiding

TIDINGS_JOB = "tidings"
QUIET = timedelta(seconds=2)
"""How long nothing more may come before a batch is told."""

_LONGEST_WAIT = timedelta(seconds=15)
_CLAIM = timedelta(minutes=2)
"""A claim older than this belongs to a process that ended."""

_LEFT_OVER = timedelta(minutes=1)
_TELEGRAM = "telegram:"


class TidingKind(StrEnum):
    ATTACHED = "attached"
    REPORT = "report"


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What is told in one message. ``oldest`` is the age of its first row."""

    person_id: int
    kind: TidingKind
    request_number: str
    media_ids: Sequence[MediaId] = ()
    oldest: timedelta = timedelta(0)

    def of(self, media_ids: Sequence[MediaId]) -> "Batch":
        """Those of it alone."""
        return replace(self, media_ids=media_ids)

    @property
    def payload(self) -> dict[str, Any]:
        return {"person": self.person_id, "kind": self.kind.value, "number": self.request_number}


async def note_attached(session: AsyncSession, media: Media, number: str, *, by: str, category: Category) -> None:
    """``media`` was attached to a request by ``by``: its sender hears of it, or a report's request's senders do."""
    if category.purpose is Purpose.REPORTS:
        await _note_report(session, media, number, by=by)
    elif media.owner != by and (person_id := telegram_id_of(media.owner)) is not None:
        batch = Batch(person_id=person_id, kind=TidingKind.ATTACHED, request_number=number)
        await _note(session, batch, media.id)


def telegram_id_of(owner: str) -> int | None:
    """The person behind an owner, None for services and people with tokens."""
    bare = owner.removeprefix(_TELEGRAM)
    return int(bare) if owner.startswith(_TELEGRAM) and bare.isdecimal() else None


async def _note_report(session: AsyncSession, media: Media, number: str, *, by: str) -> None:
    owners = await session.scalars(
        select(Media.owner)
        .join(Attachment, Attachment.media_id == Media.id)
        .where(
            Attachment.request_number == number,
            Attachment.category.not_in([one for one in Category if one.purpose is Purpose.REPORTS]),
            Media.owner.startswith(_TELEGRAM),
            Media.owner.not_in((by, media.owner)),
            Media.status.not_in(GONE),
        )
        .distinct()
    )
    for owner in owners.all():
        if (person_id := telegram_id_of(owner)) is not None:
            batch = Batch(person_id=person_id, kind=TidingKind.REPORT, request_number=number)
            await _note(session, batch, media.id)


async def _note(session: AsyncSession, batch: Batch, media_id: int) -> None:
    row = insert(Tiding).values(
        person_id=batch.person_id, kind=batch.kind, request_number=batch.request_number, media_id=media_id
    )
    added = await session.scalar(row.on_conflict_do_nothing().returning(Tiding.media_id))
    if added is not None:
        await _wake(session, batch, delay=QUIET.total_seconds())


async def _wake(session: AsyncSession, batch: Batch, *, delay: float = 0) -> None:
    name = f"tidings:{batch.person_id}:{batch.kind}:{batch.request_number}"
    await enqueue(session, TIDINGS_JOB, batch.payload, priority=NORMAL, delay=delay, dedupe=name)


class Tidings:
    """The rows, as the job that tells them needs them."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def claim(self, payload: dict[str, Any]) -> Batch | None:
        """What is untold of the batch, ours until `told` or `release`; None where there is nothing.

        Raises `Later` while more may come, or while another process has it.
        """
        batch = Batch(
            person_id=int(payload["person"]), kind=TidingKind(payload["kind"]), request_number=str(payload["number"])
        )
        async with self._sessions.begin() as session:
            query = select(Tiding).where(_of(batch), Tiding.told_at.is_(None)).order_by(Tiding.media_id)
            rows = (await session.scalars(query.with_for_update())).all()
            now = await session.scalar(select(func.clock_timestamp()))
            assert now is not None
            if not rows:
                return None
            if any(row.claimed_at is not None and now - row.claimed_at < _CLAIM for row in rows):
                raise Later(_CLAIM.total_seconds(), "claimed")
            oldest, newest = (now - pick(row.created_at for row in rows) for pick in (min, max))
            if newest < QUIET and oldest < _LONGEST_WAIT:
                raise Later((QUIET - newest).total_seconds(), "more may come")
            for row in rows:
                row.claimed_at = now
            return Batch(
                person_id=batch.person_id,
                kind=batch.kind,
                request_number=batch.request_number,
                media_ids=[MediaId(row.media_id) for row in rows],
                oldest=oldest,
            )

    async def still_attached(self, batch: Batch) -> list[MediaId]:
        """Those of the batch that are there, and attached to its request, now."""
        attached = exists().where(Attachment.media_id == Media.id, Attachment.request_number == batch.request_number)
        query = select(Media.id).where(Media.id.in_(batch.media_ids), Media.status.not_in(GONE), attached)
        async with self._sessions.begin() as session:
            return [MediaId(media_id) for media_id in await session.scalars(query.order_by(Media.id))]

    async def language_of(self, person_id: int) -> str | None:
        """The language somebody chose, else the one their last card is in."""
        last = select(Card.language).where(Card.person_id == person_id).order_by(Card.id.desc()).limit(1)
        chosen = select(Person.language).where(Person.telegram_id == person_id)
        async with self._sessions.begin() as session:
            return await session.scalar(chosen) or await session.scalar(last)

    async def card_of(self, batch: Batch) -> int | None:
        """The message in the person's private chat that shows what they sent for the request; the first of several."""
        ids = select(Media.id).where(Media.owner == f"{_TELEGRAM}{batch.person_id}", Media.id.in_(batch.media_ids))
        if batch.kind is TidingKind.REPORT:
            ids = (
                select(Media.id)
                .join(Attachment, Attachment.media_id == Media.id)
                .where(
                    Media.owner == f"{_TELEGRAM}{batch.person_id}", Attachment.request_number == batch.request_number
                )
            )
        query = (
            select(Card.message_id)
            .join(CardItem, CardItem.card_id == Card.id)
            .where(Card.chat_id == batch.person_id, Card.message_id.is_not(None), CardItem.media_id.in_(ids))
            .order_by(Card.id)
            .limit(1)
        )
        async with self._sessions.begin() as session:
            return await session.scalar(query)

    async def told(self, batch: Batch) -> None:
        await self._set(batch, told_at=func.now(), claimed_at=None)

    async def release(self, batch: Batch) -> None:
        await self._set(batch, claimed_at=None)

    async def sweep(self) -> None:
        """Wake what was left over."""
        due = Tiding.told_at.is_(None) & (Tiding.created_at < func.now() - _LEFT_OVER)
        rows = select(Tiding.person_id, Tiding.kind, Tiding.request_number).where(due).distinct()
        async with self._sessions.begin() as session:
            for person_id, kind, number in (await session.execute(rows)).all():
                await _wake(session, Batch(person_id=person_id, kind=TidingKind(kind), request_number=number))

    async def _set(self, batch: Batch, **values: Any) -> None:
        async with self._sessions.begin() as session:
            rows = _of(batch) & Tiding.media_id.in_(batch.media_ids) & Tiding.told_at.is_(None)
            await session.execute(update(Tiding).where(rows).values(**values))


def _of(batch: Batch) -> ColumnElement[bool]:
    return (
        (Tiding.person_id == batch.person_id)
        & (Tiding.kind == batch.kind.value)
        & (Tiding.request_number == batch.request_number)
    )
