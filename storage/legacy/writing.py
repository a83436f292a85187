"""Bringing a batch of mapped rows into our tables: one transaction, a handful of statements whatever the batch's size.

A row that is as it was costs nothing. One that changed there is taken over, unless what it became was changed here:
then ours stays, and the row is listed. Doing it again does nothing, so an import that was killed is simply run again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import PartState
from storage.legacy import rows
from storage.legacy.mapping import Mapped
from storage.legacy.planning import Fate, Kept, Outcome, Plan, plan
from storage.tables import Attachment, Audit, FileRef, LegacyFile, Media, Part, Request

_LOCK = 0x6D67_6C65_6761_6379
"""Imports that run at once take their batches in turns."""

_REMEMBERED = frozenset({Fate.ADDED, Fate.UPDATED, Fate.REFUSED})
"""Not what was left: the digest before stays, so that it is listed each time, until both say the same."""


class Writer:
    """``node`` ships what has to be copied; ``bot_id`` is whose file ids the rows hold, if it is one of ours."""

    def __init__(self, *, node: str, bot_id: int | None, actor: str) -> None:
        self._node = node
        self._bot_id = bot_id
        self._actor = actor

    async def write(self, session: AsyncSession, batch: Sequence[Mapped], *, now: datetime) -> Sequence[Outcome]:
        """In the caller's transaction."""
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        planned = await plan(session, batch)
        await self._leave(session, planned)
        await self._add_media(session, planned)
        await self._follow(session, planned)
        await self._add_parts(session, planned)
        await self._attach(session, [*planned.add, *planned.follow])
        await self._remember(session, {row.id: row for row in batch}, planned.outcomes, now)
        return planned.outcomes

    async def _leave(self, session: AsyncSession, planned: Plan) -> None:
        """Rows only: the messages are the predecessor's, and what becomes of them is its doing."""
        followed = [one.id for one in planned.follow]
        added = {one.id for one in planned.add}
        if followed:
            placed = [one.id for one in planned.place if one.id not in added]
            await session.execute(delete(Part).where(Part.media_id.in_(placed)))
            await session.execute(delete(Attachment).where(Attachment.media_id.in_(followed)))

    async def _add_media(self, session: AsyncSession, planned: Plan) -> None:
        if not planned.add:
            return
        values = [
            {"id": one.id, "key": uuid4(), **rows.media_words(one), **rows.media_file(one)} for one in planned.add
        ]
        await session.execute(insert(Media), values)
        await session.execute(insert(Audit), [rows.audit_row(one, self._actor, "taken_in") for one in planned.add])

    async def _follow(self, session: AsyncSession, planned: Plan) -> None:
        if not planned.follow:
            return
        placed = {one.id for one in planned.place}
        await session.execute(update(Media), [{"id": one.id, **rows.media_words(one)} for one in planned.follow])
        files = [{"id": one.id, **rows.media_file(one)} for one in planned.follow if one.id in placed]
        if files:
            await session.execute(update(Media), files)
        await session.execute(insert(Audit), [rows.audit_row(one, self._actor, "updated") for one in planned.follow])

    async def _add_parts(self, session: AsyncSession, planned: Plan) -> None:
        present = [one for one in planned.place if not one.gone]
        if not present:
            return
        ids = [one.id for one in present]
        found = await session.execute(select(Media.id, Media.key).where(Media.id.in_(ids)))
        keys = {row.id: row.key for row in found}
        values = [
            rows.part_row(one, keys[one.id], node=self._node, bot_id=self._bot_id, copy=one.id in planned.copy)
            for one in present
        ]
        await session.execute(insert(Part), values)
        await self._add_refs(session, present)

    async def _add_refs(self, session: AsyncSession, present: Sequence[Kept]) -> None:
        known = {one.id: one for one in present if one.content.file_id is not None}
        if self._bot_id is None or not known:
            return
        stored = Part.media_id.in_(known) & (Part.state == PartState.STORED)
        found = await session.execute(select(Part.media_id, Part.id).where(stored))
        refs = [
            rows.ref_row(known[media_id], part_id, self._bot_id) for media_id, part_id in found if media_id is not None
        ]
        if refs:
            await session.execute(insert(FileRef), refs)

    async def _attach(self, session: AsyncSession, written: Sequence[Kept]) -> None:
        attachments = [row for one in written for row in rows.attachment_rows(one)]
        if attachments:
            numbers = sorted({row["request_number"] for row in attachments})
            requests = postgresql.insert(Request).on_conflict_do_nothing()
            await session.execute(requests, [{"number": number} for number in numbers])
            await session.execute(insert(Attachment), attachments)

    async def _remember(
        self, session: AsyncSession, batch: dict[int, Mapped], outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        values = [
            rows.taken_row(batch[one.id], one.notes, kept=one.fate is not Fate.REFUSED, now=now)
            for one in outcomes
            if one.fate in _REMEMBERED
        ]
        if not values:
            return
        statement = postgresql.insert(LegacyFile)
        told = ("media_id", "digest", "file_digest", "footprint", "notes", "changed_at")
        is_news = or_(
            LegacyFile.digest.is_distinct_from(statement.excluded.digest),
            LegacyFile.media_id.is_distinct_from(statement.excluded.media_id),
        )
        statement = statement.on_conflict_do_update(
            index_elements=[LegacyFile.id], set_={name: statement.excluded[name] for name in told}, where=is_news
        )
        await session.execute(statement, values)
