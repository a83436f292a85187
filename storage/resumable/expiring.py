"""The sweep of resumable uploads: those that nobody came back to, and the memory of those that are over."""

from datetime import timedelta

from sqlalchemy import delete, select

from storage.domain import UploadId
from storage.resumable.model import Outcome
from storage.resumable.uploads import Resumable
from storage.tables import ResumableUpload

_REMEMBERED = timedelta(hours=24)
"""How long whoever asks for an upload that is over is told so."""


async def expire(uploads: Resumable) -> None:
    """Drop this node's uploads that have expired; forget what was over a day ago. For a schedule."""
    intake = uploads.intake
    now = intake.clock.now()
    due = ResumableUpload.outcome.is_(None) & (ResumableUpload.expires_at <= now)
    mine = ResumableUpload.node == intake.node
    async with intake.sessions.begin() as session:
        over = ResumableUpload.ended_at < now - _REMEMBERED
        await session.execute(delete(ResumableUpload).where(mine, over))
        rows = (await session.scalars(select(ResumableUpload).where(mine, due))).all()
    for row in rows:
        upload_id = UploadId(row.id)
        if uploads.live.is_written(upload_id):
            continue  # what is written to does not expire: its next checkpoint moves the date
        async with uploads.live.using(upload_id) as live, live.slot.held(lambda: None), live.lock:
            await uploads.drop(live, row, Outcome.EXPIRED)
