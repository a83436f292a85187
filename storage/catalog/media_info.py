"""Width, height and duration, looked for in the bytes after a media was acknowledged; nobody waits for it.

An image that is one part is measured on its way into the channel, with its thumbnail (`storage.engine.shipping`). For
all else a job is enqueued with the acknowledgement; the minute's sweep enqueues what was left over. What Telegram said
of a file stays where the bytes say nothing.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.database import Sessions
from storage.domain import GONE, Inspection
from storage.errors import Busy, MediaDeleted, MediaNotFound, NoPreview, OnlyInTelegram
from storage.jobs import BULK, NORMAL, Later, enqueue_all
from storage.previews.kinds import Kind, kind_of
from storage.previews.studio import SYSTEM, Studio
from storage.previews.values import Measure, UnusableImage
from storage.previews.worker import measure
from storage.tables import UNMEASURED, Media, Part

log = structlog.get_logger(__name__)

_LEFT_OVER = timedelta(minutes=1)
_AT_A_TIME = 100
_RETRY_DELAY = 60.0


def measure_job(node: str) -> str:
    """The jobs of a node: the bytes may still be in its spool."""
    return f"measure:{node}"


def needs_measuring(content_type: str, *, parts: int) -> bool:
    """Whether nothing else will measure what was acknowledged."""
    kind = kind_of(content_type)
    return kind in (Kind.VIDEO, Kind.AUDIO) or (kind is Kind.IMAGE and parts > 1)


async def wake_measurers(session: AsyncSession, node: str, media_ids: Sequence[int], priority: int = NORMAL) -> None:
    """Measure media, each by a job of its own."""
    if media_ids:
        jobs = [({"media": media_id}, f"measure:{media_id}") for media_id in media_ids]
        await enqueue_all(session, measure_job(node), jobs, priority=priority)


class Measurer:
    """Handles the measuring jobs of one node."""

    def __init__(self, *, sessions: Sessions, studio: Studio, clock: Clock) -> None:
        self._sessions = sessions
        self._studio = studio
        self._clock = clock

    async def handle(self, payload: dict[str, int]) -> None:
        """The job: measure the media unless that was done. Raises `Later` where it cannot be read now."""
        media_id = payload["media"]
        async with self._sessions.begin() as session:
            known = await session.scalar(select(Media.measured).where(Media.id == media_id, Media.status.not_in(GONE)))
        if known is not False:
            return
        try:
            found = await self._measured(media_id)
        except Busy as error:
            raise Later(_RETRY_DELAY, error.code) from error
        except (MediaNotFound, MediaDeleted):
            return
        async with self._sessions.begin() as session:
            said = {name: value for name, value in vars(found).items() if value is not None}
            await session.execute(update(Media).where(Media.id == media_id).values(measured=True, **said))
        log.info("media_measured", media_id=media_id, **said)

    async def wake_left_over(self) -> None:
        """The sweep's part: what was inspected over a minute ago and has not been measured."""
        due = (Media.uploaded_at < self._clock.now() - _LEFT_OVER) & (Media.inspection == Inspection.DONE)
        query = (
            select(Media.id, Part.node)
            .join(Part, (Part.media_id == Media.id) & (Part.index == 0))
            .where(UNMEASURED, due, Media.status.not_in(GONE))
            .order_by(Media.id.desc())
            .limit(_AT_A_TIME)
        )
        async with self._sessions.begin() as session:
            by_node: dict[str, list[int]] = {}
            for media_id, node in await session.execute(query):
                by_node.setdefault(node, []).append(media_id)
            for node, media_ids in by_node.items():
                await wake_measurers(session, node, media_ids, BULK)

    async def _measured(self, media_id: int) -> Measure:
        """Nothing where nothing can be found out. Raises `Busy`, `MediaNotFound`, `MediaDeleted`."""
        try:
            deliverable = await self._studio.delivery.open(SYSTEM, media_id)
            return await self._studio.look(deliverable, measure)
        except (NoPreview, OnlyInTelegram):
            return Measure()
        except UnusableImage as error:
            log.info("media_not_measured", media_id=media_id, reason=str(error))
            return Measure()
