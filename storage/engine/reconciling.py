"""After an unknown outcome: look into the channel before anything is sent again.

An intent whose call can no longer run is settled by looking at each later message that nothing owns. A message with the
intent's manifest is adopted; one whose part is elsewhere or gone is cast off; where there is none the part
is spooled again, and the intent is watched for a while for a copy that lands even later.

Looking leaves a forward behind when the process is killed in the middle of it. So a search has an intent of its own,
with the key `SEARCH`, which stays when it is interrupted and is settled like the others. Any bot that is in the channel
may search: a message says by its manifest whose it is, not by who sent it.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import PartState
from storage.engine.arriving import Arrival
from storage.engine.captions import Manifest
from storage.engine.copy_placing import copy_again, place_copy
from storage.engine.looking import SEARCH, look_intent
from storage.engine.searching import ChannelSearch, Found
from storage.engine.settling import part_stored
from storage.engine.strays import cast_off
from storage.errors import ArchiveError, NoLane, OutcomeUnknown, Postponed
from storage.intake.progress import ProgressBoard
from storage.jobs import Later
from storage.mirror.keeping import SpoolKeeper
from storage.ports import PartStore, Sent
from storage.recovery.pieces import place_piece
from storage.spool import Spool
from storage.tables import Channel, Intent, Part
from storage.wakeups import wake_reconciler, wake_shipper

log = structlog.get_logger(__name__)

SETTLE_SECONDS = 10.0
"""How long after our side of a call has ended its other side may still have its effect."""

FIRST_WATCH, WATCH_SECONDS = 60.0, 600.0
"""When a search that found nothing is repeated for late copies: after the first, and a last time after the second."""

_RETRY_DELAY = 5.0
_BUSY_DELAY = 1.0
_CLOCKS_DIFFER = timedelta(milliseconds=100)
"""A job is due by the database's clock, what it settles by ours."""

_LEFT_BEHIND = timedelta(seconds=60)
_ABANDONED = timedelta(hours=1)
"""A search of another node that has not ended for so long will not: that node is gone."""

_CHANNEL_GIVEN_UP = timedelta(minutes=15)
"""When no bot can read a channel for so long, its open parts go elsewhere; a copy there is removed if it comes back."""


class Reconciler:
    """Settles the open intents of channels, one search at a time in each."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        store: PartStore,
        spool: Spool,
        keeper: SpoolKeeper,
        board: ProgressBoard,
        clock: Clock,
        node: str,
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._search = ChannelSearch(sessions=sessions, store=store)
        self._spool = spool
        self._keeper = keeper
        self._board = board
        self._clock = clock
        self._node = node
        self._in_flight: dict[object, int] = {}

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: settle what is due in one channel.

        Raises `Later` while Telegram does not answer, and where another search is under way: that one began without
        what this job is to settle.
        """
        chat_id = payload["chat"]
        call = object()
        try:
            if due := await self._begin(chat_id, call):
                await self._settle(chat_id, due)
        finally:
            self._in_flight.pop(call, None)

    async def _settle(self, chat_id: int, due: Sequence[Intent]) -> None:
        try:
            found, head = await self._search.unowned(chat_id, min(intent.after_message_id for intent in due))
        except ArchiveError as error:
            await self._interrupt(chat_id, left=isinstance(error, OutcomeUnknown))
            if isinstance(error, NoLane):
                await self._give_channel_up(chat_id, due)
            delay = error.retry_after if isinstance(error, Postponed) else _RETRY_DELAY
            log.warning("reconcile_postponed", chat_id=chat_id, error=str(error))
            raise Later(delay, error.code) from error
        # What was left alone, because its part is being sent, is looked at again: so the search ends before it.
        left = [message.message_id for message in found if not await self._place(chat_id, message)]
        head = min([head, *(message_id - 1 for message_id in left)])
        async with self._sessions.begin() as session:
            await session.execute(delete(Intent).where(self._own_search(chat_id)))
            for intent in due:
                await self._conclude(session, intent, head, again=bool(left))
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

    async def sweep(self) -> None:
        """Searches and looks that ended without a word, as without a database: they may have left a forward."""
        now = self._clock.now()
        ours = (
            (Intent.node == self._node)
            & Intent.id.not_in(self._in_flight.values())
            & (Intent.settle_at < now - _LEFT_BEHIND)
        )
        others = (Intent.node != self._node) & (Intent.settle_at < now - _ABANDONED)
        left = Intent.running & (Intent.part_index < 0) & (ours | others)
        async with self._sessions.begin() as session:
            await session.execute(update(Intent).where(left).values(running=False, settle_at=now))

    def _own_search(self, chat_id: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return (Intent.chat_id == chat_id) & (Intent.media_key == SEARCH) & Intent.running

    async def _begin(self, chat_id: int, call: object) -> Sequence[Intent]:
        """The intents that are due, with an intent of the search's own. Raises `Later` while another is under way."""
        async with self._sessions.begin() as session:
            channel = select(Channel.head_message_id).where(Channel.chat_id == chat_id).with_for_update()
            head = await session.scalar(channel)
            under_way = await session.scalar(select(Intent.id).where(self._own_search(chat_id)))
            if head is None:
                return []
            if under_way is not None:
                raise Later(_BUSY_DELAY, "another search is under way")
            settled = ~Intent.running & (Intent.settle_at <= self._clock.now() + _CLOCKS_DIFFER)
            due = (await session.scalars(select(Intent).where(Intent.chat_id == chat_id, settled))).all()
            if not due:
                return []
            own = look_intent(SEARCH, chat_id, head, node=self._node, now=self._clock.now())
            session.add(own)
            await session.flush()
            self._in_flight[call] = own.id  # by the call, which ends whether or not it hears of the commit
            return due

    async def _interrupt(self, chat_id: int, *, left: bool) -> None:
        """A look that failed in the middle may have ``left`` its forward: the search is to be settled itself."""
        own, settle_at = self._own_search(chat_id), self._clock.now() + timedelta(seconds=SETTLE_SECONDS)
        async with self._sessions.begin() as session:
            if left:
                await session.execute(update(Intent).where(own).values(running=False, settle_at=settle_at))
            else:
                await session.execute(delete(Intent).where(own))

    async def _place(self, chat_id: int, message: Found) -> bool:
        """Adopt the message for its part, or cast it off. False: left alone, because its part is being sent now."""
        manifest = message.manifest
        async with self._sessions.begin() as session:
            if message.piece is not None and not message.leftover:
                return await place_piece(session, chat_id, message.message_id, message.piece, message.seen)
            if message.leftover or manifest is None:
                await cast_off(session, [(chat_id, message.message_id)])
                return True
            same = (Intent.media_key == manifest.media_key) & (Intent.part_index == manifest.index)
            here = Intent.copy_id.is_(None) | (Intent.chat_id == chat_id)
            if await session.scalar(select(Intent.id).where(same, here, Intent.running)) is not None:
                return False
            part = await self._part(session, manifest)
            own = part is not None and (part.chat_id, part.message_id) == (chat_id, message.message_id)
            if own or await place_copy(session, chat_id, message, now=self._clock.now()):
                return True
            if part is None or part.message_id is not None or manifest.sha256 != part.sha256:
                await cast_off(session, [(chat_id, message.message_id)])
                return True
            await self._adopt(session, part, chat_id, message)
        if part.origin == "spool":
            await self._keeper.keep_spooled(part, self._spool.path(part.media_key, part.index))
            await self._spool.remove(part.media_key, [part.index])
        self._board.part_stored(part.media_key, part.index, part.size or 0)
        log.info("part_adopted", part_id=part.id, chat_id=chat_id, message_id=message.message_id)
        return True

    async def _part(self, session: AsyncSession, manifest: Manifest) -> Part | None:
        same = (Part.media_key == manifest.media_key) & (Part.index == manifest.index)
        return await session.scalar(select(Part).where(same).with_for_update())

    async def _adopt(self, session: AsyncSession, part: Part, chat_id: int, message: Found) -> None:
        part.state = PartState.SHIPPING
        await session.flush()
        seen = message.seen
        sent = Sent(message_id=message.message_id, file_id=seen.file_id, file_unique_id=seen.file_unique_id)
        arrival = Arrival(part_id=part.id, chat_id=chat_id, bot_id=seen.bot_id, sent=sent)
        await part_stored(session, arrival, now=self._clock.now())

    async def _give_channel_up(self, chat_id: int, due: Sequence[Intent]) -> None:
        """No bot can read the channel. For a while it may come back; then its parts are shipped elsewhere.

        The intents stay as they are, to be settled if ever a bot can.
        """
        longest = self._clock.now() - _CHANNEL_GIVEN_UP
        async with self._sessions.begin() as session:
            for intent in due:
                if intent.created_at < longest and await self._spool_again(session, intent):
                    log.warning("channel_given_up", chat_id=chat_id, media_key=str(intent.media_key))

    async def _conclude(self, session: AsyncSession, intent: Intent, head: int, *, again: bool) -> None:
        """Searched. A part that was not found is sent again, and its intent watched for a late copy.

        ``again``: something was left alone, so the intent is not done however old it is.
        """
        now = self._clock.now()
        await self._spool_again(session, intent)
        over = intent.watch_until is not None and intent.watch_until <= now
        if not again and (intent.part_index < 0 or over):
            await session.execute(delete(Intent).where(Intent.id == intent.id))
            return
        first = intent.watch_until is None
        until = now + timedelta(seconds=WATCH_SECONDS) if first else intent.watch_until
        next_look = now + timedelta(seconds=FIRST_WATCH) if first or again else until
        await session.execute(
            update(Intent)
            .where(Intent.id == intent.id)
            .values(after_message_id=head, settle_at=next_look, watch_until=until)
        )

    async def _spool_again(self, session: AsyncSession, intent: Intent) -> bool:
        if intent.watch_until is not None:
            return False  # its part has been sent again, or given up, long ago
        if intent.copy_id is not None:
            return await copy_again(session, intent, now=self._clock.now())
        same = (Part.media_key == intent.media_key) & (Part.index == intent.part_index)
        part = await session.scalar(select(Part).where(same, Part.state == PartState.SHIPPING).with_for_update())
        if part is None:
            return False
        part.state = PartState.SPOOLED
        await session.flush()
        await wake_shipper(session, part)
        return True
