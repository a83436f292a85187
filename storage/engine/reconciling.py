"""After an unknown outcome: look into the channel before anything is sent again.

An intent whose call can no longer run is settled by looking at each later message that nothing owns. A message with the
intent's manifest is adopted; one whose part is elsewhere or gone is cast off; where there is none the part
is spooled again, and the intent is watched for a while for a copy that lands even later.

Looking leaves a forward behind when the process is killed in the middle of it. So a search has an intent of its own,
with the key `_SEARCH`, which stays when it is interrupted and is settled like the others.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import PartState
from storage.engine.captions import Manifest
from storage.engine.searching import ChannelSearch, Found
from storage.engine.settling import part_stored
from storage.engine.strays import cast_off
from storage.errors import ArchiveError, Postponed
from storage.intake.progress import ProgressBoard
from storage.jobs import Later
from storage.ports import PartStore, Sent
from storage.spool import Spool
from storage.tables import Channel, Intent, Part
from storage.wakeups import wake_reconciler, wake_shipper

log = structlog.get_logger(__name__)

SETTLE_SECONDS = 10.0
"""How long after our side of a call has ended its other side may still have its effect."""

FIRST_WATCH, WATCH_SECONDS = 60.0, 600.0
"""When a search that found nothing is repeated for late copies: after the first, and a last time after the second."""

_RETRY_DELAY = 5.0
_SEARCH = UUID(int=0)


class Reconciler:
    """Settles the open intents of channels, one search at a time in each."""

    def __init__(
        self, *, sessions: Sessions, store: PartStore, spool: Spool, board: ProgressBoard, clock: Clock, node: str
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._search = ChannelSearch(sessions=sessions, store=store)
        self._spool = spool
        self._board = board
        self._clock = clock
        self._node = node

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: settle what is due in one channel. Raises `Later` while Telegram does not answer."""
        chat_id = payload["chat"]
        due = await self._begin(chat_id)
        if not due:
            return
        try:
            found, head = await self._search.unowned(chat_id, min(intent.after_message_id for intent in due))
        except ArchiveError as error:
            await self._interrupt(chat_id)
            delay = error.retry_after if isinstance(error, Postponed) else _RETRY_DELAY
            log.warning("reconcile_postponed", chat_id=chat_id, error=str(error))
            raise Later(delay, error.code) from error
        for message in found:
            await self._place(chat_id, message)
        async with self._sessions.begin() as session:
            await session.execute(delete(Intent).where(self._own_search(chat_id)))
            for intent in due:
                await self._conclude(session, intent, head)
        log.info("channel_reconciled", chat_id=chat_id, intents=len(due), found=len(found))

    async def resume(self) -> None:
        """At start: the calls and searches of a killed process of this node have ended when it did."""
        settle_at = self._clock.now() + timedelta(seconds=SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            await session.execute(
                update(Intent)
                .where(Intent.node == self._node, Intent.running)
                .values(running=False, settle_at=settle_at)
            )
        await self.wake_due()

    async def wake_due(self) -> None:
        """Enqueue a search for each channel with intents to settle: the sweep's part."""
        async with self._sessions.begin() as session:
            rows = await session.execute(
                select(Intent.chat_id, func.min(Intent.settle_at)).where(~Intent.running).group_by(Intent.chat_id)
            )
            for chat_id, settle_at in rows.all():
                delay = max(0.0, (settle_at - self._clock.now()).total_seconds())
                await wake_reconciler(session, chat_id, delay=delay)

    def _own_search(self, chat_id: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return (Intent.chat_id == chat_id) & (Intent.media_key == _SEARCH) & Intent.running

    async def _begin(self, chat_id: int) -> Sequence[Intent]:
        """The intents that are due; none where there are none, or another search is under way."""
        async with self._sessions.begin() as session:
            channel = select(Channel.head_message_id).where(Channel.chat_id == chat_id).with_for_update()
            head = await session.scalar(channel)
            under_way = await session.scalar(select(Intent.id).where(self._own_search(chat_id)))
            if head is None or under_way is not None:
                return []
            settled = ~Intent.running & (Intent.settle_at <= self._clock.now())
            due = (await session.scalars(select(Intent).where(Intent.chat_id == chat_id, settled))).all()
            if due:
                session.add(self._search_intent(chat_id, head))
            return due

    def _search_intent(self, chat_id: int, head: int) -> Intent:
        return Intent(
            media_key=_SEARCH,
            part_index=-1,
            attempt=0,
            bot_id=self._store.bot_id,
            chat_id=chat_id,
            after_message_id=head,
            node=self._node,
            settle_at=self._clock.now(),
        )

    async def _interrupt(self, chat_id: int) -> None:
        """A look that failed in the middle may have left its forward: the search is to be settled itself."""
        settle_at = self._clock.now() + timedelta(seconds=SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            await session.execute(
                update(Intent).where(self._own_search(chat_id)).values(running=False, settle_at=settle_at)
            )

    async def _place(self, chat_id: int, message: Found) -> None:
        """Adopt the message for its part, or cast it off; what is being sent right now is left alone."""
        manifest = message.manifest
        async with self._sessions.begin() as session:
            if message.leftover or manifest is None:
                await cast_off(session, [(chat_id, message.message_id)])
                return
            same = (Intent.media_key == manifest.media_key) & (Intent.part_index == manifest.index)
            if await session.scalar(select(Intent.id).where(same, Intent.running)) is not None:
                return
            part = await self._part(session, manifest)
            if part is not None and part.message_id == message.message_id:
                return
            if part is None or part.message_id is not None or manifest.sha256 != part.sha256:
                await cast_off(session, [(chat_id, message.message_id)])
                return
            await self._adopt(session, part, chat_id, message)
        if part.origin == "spool":
            await self._spool.remove(part.media_key, [part.index])
        self._board.part_stored(part.media_key, part.index, part.size or 0)
        log.info("part_adopted", part_id=part.id, message_id=message.message_id)

    async def _part(self, session: AsyncSession, manifest: Manifest) -> Part | None:
        same = (Part.media_key == manifest.media_key) & (Part.index == manifest.index)
        return await session.scalar(select(Part).where(same).with_for_update())

    async def _adopt(self, session: AsyncSession, part: Part, chat_id: int, message: Found) -> None:
        part.state = PartState.SHIPPING
        await session.flush()
        seen = message.seen
        sent = Sent(message_id=message.message_id, file_id=seen.file_id, file_unique_id=seen.file_unique_id)
        await part_stored(
            session, part.id, chat_id=chat_id, bot_id=self._store.bot_id, sent=sent, now=self._clock.now()
        )

    async def _conclude(self, session: AsyncSession, intent: Intent, head: int) -> None:
        """Searched. A part that was not found is sent again, and its intent watched for a late copy."""
        now = self._clock.now()
        await self._spool_again(session, intent)
        if intent.media_key == _SEARCH or (intent.watch_until is not None and intent.watch_until <= now):
            await session.execute(delete(Intent).where(Intent.id == intent.id))
            return
        first = intent.watch_until is None
        until = now + timedelta(seconds=WATCH_SECONDS) if first else intent.watch_until
        next_look = now + timedelta(seconds=FIRST_WATCH) if first else until
        await session.execute(
            update(Intent)
            .where(Intent.id == intent.id)
            .values(after_message_id=head, settle_at=next_look, watch_until=until)
        )

    async def _spool_again(self, session: AsyncSession, intent: Intent) -> None:
        if intent.watch_until is not None:
            return  # its part has been sent again, or given up, long ago
        same = (Part.media_key == intent.media_key) & (Part.index == intent.part_index)
        part = await session.scalar(select(Part).where(same, Part.state == PartState.SHIPPING).with_for_update())
        if part is None:
            return
        part.state = PartState.SPOOLED
        await session.flush()
        await wake_shipper(session, part)
