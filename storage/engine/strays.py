"""Channel messages of ours that no part owns any more: what deleting, aborting and reconciling leave to be removed.

Rows first, Telegram after: `cast_off` is called in the transaction that gives the message up, and the sweep deletes it
from the channel, however often it takes.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.errors import ArchiveError, CallRefused, ChannelUnavailable, MessageMissing, NoLane, Postponed
from storage.jobs import Later
from storage.ports import PartStore
from storage.tables import Part, StrayMessage
from storage.wakeups import wake_strays

log = structlog.get_logger(__name__)

_BATCH = 100
_RETRY_DELAY = 30.0


async def cast_off(session: AsyncSession, messages: Sequence[tuple[int, int]]) -> None:
    """Give up messages, as (chat id, message id): they are deleted once this transaction has committed.

    Never one that a part has: of what was moved here from elsewhere, two files may have been one message.
    """
    if not messages:
        return
    taken = tuple_(Part.chat_id, Part.message_id).in_(messages)
    owned = {(row[0], row[1]) for row in await session.execute(select(Part.chat_id, Part.message_id).where(taken))}
    rows = [{"chat_id": chat, "message_id": message} for chat, message in messages if (chat, message) not in owned]
    if not rows:
        return
    await session.execute(insert(StrayMessage).values(rows).on_conflict_do_nothing())
    await wake_strays(session, {row["chat_id"] for row in rows})


async def stray_chats(session: AsyncSession) -> Sequence[int]:
    """The channels with messages to be removed."""
    return (await session.scalars(select(StrayMessage.chat_id).distinct())).all()


class StrayCollector:
    """Deletes stray messages; past 48 hours, when bots may no longer delete, puts a placeholder in their place."""

    def __init__(self, *, sessions: Sessions, store: PartStore) -> None:
        self._sessions = sessions
        self._store = store

    async def handle(self, payload: dict[str, int]) -> None:
        """The job, for a channel or for all. Raises `Later` while some are left; no channel holds up another.

        What is in one that no bot works in is left to the sweep: it may be back one day.
        """
        delays = []
        for chat_id in [payload["chat"]] if "chat" in payload else await self._chats():
            try:
                while ids := await self._some(chat_id):
                    await self._remove(chat_id, ids)
            except (NoLane, ChannelUnavailable) as error:
                log.info("strays_out_of_reach", chat_id=chat_id, error=str(error))
            except Postponed as wait:
                delays.append(wait.retry_after)
            except ArchiveError as error:
                log.warning("strays_left", chat_id=chat_id, error=str(error))
                delays.append(_RETRY_DELAY)
        if delays:
            raise Later(min(delays), "strays_left")

    async def pending(self) -> bool:
        async with self._sessions.begin() as session:
            return await session.scalar(select(StrayMessage.chat_id).limit(1)) is not None

    async def _chats(self) -> Sequence[int]:
        async with self._sessions.begin() as session:
            return await stray_chats(session)

    async def _some(self, chat_id: int) -> list[int]:
        here = select(StrayMessage.message_id).where(StrayMessage.chat_id == chat_id)
        async with self._sessions.begin() as session:
            return [*await session.scalars(here.order_by(StrayMessage.message_id).limit(_BATCH))]

    async def _remove(self, chat_id: int, ids: list[int]) -> None:
        try:
            await self._store.delete(chat_id, ids)
        except CallRefused:
            # One message that is too old fails the whole call: then each on its own, and what is done stays done.
            for message_id in ids:
                await self._remove_one(chat_id, message_id)
                await self._forget(chat_id, [message_id])
        else:
            await self._forget(chat_id, ids)
        log.info("strays_removed", chat_id=chat_id, count=len(ids))

    async def _remove_one(self, chat_id: int, message_id: int) -> None:
        try:
            await self._store.delete(chat_id, [message_id])
        except MessageMissing:
            return
        except CallRefused:
            try:
                await self._store.replace(chat_id, message_id)
            except MessageMissing:
                return
            except ChannelUnavailable:
                raise  # no bot is in the channel, or has a right that it needs: the message waits for one
            except CallRefused as error:
                # Nothing a bot can do: said loudly, because a delete promised that it deletes.
                log.error("message_not_removable", chat_id=chat_id, message_id=message_id, error=str(error))  # noqa: TRY400

    async def _forget(self, chat_id: int, ids: list[int]) -> None:
        async with self._sessions.begin() as session:
            places = [(chat_id, message_id) for message_id in ids]
            await session.execute(
                delete(StrayMessage).where(tuple_(StrayMessage.chat_id, StrayMessage.message_id).in_(places))
            )
