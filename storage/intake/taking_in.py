"""Taking in: the HTTP door's bytes become a media. Receive, spool, acknowledge; what is not acknowledged is dropped."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.callers.quotas import require_room as require_quota
from storage.clock import Clock
from storage.database import Sessions, Together
from storage.domain import GONE, MediaId, MediaKey, UploadId
from storage.engine.fresh import FreshParts
from storage.errors import ShuttingDown, UploadIdInUse
from storage.intake.arrivals import Accepted, Arrival
from storage.intake.early_parts import EarlyParts
from storage.intake.entering import Entering
from storage.intake.progress import ProgressBoard
from storage.intake.receiving import Limits
from storage.intake.upload_session import UploadSession
from storage.resumable.contract import Resumption
from storage.spool import Spool
from storage.tables import Media, Upload
from storage.tables.many import among
from storage.views import MediaView, media_views
from storage.work_orders.gate import RequestGate, open_gate

__all__ = ["Accepted", "Arrival", "Intake", "UploadSession"]

_RESTART_SECONDS = 5


class Intake:
    """Begins uploads, and ends them one way or the other."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        spool: Spool,
        board: ProgressBoard,
        limits: Limits,
        clock: Clock,
        node: str,
        fresh: FreshParts,
        gate: RequestGate | None = None,
    ) -> None:
        self.sessions = sessions
        self.spool = spool
        self.board = board
        self.limits = limits
        self.clock = clock
        self.node = node
        self.gate = gate or open_gate(sessions)
        self.enter = Entering(sessions, fresh)
        self.early = EarlyParts(sessions, fresh)
        self.views = Together(sessions, _views, row=int, linger=0)
        """New media as they are now, by their ids: None for what somebody has deleted meanwhile."""

        self.closing = False

    @asynccontextmanager
    async def begin(self, arrival: Arrival, *, key: MediaKey | None = None) -> AsyncIterator[UploadSession]:
        """An upload; leaving the context without `accept` drops every trace of it.

        Raises `ShuttingDown`, `SpoolFull`, `UploadIdInUse`, and by the declared size alone `FileTooLarge`,
        `QuotaExceeded` and `QuotaUsedUp`.
        """
        if self.closing:
            raise ShuttingDown(retry_after=_RESTART_SECONDS)
        self.limits.require_size(arrival.size)
        self.spool.require_room(arrival.size or 1)
        await require_quota(self.sessions, arrival.caller, arrival.size)
        if arrival.upload_id is not None:
            await self._require_free(arrival.upload_id)
        session = UploadSession(self, arrival, key=key)
        self.board.add(session.progress, session.key)
        session.look_ahead()
        try:
            yield session
        except BaseException as error:
            await session.discard(error)
            raise
        if not session.accepted:
            await session.discard(None)

    def resume(self, arrival: Arrival, resumption: Resumption) -> UploadSession:
        """An upload that goes on. Whoever asks ends it: by its `accept`, its `discard`, or by letting it rest."""
        session = UploadSession(self, arrival, resumption=resumption)
        self.board.add(session.progress, session.key)
        return session

    async def _require_free(self, upload_id: UploadId) -> None:
        if self.board.get(upload_id) is None:
            async with self.sessions.begin() as session:
                if await session.get(Upload, upload_id) is None:
                    return
        raise UploadIdInUse(upload_id=str(upload_id))


async def _views(session: AsyncSession, media_ids: Sequence[int]) -> Sequence[MediaView | None]:
    rows = (await session.scalars(select(Media).where(among(Media.id, media_ids), Media.status.not_in(GONE)))).all()
    views = {view.id: view for view in await media_views(session, rows)}
    return [views.get(MediaId(media_id)) for media_id in media_ids]
