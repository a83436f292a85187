"""Looking at one message of a channel, so that nothing stays behind: see `storage.engine.reconciling`.

A look posts a forward and deletes it. One that was interrupted in between is settled by a search of the channel, like
an interrupted search: so it has an intent too.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from storage.clock import Clock
from storage.database import Sessions
from storage.errors import CallRefused, Postponed
from storage.ports import PartStore, Seen, Urgency
from storage.tables import Channel, Intent

SEARCH, LOOK = UUID(int=0), UUID(int=1)
"""The keys of intents that send no part."""


class Looker:
    """Looks by the bots of a pool."""

    def __init__(self, *, sessions: Sessions, store: PartStore, clock: Clock, node: str) -> None:
        self._sessions = sessions
        self._store = store
        self._clock = clock
        self._node = node

    async def look(
        self, chat_id: int, message_id: int, *, bot_id: int | None = None, urgency: Urgency = Urgency.UPLOAD
    ) -> Seen:
        """`PartStore.look`, followed up where it is interrupted."""
        async with self._sessions.begin() as session:
            head = await session.scalar(select(Channel.head_message_id).where(Channel.chat_id == chat_id))
            intent = look_intent(LOOK, chat_id, head or 0, node=self._node, now=self._clock.now())
            session.add(intent)
            await session.flush()
        try:
            seen = await self._store.look(chat_id, message_id, bot_id=bot_id, urgency=urgency)
        except (Postponed, CallRefused):
            await self._end(intent.id, left=False)
            raise
        except BaseException:
            await self._end(intent.id, left=True)
            raise
        await self._end(intent.id, left=False)
        return seen

    async def _end(self, intent_id: int, *, left: bool) -> None:
        """``left``: there may be a forward."""
        own = Intent.id == intent_id
        async with self._sessions.begin() as session:
            if left:
                await session.execute(update(Intent).where(own).values(running=False, settle_at=self._clock.now()))
            else:
                await session.execute(delete(Intent).where(own))


def look_intent(key: UUID, chat_id: int, head: int, *, node: str, now: datetime) -> Intent:
    """An intent that is no part's: ``head`` is the greatest message id known before."""
    return Intent(
        media_key=key,
        part_index=-1,
        attempt=0,
        bot_id=0,
        chat_id=chat_id,
        after_message_id=head,
        node=node,
        settle_at=now,
    )
