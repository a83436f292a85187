"""Copying: every stored part gets one more message in each backup channel, and a damaged one a new message of its own.

The protocol is that of shipping (`storage.engine.shipping`): claim by compare-and-set, intent before the send, search
after an unknown outcome. A copy is then looked at: copyMessage tells nothing but a message id. All of it is bulk work,
after everything else in its lane. The rows say what is wanted (`storage.engine.copies`); a job works off what is due
for one channel, and `storage.engine.copy_sweep` finds what has no row or no job.
"""

from collections.abc import Mapping

import structlog
from sqlalchemy import select

from storage.clock import Clock
from storage.database import Sessions
from storage.delivery.sources import PartSource
from storage.domain import CopyRole, CopyState
from storage.engine.copies import Place, copy_arrived, copy_failed, copy_verified
from storage.engine.copy_checks import CopyChecks
from storage.engine.copy_delays import RETRY_DELAYS, CopyDelays
from storage.engine.copy_ways import CopyWork, Reshipment, copy_work
from storage.engine.intents import CopyIntents
from storage.engine.strays import cast_off
from storage.errors import (
    ArchiveError,
    CallRefused,
    ChannelNotBound,
    ChannelUnavailable,
    MessageMissing,
    NoLane,
    OutcomeUnknown,
    Postponed,
)
from storage.jobs import Later
from storage.ports import ChannelMembers, Copy, LaneKey, PartSender, Sent, Shipment, Urgency, Wish
from storage.tables import PartCopy
from storage.wakeups import REPLACEMENTS

log = structlog.get_logger(__name__)

_NOBODY_THERE = 60.0
_LOOKED_THROUGH = 16
_MOST_WAITS, _LONGEST_WAIT = 8, 60.0
_AT_A_TIME = 50
"""Copies a job makes before it lets others have its place."""


class Copier:
    """Handles the copy jobs."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        sender: PartSender,
        members: ChannelMembers,
        checks: CopyChecks,
        sources: PartSource,
        intents: CopyIntents,
        clock: Clock,
        channel_most: int,
    ) -> None:
        self._sessions = sessions
        self._sender = sender
        self._members = members
        self._checks = checks
        self._sources = sources
        self._intents = intents
        self._clock = clock
        self._channel_most = channel_most
        self._delays = CopyDelays(sessions=sessions, clock=clock)
        self._busy: set[int] = set()

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: make the copies that are due in a channel, one after the other. Raises `Later` to go on then.

        One that has to wait for its lane is put off for that long, a minute at most, and those of other lanes go on.
        Where many have to wait, or none is left, the job does too.
        """
        waits: list[float] = []
        for _ in range(_AT_A_TIME):
            copy = None if len(waits) == _MOST_WAITS else await self._next(payload["chat"])
            if copy is None:
                break
            if (wait := await self._bring_one(copy)) is not None:
                waits.append(wait)
        else:
            raise Later(0, "there may be more")
        if waits:
            raise Later(min(waits), "lanes are to be waited for")

    async def _bring_one(self, copy: PartCopy) -> float | None:
        """One copy, as far as it gets now; the seconds that it has to wait, None: none."""
        self._busy.add(copy.id)
        try:
            await self._bring_about(copy)
        except Postponed as wait:
            if isinstance(wait, NoLane) and copy.role is CopyRole.BACKUP:  # the others' lanes are the same
                await self._delays.put_off(copy.id, wait.code, 0)
                raise Later(wait.retry_after, wait.code) from wait
            delay = min(wait.retry_after, _LONGEST_WAIT)  # it may go by another lane by then
            await self._delays.put_off(copy.id, wait.code, delay)
            return delay
        except Exception:
            # Ours to mend; but the copies behind it are not to wait for that.
            await self._delays.put_off(copy.id, "internal", RETRY_DELAYS[-1])
            raise
        finally:
            self._busy.discard(copy.id)
        return None

    async def _next(self, chat_id: int) -> PartCopy | None:
        role = CopyRole.REPLACEMENT if chat_id == REPLACEMENTS else CopyRole.BACKUP
        mine = (PartCopy.role == role) & PartCopy.state.in_((CopyState.WAITING, CopyState.COPIED))
        if chat_id != REPLACEMENTS:
            mine &= PartCopy.chat_id == chat_id
        query = select(PartCopy).where(
            mine, PartCopy.next_attempt_at <= self._clock.now(), PartCopy.id.not_in(self._busy)
        )
        async with self._sessions.begin() as session:
            found = await session.scalars(query.order_by(PartCopy.next_attempt_at, PartCopy.id).limit(_LOOKED_THROUGH))
            rows = found.all()
        # Another job may have begun one of them while we asked.
        return next((copy for copy in rows if copy.id not in self._busy), None)

    async def _bring_about(self, copy: PartCopy) -> None:
        """One copy, as far as it gets now."""
        try:
            async with self._sessions.begin() as session:
                work = await copy_work(session, copy, self._channel_most)
        except ChannelNotBound as error:
            return await self._delays.put_off(copy.id, error.code, RETRY_DELAYS[-1])
        if work is None:
            return await self._delays.set_aside(copy)
        if copy.state is CopyState.WAITING:
            return await self._send(work)
        return await self._checks.look_at(copy.id)

    async def _send(self, work: CopyWork) -> None:
        """Try one way after the other. Where none works, the copy is tried again later."""
        problem = "nowhere"
        for place in work.places:
            try:
                if await self._from_place(work, place):
                    return
            except CallRefused as error:
                problem = error.code
        for bot_id, file_id in work.file_ids:
            try:
                if await self._went(work, await self._by(work, {bot_id}, work.from_file_id(file_id))):
                    return
            except CallRefused as error:
                problem = error.code
        try:
            await self._from_source(work)
        except Postponed:
            raise
        except ArchiveError as error:
            problem = error.code
        else:
            return
        await self._delays.in_vain(work.copy, work.part, problem)

    async def _from_place(self, work: CopyWork, place: Place) -> bool:
        """Copy a message. False where no bot sees both channels; `CallRefused` where it is not there."""
        readers = set((await self._members.members(place.chat_id)).readers)
        if place.chat_id in work.chat_ids or not readers:
            return False
        try:
            done = await self._by(work, readers, work.from_message(place))
        except MessageMissing:
            for chat_id in (place.chat_id, *work.chat_ids):
                self._members.forget(chat_id)
            await self._checks.missing(work.part, place)
            raise
        return await self._went(work, done, work.unique_id if place.copy_id is None else None)

    async def _from_source(self, work: CopyWork) -> None:
        """Move the bytes. Raises the source's `ArchiveError`s, and `NoLane`."""
        reshipment = Reshipment(self._sources, work.part)
        await reshipment.probe()
        done = await self._by(work, None, reshipment.shipment(work), reshipment)
        if not await self._went(work, done):
            raise NoLane(retry_after=_NOBODY_THERE)

    async def _went(self, work: CopyWork, done: bool | None, unique_id: str | None = None) -> bool:
        """After a way was tried: False where it is none. What arrived without a word of its content is looked at."""
        if done:
            await self._checks.look_at(work.copy.id, unique_id=unique_id)
        return done is not None

    async def _by(
        self, work: CopyWork, bots: set[int] | None, what: Copy | Shipment, reshipment: Reshipment | None = None
    ) -> bool | None:
        """Send by one of ``bots`` that may post in one of the channels. None where there is no such bot.

        True: it is there, and is to be looked at; False: there is nothing more to do now.
        """
        posting = {chat_id: set((await self._members.members(chat_id)).posters) for chat_id in work.chat_ids}
        if not any(posting.values()):
            raise NoLane(retry_after=_NOBODY_THERE)
        chat_ids, bot_ids = _lanes(posting, bots)
        if not chat_ids:
            return None
        size = what.size if isinstance(what, Shipment) else 0
        wish = Wish(chat_ids=chat_ids, bot_ids=bot_ids, urgency=Urgency.BULK, size=size)
        lane = await self._sender.reserve(wish)
        intent_id = None
        try:
            intent_id = await self._claim(work, lane)
            return intent_id is not None and await self._call(work, lane, intent_id, what, reshipment)
        finally:
            if intent_id is None:
                self._sender.unused(lane)
            self._intents.over(work.copy.id)

    async def _claim(self, work: CopyWork, lane: LaneKey) -> int | None:
        """Commit the intent; None where somebody else is at it, or it is not wanted any more."""
        async with self._sessions.begin() as session:
            copy = await session.get(PartCopy, work.copy.id, with_for_update=True)
            if copy is None or copy.state is not CopyState.WAITING:
                return None
            copy.state, copy.chat_id, copy.attempt = CopyState.COPYING, lane.chat_id, copy.attempt + 1
            await session.flush()
            return await self._intents.begin(session, copy, lane)

    async def _call(
        self, work: CopyWork, lane: LaneKey, intent_id: int, what: Copy | Shipment, reshipment: Reshipment | None
    ) -> bool:
        try:
            sent = await self._sender.send(lane, what)
        except CallRefused as error:
            if isinstance(error, ChannelUnavailable):
                self._members.forget(lane.chat_id)
            await self._without_effect(work, intent_id, error.code, 0)
            raise
        except Postponed as wait:
            await self._without_effect(work, intent_id, wait.code, 0)
            raise
        except (OutcomeUnknown, OSError) as error:
            log.warning("copy_outcome_unknown", copy_id=work.copy.id, bot_id=lane.bot_id, error=str(error))
            await self._intents.leave_open(lane, intent_id)
            return False
        return await self._settle(work, lane, intent_id, sent, reshipment)

    async def _without_effect(self, work: CopyWork, intent_id: int, problem: str, delay: float) -> None:
        async with self._sessions.begin() as session:
            await self._intents.end(session, intent_id)
            await copy_failed(session, work.copy.id, problem=problem, now=self._clock.now(), delay=delay)

    async def _settle(
        self, work: CopyWork, lane: LaneKey, intent_id: int, sent: Sent, reshipment: Reshipment | None
    ) -> bool:
        other_size = sent.file_size is not None and work.part.size is not None and sent.file_size != work.part.size
        other_bytes = reshipment is not None and work.part.sha256 is not None and not reshipment.intact
        now = self._clock.now()
        async with self._sessions.begin() as session:
            await self._intents.end(session, intent_id)
            copy = await copy_arrived(
                session, work.copy.id, chat_id=lane.chat_id, message_id=sent.message_id, caption=work.facts.digest
            )
            if copy is None:
                return False
            if other_size or other_bytes:
                log.warning("copy_arrived_damaged", copy_id=copy.id, part_id=work.part.id)
                await cast_off(session, [(lane.chat_id, sent.message_id)])
                await copy_failed(session, copy.id, problem="damaged", now=now, delay=RETRY_DELAYS[1])
                return False
            if sent.file_id is not None and sent.file_size is not None:
                # The answer shows the message: there is no more to be seen by looking.
                unique_id = sent.file_unique_id
                await copy_verified(
                    session, copy, bot_id=lane.bot_id, file_id=sent.file_id, unique_id=unique_id, now=now
                )
                return False
        return True


def _lanes(posting: Mapping[int, set[int]], bots: set[int] | None) -> tuple[list[int], list[int]]:
    """The channels, and bots that may post in each of them: only the first channel where no bot may in all."""
    able = {chat_id: found if bots is None else found & bots for chat_id, found in posting.items()}
    able = {chat_id: found for chat_id, found in able.items() if found}
    if not able:
        return [], []
    common = set.intersection(*able.values())
    if common:
        return [*able], sorted(common)
    first = next(iter(able))
    return [first], sorted(able[first])
