"""Copies that are not made now: when they are tried again, and which are wanted no more."""

from datetime import timedelta

import structlog

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import CopyRole, CopyState
from storage.engine.copies import lock_copy, part_of
from storage.engine.copy_sources import NO_SOURCE, is_without_source, note_without_source
from storage.engine.strays import cast_off
from storage.tables import Part, PartCopy

log = structlog.get_logger(__name__)

RETRY_DELAYS = (5.0, 60.0, 300.0, 1800.0, 3600.0)
_ASIDE_SECONDS = 60.0


class CopyDelays:
    """Puts copies off, each in a transaction of its own."""

    def __init__(self, *, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    async def put_off(self, copy_id: int, problem: str, delay: float) -> None:
        """It may be tried again after ``delay`` seconds. That nothing has its bytes was told, and stays its problem."""
        async with self._sessions.begin() as session:
            copy = await session.get(PartCopy, copy_id, with_for_update=True)
            if copy is not None and copy.state is not CopyState.COPYING:
                copy.problem = NO_SOURCE if copy.problem == NO_SOURCE else problem
                copy.next_attempt_at = self._clock.now() + timedelta(seconds=delay)

    async def in_vain(self, copy: PartCopy, part: Part, problem: str) -> None:
        """No way worked. It is tried again after a delay that grows, also where nothing was sent."""
        async with self._sessions.begin() as session:
            found = await lock_copy(session, copy.id)
            if found is None or found.state is not CopyState.WAITING:
                return
            found.attempt = max(found.attempt, copy.attempt + 1)
            if is_without_source(problem):
                await note_without_source(session, found, part, self._clock.now())
            else:
                delay = RETRY_DELAYS[min(found.attempt, len(RETRY_DELAYS)) - 1]
                found.problem, found.next_attempt_at = problem, self._clock.now() + timedelta(seconds=delay)
        log.info("copy_not_possible", copy_id=copy.id, part_id=part.id, problem=problem, attempt=found.attempt)

    async def set_aside(self, copy: PartCopy) -> None:
        """Not wanted: never more, or only while its media may still be restored, or its part moves."""
        async with self._sessions.begin() as session:
            found = await lock_copy(session, copy.id)
            if found is None or found.state not in (CopyState.WAITING, CopyState.COPIED):
                return
            part = await part_of(session, found)
            replaced = part is None or (part.chat_id, part.message_id) != (
                copy.instead_chat_id,
                copy.instead_message_id,
            )
            if part is None or (copy.role is CopyRole.REPLACEMENT and replaced) or part.chat_id == found.chat_id:
                if found.chat_id is not None and found.message_id is not None:
                    await cast_off(session, [(found.chat_id, found.message_id)])
                await session.delete(found)
                return
        await self.put_off(copy.id, "not now", _ASIDE_SECONDS)
