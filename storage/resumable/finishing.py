"""The last byte of a resumable upload is in: it becomes a media exactly as a streamed one."""

from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from storage.callers.invitations import count_kept
from storage.domain import UploadId
from storage.errors import InvalidInput, QuotaExceeded, QuotaUsedUp, RequestClosed
from storage.intake.upload_session import UploadSession
from storage.resumable.assembling import assemble
from storage.resumable.cards import show_upload
from storage.resumable.live import Live
from storage.resumable.loading import is_raw
from storage.resumable.model import Outcome, Said, Uploader
from storage.resumable.rows import end
from storage.tables import ResumableUpload, Upload

if TYPE_CHECKING:
    from storage.resumable.uploads import Resumable


async def finish(uploads: "Resumable", live: Live, uploader: Uploader, row: ResumableUpload) -> None:
    """Make it a media. A refusal ends the upload; after anything else it is to be finished later.

    A day's quota that is used up is a refusal too: what nobody may keep today is not to fill the spool until tomorrow.
    """
    try:
        if is_raw(row):
            await _finish_raw(uploads, uploader, row)
        else:
            await uploads.load(live, uploader, row)
            assert live.session is not None
            await _accept(uploads, live.session, row)
    except (InvalidInput, QuotaExceeded, QuotaUsedUp, RequestClosed) as error:
        await uploads.drop(live, row, Outcome.REFUSED, error)
        raise
    finally:
        await live.let_go()


async def _accept(uploads: "Resumable", session: UploadSession, row: ResumableUpload) -> None:
    async def over(transaction: AsyncSession, media_id: int) -> None:
        await _end(uploads, transaction, row, media_id)

    received = await session.finish()
    accepted = await session.accept(received, Said.from_json(row.said).details, also=over)
    if accepted.existing:
        async with uploads.intake.sessions.begin() as transaction:
            await over(transaction, accepted.media.id)
        await session.discard(None)


async def _finish_raw(uploads: "Resumable", uploader: Uploader, row: ResumableUpload) -> None:
    """Where no digest can be resumed, the bytes were only kept: they pass through a session of their own now."""

    async def over(transaction: AsyncSession, media_id: int) -> None:
        await _end(uploads, transaction, row, media_id)
        await transaction.execute(delete(Upload).where(Upload.id == row.id))

    await assemble(uploads, uploader, [row], Said.from_json(row.said), over)
    await uploads.intake.spool.cut(row.media_key, 0, 0)
    uploads.intake.board.forget(UploadId(row.id))


async def _end(uploads: "Resumable", session: AsyncSession, row: ResumableUpload, media_id: int) -> None:
    """The upload has become the media: for itself, its invitation, and the card in the chat."""
    await end(session, UploadId(row.id), Outcome.KEPT, now=uploads.intake.clock.now(), media_id=media_id)
    if row.invitation_id is not None:
        await count_kept(session, row.invitation_id)
        await show_upload(session, row.invitation_id, row.id, media_id=media_id)
