"""Putting uploads together: runs of a file that came side by side become one media."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.callers.invitations import claim, count_kept
from storage.domain import MediaKey, UploadId
from storage.errors import EmptyFile, QuotaExceeded, QuotaUsedUp, UnfinishedParts
from storage.intake.arrivals import Accepted, Arrival
from storage.resumable.cards import show_upload
from storage.resumable.model import Creation, Kind, Outcome, Said, Status, Uploader
from storage.resumable.rows import of_uploader, status_of
from storage.tables import ResumableUpload, Upload

if TYPE_CHECKING:
    from storage.resumable.uploads import Resumable

Over = Callable[[AsyncSession, int], Awaitable[None]]
"""What ends the uploads, in the transaction that makes the media of this id."""


async def assemble(
    uploads: "Resumable",
    uploader: Uploader,
    rows: Sequence[ResumableUpload],
    said: Said,
    over: Over,
    *,
    upload_id: UploadId | None = None,
    key: MediaKey | None = None,
) -> Accepted:
    """Make one media of the bytes of ``rows``, in order. Raises what `Intake.begin` and its session raise."""
    intake, total = uploads.intake, sum(row.offset for row in rows)
    arrival = Arrival(
        caller=uploader.caller,
        upload_id=upload_id,
        filename=said.filename,
        declared_type=said.declared_type,
        size=total,
        invitation_id=rows[0].invitation_id,
        details=said.details,
    )
    async with intake.begin(arrival, key=key) as session:
        for row in rows:
            await _copy(uploads, row, session.write)
        received = await session.finish()
        accepted = await session.accept(received, said.details, also=over)
        if accepted.existing:
            async with intake.sessions.begin() as transaction:
                await over(transaction, accepted.media.id)
        return accepted


async def concatenate(uploads: "Resumable", uploader: Uploader, ids: Sequence[UploadId], creation: Creation) -> Status:
    """The final upload of these partial ones, complete at once. The same again gives the same.

    Raises `UnfinishedParts`, `EmptyFile`, `FileTooLarge`, and what `assemble` and `claim` raise.
    """
    rows = await _partials(uploads, uploader, ids)
    if (final := await _earlier(uploads, uploader, rows, creation)) is not None:
        return final
    for row in rows:
        if row.kind != Kind.PARTIAL or row.outcome is not None or row.offset != row.length:
            raise UnfinishedParts(upload_id=str(row.id))
    total = sum(row.offset for row in rows)
    uploads.require_size(uploader, total)
    if total == 0:
        raise EmptyFile
    upload_id, key = UploadId(uuid4()), MediaKey(uuid4())
    made = _final_row(uploads, uploader, creation, upload_id=upload_id, key=key, total=total)

    async def over(session: AsyncSession, media_id: int) -> None:
        if uploader.invited is not None:
            await claim(session, uploader.invited.id, total, made.created_at, begun=True)
            await count_kept(session, uploader.invited.id)
            await show_upload(session, uploader.invited.id, upload_id, media_id=media_id)
        await _join(session, ids, upload_id, made)
        made.media_id = media_id
        session.add(made)

    try:
        await assemble(uploads, uploader, rows, creation.said, over, upload_id=upload_id, key=key)
    except (QuotaExceeded, QuotaUsedUp) as error:
        for row in rows:
            async with uploads.live.using(UploadId(row.id)) as live, live.lock:
                await uploads.drop(live, row, Outcome.REFUSED, error)
        raise
    await _clear(uploads, rows)
    return status_of(made)


async def _partials(uploads: "Resumable", uploader: Uploader, ids: Sequence[UploadId]) -> list[ResumableUpload]:
    async with uploads.intake.sessions.begin() as session:
        query = select(ResumableUpload).where(ResumableUpload.id.in_(ids), of_uploader(uploader))
        found = {row.id: row for row in (await session.scalars(query)).all()}
    missing = next((upload_id for upload_id in ids if upload_id not in found), None)
    if missing is not None:
        raise UnfinishedParts(upload_id=str(missing))
    return [found[upload_id] for upload_id in ids]


async def _earlier(
    uploads: "Resumable", uploader: Uploader, rows: Sequence[ResumableUpload], creation: Creation
) -> Status | None:
    """The final upload that a call whose answer was lost has made of the same."""
    finals = {row.final_id for row in rows}
    if len(finals) != 1 or None in finals:
        return None
    async with uploads.intake.sessions.begin() as session:
        query = select(ResumableUpload).where(ResumableUpload.id == finals.pop(), of_uploader(uploader))
        final = await session.scalar(query)
    same = final is not None and final.concat_header == creation.concat_header and final.outcome == Outcome.KEPT
    return status_of(final) if final is not None and same else None


def _final_row(
    uploads: "Resumable", uploader: Uploader, creation: Creation, *, upload_id: UploadId, key: MediaKey, total: int
) -> ResumableUpload:
    now = uploads.intake.clock.now()
    return ResumableUpload(
        id=upload_id,
        media_key=key,
        owner=uploader.caller.owner,
        node=uploads.intake.node,
        invitation_id=uploader.invitation_id,
        kind=Kind.FINAL,
        length=total,
        offset=total,
        said=creation.said.as_json(),
        metadata_header=creation.metadata_header,
        concat_header=creation.concat_header,
        outcome=Outcome.KEPT,
        created_at=now,
        expires_at=now + uploads.expiry,
        ended_at=now,
    )


async def _join(session: AsyncSession, ids: Sequence[UploadId], final_id: UploadId, made: ResumableUpload) -> None:
    """The partial ones are over. Raises `UnfinishedParts` where somebody ended one of them meanwhile."""
    partials = ResumableUpload.id.in_(ids) & ResumableUpload.outcome.is_(None)
    values = {"outcome": Outcome.JOINED, "ended_at": made.created_at, "final_id": final_id}
    joined = await session.scalars(
        update(ResumableUpload).where(partials).values(**values).returning(ResumableUpload.id)
    )
    if (lost := set(ids) - {UploadId(found) for found in joined}) != set():
        raise UnfinishedParts(upload_id=str(lost.pop()))
    await session.execute(delete(Upload).where(Upload.id.in_(ids)))


async def _clear(uploads: "Resumable", rows: Sequence[ResumableUpload]) -> None:
    for row in {row.id: row for row in rows}.values():
        upload_id = UploadId(row.id)
        async with uploads.live.using(upload_id) as live, live.lock:
            await live.let_go()
        await uploads.intake.spool.cut(row.media_key, 0, 0)
        uploads.intake.board.forget(upload_id)


async def _copy(uploads: "Resumable", row: ResumableUpload, write: Callable[[bytes], Awaitable[None]]) -> None:
    spool = uploads.intake.spool
    if not row.offset:
        return
    try:
        async for piece in spool.read(spool.path(row.media_key, 0), 0, row.offset):
            await write(piece)
    except FileNotFoundError as error:
        raise UnfinishedParts(upload_id=str(row.id)) from error
