"""Bytes that were lost from the spool before Telegram had them: said loudly, once, and everything else goes on.

A part without its bytes is ``lost``: it is not tried again, and reading it is a clear error. Where the file comes back
(a volume that was not mounted), the next start finds it and ships it.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.incidents import Incidents
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import EventType, PartState, UploadPhase
from storage.engine.events import EventKind, note_event
from storage.errors import PartLost
from storage.events.outbox import tell
from storage.intake.progress import ProgressBoard
from storage.notices import media_changed
from storage.spool import Spool
from storage.tables import Media, Part, Upload
from storage.wakeups import wake_shipper

log = structlog.get_logger(__name__)

_FRESH_SECONDS = 2.0


class LostBytes:
    """Finds parts of this node without their bytes."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        spool: Spool,
        board: ProgressBoard,
        incidents: Incidents,
        clock: Clock,
        node: str,
    ) -> None:
        self._sessions = sessions
        self._spool = spool
        self._board = board
        self._incidents = incidents
        self._clock = clock
        self._node = node

    async def intact(self, part: Part) -> bool:
        """Whether the part's file can be shipped. False where it was given up, or has gone since.

        A file that was written this moment is taken at its length: only what lay for a while is read and hashed.
        """
        if part.origin != "spool":
            return True
        age = (self._clock.now() - part.created_at).total_seconds()
        fresh = part.attempt == 0 and 0 <= age < _FRESH_SECONDS
        wrong = await self._spool.wrong_with(part.media_key, part.index, part.size, None if fresh else part.sha256)
        if wrong is None:
            return True
        await self._give_up([part.id], {part.id: wrong})
        return False

    async def at_start(self) -> None:
        """Look at every part of this node that waits in the spool, and at those that were lost before."""
        spooled = await self._of_state(PartState.SPOOLED)
        wrong = {part.id: found for part in spooled if (found := await self._wrong(part, whole=False))}
        await self._give_up([*wrong], wrong)
        for part in await self._of_state(PartState.LOST):
            if await self._wrong(part, whole=True) is None:
                await self._found_again(part)

    async def _wrong(self, part: Part, *, whole: bool) -> str | None:
        digest = part.sha256 if whole else None
        return await self._spool.wrong_with(part.media_key, part.index, part.size, digest)

    async def _of_state(self, state: PartState) -> Collection[Part]:
        ours = (Part.node == self._node) & (Part.origin == "spool") & (Part.state == state)
        async with self._sessions.begin() as session:
            return (await session.scalars(select(Part).where(ours).order_by(Part.id))).all()

    async def _give_up(self, ids: Collection[int], wrong: dict[int, str]) -> None:
        lost = []
        for part_id in ids:
            async with self._sessions.begin() as session:
                part = await session.get(Part, part_id, with_for_update=True)
                if part is None or part.state is not PartState.SPOOLED:
                    continue
                part.state = PartState.LOST
                await session.flush()
                await _tell(session, part, wrong[part_id])
                lost.append(part)
            self._board.part_lost(part.media_key, _error(part).fields | {"code": PartLost.code})
        if lost:
            first = _error(lost[0])
            self._incidents.note(uuid4(), PartLost(**first.fields, parts_lost=len(lost)), door="spool")
            log.error("spool_files_lost", parts=len(lost), help="is the right DATA_DIR mounted?")

    async def _found_again(self, part: Part) -> None:
        async with self._sessions.begin() as session:
            found = await session.get(Part, part.id, with_for_update=True)
            if found is None or found.state is not PartState.LOST:
                return
            found.state = PartState.SPOOLED
            storing = Upload.media_id == found.media_id
            await session.execute(update(Upload).where(storing).values(phase=UploadPhase.STORING, error=None))
            await session.flush()
            await wake_shipper(session, found)
        log.warning("spool_file_found_again", part_id=part.id, media_id=part.media_id)


async def require_none_lost(session: AsyncSession, media_key: UUID) -> None:
    """Before a media is acknowledged. Raises `PartLost`."""
    lost = select(Part).where(Part.media_key == media_key, Part.state == PartState.LOST).limit(1)
    if (part := await session.scalar(lost)) is not None:
        raise _error(part)


async def _tell(session: AsyncSession, part: Part, reason: str) -> None:
    fields: dict[str, Any] = {"part": part.index + 1, "reason": reason}
    note_event(session, EventKind.PART_LOST, media_id=part.media_id, **fields)
    if part.media_id is not None:
        failed = {"phase": UploadPhase.FAILED, "error": {"code": PartLost.code, **fields}}
        await session.execute(update(Upload).where(Upload.media_id == part.media_id).values(**failed))
        await media_changed(session, part.media_id)
        media = await session.get_one(Media, part.media_id)
        await tell(session, EventType.MEDIA_DAMAGED, media, by="system", **fields)


def _error(part: Part) -> PartLost:
    return PartLost(media_id=part.media_id, part=part.index + 1)
