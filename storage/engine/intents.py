"""Intents of sends: committed before, ended after, and left open where nobody knows what became of the call."""

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.engine import reconciling
from storage.ports import LaneKey
from storage.tables import Channel, Intent, PartCopy
from storage.wakeups import wake_reconciler

_LEFT_BEHIND = timedelta(seconds=60)


class CopyIntents:
    """Those of one node's copies, and which of them are under way here."""

    def __init__(self, *, sessions: Sessions, clock: Clock, node: str) -> None:
        self._sessions = sessions
        self._clock = clock
        self._node = node
        self._in_flight: set[int] = set()

    async def begin(self, session: AsyncSession, copy: PartCopy, lane: LaneKey) -> int:
        """The copy is among those in flight before the commit, so that no sweep takes it for one left behind."""
        head = await session.scalar(select(Channel.head_message_id).where(Channel.chat_id == lane.chat_id))
        intent = Intent(
            media_key=copy.media_key,
            part_index=copy.part_index,
            copy_id=copy.id,
            attempt=copy.attempt,
            bot_id=lane.bot_id,
            chat_id=lane.chat_id,
            after_message_id=head or 0,
            node=self._node,
            settle_at=self._clock.now(),
        )
        session.add(intent)
        await session.flush()
        self._in_flight.add(copy.id)
        return intent.id

    def over(self, copy_id: int) -> None:
        """Its call has ended, however it did; or nobody heard whether its intent was committed."""
        self._in_flight.discard(copy_id)

    async def end(self, session: AsyncSession, intent_id: int) -> None:
        """Settled: the call had no effect, or one that is known."""
        await session.execute(delete(Intent).where(Intent.id == intent_id))

    async def leave_open(self, lane: LaneKey, intent_id: int) -> None:
        """The call may have worked: the channel is searched before anything is sent again."""
        settle_at = self._clock.now() + timedelta(seconds=reconciling.SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            left = update(Intent).where(Intent.id == intent_id).values(running=False, settle_at=settle_at)
            await session.execute(left)
            await wake_reconciler(session, lane.chat_id, delay=reconciling.SETTLE_SECONDS)

    async def sweep(self) -> None:
        """Those whose calls ended without a word, as where the database was away: their outcome is unknown."""
        now = self._clock.now()
        left = Intent.running & (Intent.node == self._node) & (Intent.settle_at < now - _LEFT_BEHIND)
        ours = left & Intent.copy_id.is_not(None) & Intent.copy_id.not_in(self._in_flight)
        settle_at = now + timedelta(seconds=reconciling.SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            await session.execute(update(Intent).where(ours).values(running=False, settle_at=settle_at))
