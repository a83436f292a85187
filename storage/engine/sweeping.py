"""The minute's sweep: domain rows are the truth, and whatever has no wake-up gets one."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from sqlalchemy import case, delete, func, select

from storage.catalog.deleting import Eraser
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Inspection, MediaStatus, PartState, UploadPhase
from storage.engine.reconciling import Reconciler
from storage.engine.strays import stray_chats
from storage.intake.idempotency import forget_keys, needed_for_a_retry
from storage.tables import Card, Media, Part, Upload
from storage.wakeups import wake_cards, wake_inspectors, wake_left_over, wake_strays

Sweep = Callable[[], Awaitable[None]]
_UPLOADS_KEPT = timedelta(hours=1)
_MOST = 1000
"""Of a kind in one sweep, the oldest: with more than that to do there are jobs enough, and the next sweep comes."""

_CARDS_OF_A_JOB = 50
_JUST_WOKEN = timedelta(minutes=1)
"""What came or changed so lately has the wake-up of that moment, and is likely under way; the next sweep sees it."""


class Sweeper:
    """Enqueues what is due and forgets what is old. Everything it does may be done twice."""

    def __init__(
        self, *, sessions: Sessions, clock: Clock, reconciler: Reconciler, eraser: Eraser, others: Sequence[Sweep] = ()
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._reconciler = reconciler
        self._eraser = eraser
        self._others = others

    async def sweep(self) -> None:
        await self._wake_inspections()
        await self._wake_parts()
        await self._wake_cards_and_strays()
        await self._reconciler.wake_due()
        await self._eraser.wake_due()
        for sweep in self._others:
            await sweep()
        await self._forget()

    async def _wake_parts(self) -> None:
        # Parts that an upload left behind may have none, and are not spared: they are sent without a job first.
        now = self._clock.now()
        woken = case((Part.origin == "telegram", now - _JUST_WOKEN), else_=now)
        due = (Part.state == PartState.SPOOLED) & (Part.next_attempt_at <= woken)
        inspected = Media.id.is_(None) | (Media.inspection != Inspection.PENDING)
        query = select(Part).outerjoin(Media, Media.id == Part.media_id).where(due, inspected).order_by(Part.id)
        async with self._sessions.begin() as session:
            await wake_left_over(session, (await session.scalars(query.limit(_MOST))).all())

    async def _wake_inspections(self) -> None:
        pending = (Media.inspection == Inspection.PENDING) & Media.status.in_(
            (MediaStatus.ACTIVE, MediaStatus.ARCHIVING)
        )
        pending &= Media.uploaded_at < func.now() - _JUST_WOKEN
        query = select(Media.id, Part.node).join(Part, Part.media_id == Media.id).where(pending).order_by(Media.id)
        by_node: dict[str, list[int]] = defaultdict(list)
        async with self._sessions.begin() as session:
            for media_id, node in await session.execute(query.limit(_MOST)):
                by_node[node].append(media_id)
            for node, media_ids in by_node.items():
                await wake_inspectors(session, node, media_ids)

    async def _wake_cards_and_strays(self) -> None:
        async with self._sessions.begin() as session:
            quiet = Card.changed_at < func.now() - _JUST_WOKEN
            behind = select(Card.id).where(Card.sent < Card.wanted, quiet).order_by(Card.id).limit(_MOST)
            ids = (await session.scalars(behind)).all()
            for start in range(0, len(ids), _CARDS_OF_A_JOB):
                await wake_cards(session, ids[start : start + _CARDS_OF_A_JOB])
            if chats := await stray_chats(session):
                await wake_strays(session, chats)

    async def _forget(self) -> None:
        """Uploads are kept an hour after their end, for progress, and while a retry may ask for them."""
        now = self._clock.now()
        async with self._sessions.begin() as session:
            ended = (Upload.phase == UploadPhase.DONE) & (Upload.finished_at < now - _UPLOADS_KEPT)
            await session.execute(delete(Upload).where(ended, ~needed_for_a_retry()))
            await forget_keys(session, now)
