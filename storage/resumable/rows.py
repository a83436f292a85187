"""The rows of resumable uploads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Update, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Sessions
from storage.domain import MediaId, UploadId, UploadPhase
from storage.errors import TooManyUploads, UploadGone, UploadNotFound
from storage.filenames import clean_filename
from storage.plain_statements import fetch_row, plain
from storage.resumable.model import Creation, Kind, Outcome, Status, Uploader
from storage.tables import ResumableUpload, Upload
from storage.tables.many import bare

_PLACE_SECONDS = 60
_ROWS, _UPLOADS = bare(ResumableUpload).c, bare(Upload).c


def _advance(**more: BindParameter[Any]) -> Update:
    """Both rows in one statement: it is run with every chunk, and would else need a transaction around it."""
    reached = bindparam("reached", type_=BigInteger)
    until = bindparam("until", type_=_ROWS.expires_at.type)
    told = {"offset": func.greatest(_ROWS.offset, reached), "expires_at": until}
    mine = _ROWS.id == bindparam("upload_id", type_=_ROWS.id.type)
    moved = update(bare(ResumableUpload)).where(mine).values(**told, **more).returning(_ROWS.id).cte("moved")
    received = func.greatest(_UPLOADS.received_bytes, reached)
    its = _UPLOADS.id == select(moved.c.id).scalar_subquery()
    return update(bare(Upload)).where(its).values(received_bytes=received)


_ADVANCE = plain(_advance())
_ADVANCE_TO_PART = _advance(digest_state=bindparam("digest_state", type_=_ROWS.digest_state.type))
_FIND = plain(select(*_ROWS).where(_ROWS.id == bindparam("upload_id", type_=_ROWS.id.type)))


def of_uploader(uploader: Uploader) -> ColumnElement[bool]:
    """Whose uploads these are: the owner's, and by an invitation only its own."""
    own = ResumableUpload.owner == uploader.caller.owner
    return own if uploader.invited is None else own & (ResumableUpload.invitation_id == uploader.invited.id)


async def require_place(session: AsyncSession, uploader: Uploader, most: int) -> None:
    """In the transaction that begins one more upload: so that nobody fills the tables. Raises `TooManyUploads`.

    Those by an invitation count for the invitation, and do not keep who gave it from uploading.
    """
    owner = uploader.caller.owner
    whose = f"{owner}#{uploader.invitation_id or ''}"
    # Beginnings of the same owner wait for each other, else many at once would all find room.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(whose, 0))))
    own = (ResumableUpload.owner == owner) & ResumableUpload.invitation_id.is_not_distinct_from(uploader.invitation_id)
    still_open = select(func.count()).where(own, ResumableUpload.outcome.is_(None))
    if (await session.scalar(still_open) or 0) >= most:
        raise TooManyUploads(limit=most, retry_after=_PLACE_SECONDS)


async def find(sessions: Sessions, uploader: Uploader, upload_id: UploadId) -> ResumableUpload:
    """The row as it is now, of no session. It is asked for with every request.

    Raises `UploadNotFound`, and `UploadGone` for one that was terminated, refused or has expired.
    """
    found = await fetch_row(sessions, _FIND, upload_id=upload_id)
    if found is None or not _is_of(found, uploader):
        raise UploadNotFound(upload_id=str(upload_id))
    row = ResumableUpload(**found)
    if row.outcome is not None and row.outcome != Outcome.KEPT:
        raise UploadGone(upload_id=str(upload_id), reason=row.outcome)
    return row


def _is_of(found: Mapping[str, Any], uploader: Uploader) -> bool:
    """As `of_uploader`."""
    own: bool = found["owner"] == uploader.caller.owner
    return own and (uploader.invited is None or found["invitation_id"] == uploader.invited.id)


def status_of(row: ResumableUpload) -> Status:
    return Status(
        upload_id=UploadId(row.id),
        kind=Kind(row.kind),
        offset=row.offset,
        length=row.length,
        metadata_header=row.metadata_header,
        concat_header=row.concat_header,
        expires_at=row.expires_at,
        media_id=None if row.media_id is None else MediaId(row.media_id),
    )


def new_rows(
    uploader: Uploader,
    creation: Creation,
    *,
    upload_id: UploadId,
    key: object,
    node: str,
    now: datetime,
    until: datetime,
) -> tuple[Upload, ResumableUpload]:
    """The upload as its progress shows it, and what it needs to go on."""
    said, owner = creation.said, uploader.caller.owner
    upload = Upload(
        id=upload_id,
        media_key=key,
        owner=owner,
        node=node,
        phase=UploadPhase.RECEIVING,
        details={},
        invitation_id=uploader.invitation_id,
        filename=clean_filename(said.filename, mime=None),
        total_bytes=creation.length,
        created_at=now,
    )
    resumable = ResumableUpload(
        id=upload_id,
        media_key=key,
        owner=owner,
        node=node,
        invitation_id=uploader.invitation_id,
        kind=Kind.PARTIAL if creation.partial else Kind.WHOLE,
        length=creation.length,
        offset=0,
        said=said.as_json(),
        metadata_header=creation.metadata_header,
        concat_header=creation.concat_header,
        created_at=now,
        expires_at=until,
    )
    return upload, resumable


async def advance(sessions: Sessions, upload_id: UploadId, offset: int, *, until: datetime) -> None:
    """So much is durable, in a transaction of its own. Never takes anything back."""
    await fetch_row(sessions, _ADVANCE, upload_id=upload_id, reached=offset, until=until)


async def advance_to_part(
    session: AsyncSession, upload_id: UploadId, offset: int, *, until: datetime, digest_state: bytes | None
) -> None:
    """The same where a part ended, with what the digest of the whole goes on from."""
    reached = {"upload_id": upload_id, "reached": offset, "until": until, "digest_state": digest_state}
    await session.execute(_ADVANCE_TO_PART, reached)


async def set_length(session: AsyncSession, upload_id: UploadId, length: int) -> None:
    await session.execute(update(ResumableUpload).where(ResumableUpload.id == upload_id).values(length=length))
    await session.execute(update(Upload).where(Upload.id == upload_id).values(total_bytes=length))


async def end(
    session: AsyncSession, upload_id: UploadId, outcome: Outcome, *, now: datetime, media_id: int | None = None
) -> bool:
    """The upload is over; False where it was already."""
    still_open = (ResumableUpload.id == upload_id) & ResumableUpload.outcome.is_(None)
    values = {"outcome": outcome, "ended_at": now, "media_id": media_id}
    ended = update(ResumableUpload).where(still_open).values(**values).returning(ResumableUpload.id)
    return await session.scalar(ended) is not None
