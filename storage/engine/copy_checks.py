"""Looking at copies: one counts once its message was seen to be what it should be, and is made again where it is gone.

Nothing is taken for gone because a probe failed: only Telegram's word that there is no such message counts.
"""

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import CopyState
from storage.engine.captions import parse_manifest
from storage.engine.copies import Place, copy_failed, copy_verified, lock_copy, part_of, place_gone
from storage.engine.looking import Looker
from storage.engine.strays import cast_off
from storage.errors import ArchiveError, MessageLocked, MessageMissing, Postponed
from storage.ports import Seen, Urgency
from storage.tables import Part, PartCopy

log = structlog.get_logger(__name__)

_RETRY_SECONDS, _LONGEST_SECONDS = 30.0, 3600.0


class CopyChecks:
    """Looks, and notes what was seen."""

    def __init__(self, *, sessions: Sessions, looker: Looker, clock: Clock) -> None:
        self._sessions = sessions
        self._looker = looker
        self._clock = clock

    async def look_at(self, copy_id: int, *, unique_id: str | None = None) -> None:
        """Verify a copy that is said to be there; ``unique_id`` is what its file's has to be, None: that is not known.

        Raises `Postponed` where that cannot be done now.
        """
        async with self._sessions.begin() as session:
            copy = await session.get(PartCopy, copy_id)
            part = None if copy is None else await part_of(session, copy)
        if copy is None or part is None or copy.state is not CopyState.COPIED:
            return None
        assert copy.chat_id is not None
        assert copy.message_id is not None
        try:
            seen = await self._looker.look(copy.chat_id, copy.message_id, urgency=Urgency.BULK)
        except MessageLocked as error:
            return await self._not_yet(copy, error.code, _LONGEST_SECONDS)
        except MessageMissing as error:
            return await self._again(copy, error.code, cast=False)
        except Postponed:
            raise
        except ArchiveError as error:
            return await self._not_yet(copy, error.code, _RETRY_SECONDS)
        if not is_copy_of(seen, part) or unique_id not in (None, seen.file_unique_id):
            return await self._again(copy, "other content", cast=True)
        return await self._right(copy, seen)

    async def missing(self, part: Part, place: Place) -> None:
        """A message could not be copied: find out whether it is gone, and if so, note that."""
        try:
            await self._looker.look(place.chat_id, place.message_id, urgency=Urgency.BULK)
        except MessageLocked:
            return
        except MessageMissing as error:
            async with self._sessions.begin() as session:
                await place_gone(session, part.id, place, reason=error.code)
        except Postponed:
            raise
        except ArchiveError as error:
            log.info("copy_source_unknown", part_id=part.id, chat_id=place.chat_id, error=str(error))

    async def _right(self, copy: PartCopy, seen: Seen) -> None:
        async with self._sessions.begin() as session:
            found = await self._still(session, copy)
            if found is None:
                return
            await copy_verified(
                session,
                found,
                bot_id=seen.bot_id,
                file_id=seen.file_id,
                unique_id=seen.file_unique_id,
                now=self._clock.now(),
            )
        log.info("copy_verified", copy_id=copy.id, chat_id=copy.chat_id, message_id=copy.message_id)

    async def _again(self, copy: PartCopy, problem: str, *, cast: bool) -> None:
        log.warning("copy_not_right", copy_id=copy.id, chat_id=copy.chat_id, problem=problem)
        async with self._sessions.begin() as session:
            found = await self._still(session, copy)
            if found is None:
                return
            if cast and copy.chat_id is not None and copy.message_id is not None:
                await cast_off(session, [(copy.chat_id, copy.message_id)])
            delay = min(_LONGEST_SECONDS, _RETRY_SECONDS * 2 ** min(copy.attempt, 10))
            await copy_failed(session, copy.id, problem=problem, now=self._clock.now(), delay=delay)

    async def _not_yet(self, copy: PartCopy, problem: str, delay: float) -> None:
        async with self._sessions.begin() as session:
            found = await self._still(session, copy)
            if found is not None:
                found.problem, found.next_attempt_at = problem, self._clock.now() + timedelta(seconds=delay)

    async def _still(self, session: AsyncSession, copy: PartCopy) -> PartCopy | None:
        """The row, where it is still about the message that was looked at."""
        found = await lock_copy(session, copy.id)
        same = found is not None and found.state is CopyState.COPIED and found.message_id == copy.message_id
        return found if same else None


def is_copy_of(seen: Seen, part: Part) -> bool:
    """Whether a message is the part: by its manifest, and the size of its file."""
    manifest = parse_manifest(seen.caption)
    if manifest is None or seen.forwarded or seen.file_id is None:
        return False
    named = (manifest.media_key, manifest.index, manifest.sha256) == (part.media_key, part.index, part.sha256)
    return named and (None in (part.size, seen.file_size) or seen.file_size == part.size)
