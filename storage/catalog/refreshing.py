"""What is derived from the words about a media: its search index, and what the captions in the channel should say.

`refresh` is called in the transaction that changed them. Where a change forgot it, the index is null and the sweep's
`Refresher` makes it.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from storage.database import Sessions
from storage.domain import GONE, PartState
from storage.engine.facts import media_facts
from storage.search.indexing import vector_of
from storage.tables import Media, Part, PartCopy
from storage.wakeups import wake_captions

log = structlog.get_logger(__name__)

_BATCH = 200
_IN_CHANNEL = (PartState.STORED, PartState.DAMAGED)


async def refresh(session: AsyncSession, media: Media) -> None:
    """Index the media anew, and have its captions edited where they say something else."""
    await session.flush()
    facts = await media_facts(session, media)
    if media.caption_wanted is None:
        await _trust_captions(session, media, facts.digest)
    values = {"search": vector_of(media, facts.request_numbers), "caption_wanted": facts.digest}
    await session.execute(
        update(Media).where(Media.id == media.id).values(values).execution_options(synchronize_session=False)
    )
    set_committed_value(media, "caption_wanted", facts.digest)
    await note_captions(session, media.id, facts.digest)


async def note_captions(session: AsyncSession, media_id: int, wanted: bytes | None) -> None:
    """Have the captions of the media edited, if some part's says something other than ``wanted``."""
    behind = select(Part.id).where(
        Part.media_id == media_id, Part.state.in_(_IN_CHANNEL), Part.caption_sent.is_distinct_from(wanted)
    )
    copies = select(PartCopy.id).where(
        Part.media_id == media_id,
        PartCopy.media_key == Part.media_key,
        PartCopy.part_index == Part.index,
        PartCopy.message_id.is_not(None),
        PartCopy.caption_sent.is_distinct_from(wanted),
    )
    either = select(behind.exists() | copies.exists())
    if wanted is not None and await session.scalar(either):
        due = update(Media).where(Media.id == media_id).values(captions_due=True)
        await session.execute(due.execution_options(synchronize_session=False))
        await wake_captions(session, media_id)


async def _trust_captions(session: AsyncSession, media: Media, digest: bytes) -> None:
    """Messages from before captions were versioned say what the index says."""
    unknown = (Part.media_id == media.id) & Part.state.in_(_IN_CHANNEL) & Part.caption_sent.is_(None)
    trusted = update(Part).where(unknown).values(caption_sent=digest)
    await session.execute(trusted.execution_options(synchronize_session=False))


class Refresher:
    """The sweep's part: media without an index, and captions that are behind."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def sweep(self) -> None:
        """May be done twice, and by several nodes at once."""
        done = 0
        while refreshed := await self._refresh_some():
            done += refreshed
        if done:
            log.info("media_indexed", count=done)
        await self._wake_captions()

    async def _refresh_some(self) -> int:
        query = select(Media).where(Media.search.is_(None), Media.status.not_in(GONE)).order_by(Media.id)
        async with self._sessions.begin() as session:
            rows: Sequence[Media] = (await session.scalars(query.limit(_BATCH).with_for_update(skip_locked=True))).all()
            for media in rows:
                await refresh(session, media)
            return len(rows)

    async def _wake_captions(self) -> None:
        due = select(Media.id).where(Media.captions_due, Media.status.not_in(GONE))
        async with self._sessions.begin() as session:
            for media_id in (await session.scalars(due)).all():
                await wake_captions(session, media_id)
