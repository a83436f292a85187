"""Attaching, detaching and moving several media in one go, in a way that can be undone for a while."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.callers.telling import note_attached
from storage.catalog.attachments import attach_row, attachable, detach_row
from storage.database import Sessions
from storage.domain import Caller, Category, MediaId, Stage
from storage.errors import MediaDeleted, MediaNotFound, RequestClosed
from storage.notices import media_changed
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, AttachmentChange, Media
from storage.work_orders.gate import RequestGate, open_gate

UNDO_KEPT = timedelta(days=2)

Step = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """``media`` are those that something was changed for; ``id`` is what `Rearranging.undo` takes, None where nothing
    was. ``numbers`` are the requests that something was attached to or, detaching, taken from.
    """

    id: int | None
    media: Sequence[MediaId]
    numbers: Sequence[RequestNumber]

    @property
    def count(self) -> int:
        return len(self.media)


class Rearranging:
    """The use case. Everything twice is once, and all or nothing.

    Raises `MediaNotFound` and `MediaDeleted` for the first media that the caller may not attach, and where something
    is attached what `RequestGate.admit` raises; what is taken back is not asked about.
    """

    def __init__(self, sessions: Sessions, gate: RequestGate | None = None) -> None:
        self._sessions = sessions
        self._gate = gate or open_gate(sessions)

    async def attach(
        self,
        caller: Caller,
        numbers: Sequence[RequestNumber],
        ids: Collection[MediaId],
        *,
        stage: Stage | None = None,
        override: bool = False,
    ) -> Change:
        """Attach media to requests. What is attached already gets another ``stage`` only where one is given."""
        numbers = await self._admitted(caller, numbers, ids, stage=stage, override=override)
        async with self._sessions.begin() as session:
            steps: list[Step] = []
            for media in await _all_attachable(session, caller, ids):
                for number in numbers:
                    category = None if stage is None else stage.category(media.file_type)
                    steps += await _attach(session, caller, media, number, category)
            return await _conclude(session, caller, steps, numbers)

    async def detach(
        self, caller: Caller, ids: Collection[MediaId], *, numbers: Collection[RequestNumber] | None = None
    ) -> Change:
        """Detach media from these requests; None: from all."""
        async with self._sessions.begin() as session:
            steps: list[Step] = []
            for media in await _all_attachable(session, caller, ids):
                for link in await _links(session, media):
                    number = RequestNumber(link.request_number)
                    if numbers is None or number in numbers:
                        steps += await _detach(session, caller, media, number)
            left = dict.fromkeys(RequestNumber(step["number"]) for step in steps)
            return await _conclude(session, caller, steps, list(left))

    async def move(
        self, caller: Caller, ids: Collection[MediaId], *, to: RequestNumber, out_of: RequestNumber | None = None
    ) -> Change:
        """Attach media to ``to`` in place of ``out_of``, or of all they are attached to; before or after stays."""
        (to,) = await self._admitted(caller, [to], ids)
        async with self._sessions.begin() as session:
            steps: list[Step] = []
            for media in await _all_attachable(session, caller, ids):
                steps += await _move(session, caller, media, to, out_of)
            return await _conclude(session, caller, steps, [to])

    async def undo(self, caller: Caller, change_id: int) -> Change:
        """Take the caller's own change back, once. Media that are gone, or not theirs to change any more, stay."""
        mine = (AttachmentChange.id == change_id) & (AttachmentChange.actor == caller.owner)
        async with self._sessions.begin() as session:
            row = await session.scalar(select(AttachmentChange).where(mine).with_for_update())
            if row is None:
                return Change(id=None, media=(), numbers=())
            done = [step for step in reversed(row.steps) if await _step_back(session, caller, step)]
            await session.delete(row)
            return _change(None, done, list(dict.fromkeys(RequestNumber(step["number"]) for step in done)))

    async def _admitted(
        self,
        caller: Caller,
        numbers: Sequence[RequestNumber],
        ids: Collection[MediaId],
        *,
        stage: Stage | None = None,
        override: bool = False,
    ) -> Sequence[RequestNumber]:
        try:
            return await self._gate.admit(caller, numbers, override=override)
        except RequestClosed as closed:
            closed.media, closed.stage = tuple(ids), stage
            raise

    async def forget(self) -> None:
        """Drop what is too old to be undone."""
        async with self._sessions.begin() as session:
            old = AttachmentChange.at < func.now() - UNDO_KEPT
            await session.execute(delete(AttachmentChange).where(old))


async def _all_attachable(session: AsyncSession, caller: Caller, ids: Collection[MediaId]) -> list[Media]:
    # In one order, so that two changes of the same media wait for each other instead of locking up.
    return [await attachable(session, caller, media_id) for media_id in sorted(set(ids))]


async def _links(session: AsyncSession, media: Media) -> Sequence[Attachment]:
    query = select(Attachment).where(Attachment.media_id == media.id).order_by(Attachment.request_number)
    return (await session.scalars(query)).all()


async def _attach(
    session: AsyncSession,
    caller: Caller,
    media: Media,
    number: RequestNumber,
    category: Category | None,
    *,
    by_caption: bool = False,
) -> list[Step]:
    """The step it took; none where it is so already."""
    if await attach_row(session, media, number, by=caller.owner, category=category, by_caption=by_caption):
        link = await session.get_one(Attachment, (number, media.id))
        return [_step(media, number, None, link)]
    link = await session.get_one(Attachment, (number, media.id), with_for_update=True)
    if category is None or link.category is category:
        return []
    step = _step(media, number, link, link)
    link.category = category
    step["after"] = _link(link)
    await _note_category(session, caller, media, link)
    return [step]


async def _detach(session: AsyncSession, caller: Caller, media: Media, number: RequestNumber) -> list[Step]:
    link = await detach_row(session, media, number, by=caller.owner)
    return [] if link is None else [_step(media, number, link, None)]


async def _move(
    session: AsyncSession, caller: Caller, media: Media, to: RequestNumber, out_of: RequestNumber | None
) -> list[Step]:
    links = [link for link in await _links(session, media) if out_of in (None, link.request_number)]
    if not links:
        return await _attach(session, caller, media, to, None) if out_of is None else []
    steps: list[Step] = []
    for link in links:
        if link.request_number != to:
            steps += await _detach(session, caller, media, RequestNumber(link.request_number))
    first = links[0]
    return steps + await _attach(session, caller, media, to, first.category, by_caption=first.by_caption)


async def _step_back(session: AsyncSession, caller: Caller, step: Step) -> bool:
    number, before = RequestNumber(step["number"]), step["before"]
    try:
        media = await attachable(session, caller, MediaId(step["media"]))
    except (MediaNotFound, MediaDeleted):
        return False
    if before is None:
        steps = await _detach(session, caller, media, number)
    else:
        category, by_caption = Category(before["category"]), bool(before["by_caption"])
        steps = await _attach(session, caller, media, number, category, by_caption=by_caption)
    await media_changed(session, media.id)
    return bool(steps)


async def _note_category(session: AsyncSession, caller: Caller, media: Media, link: Attachment) -> None:
    number, category = link.request_number, link.category
    await session.flush()
    detail = {"category": category.value}
    record(session, caller.owner, "attached", media_id=media.id, request_number=number, detail=detail)
    await note_attached(session, media, number, by=caller.owner, category=category)


async def _conclude(
    session: AsyncSession, caller: Caller, steps: list[Step], numbers: Sequence[RequestNumber]
) -> Change:
    if not steps:
        return _change(None, [], numbers)
    row = AttachmentChange(actor=caller.owner, steps=steps)
    session.add(row)
    await session.flush()
    for media_id in sorted({step["media"] for step in steps}):
        await media_changed(session, media_id)
    return _change(row.id, steps, numbers)


def _change(change_id: int | None, steps: Sequence[Step], numbers: Sequence[RequestNumber]) -> Change:
    media = tuple(dict.fromkeys(MediaId(step["media"]) for step in steps))
    return Change(id=change_id, media=media, numbers=numbers)


def _step(media: Media, number: RequestNumber, before: Attachment | None, after: Attachment | None) -> Step:
    return {"media": media.id, "number": number, "before": _link(before), "after": _link(after)}


def _link(link: Attachment | None) -> dict[str, Any] | None:
    return None if link is None else {"category": link.category.value, "by_caption": link.by_caption}
