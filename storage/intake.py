"""Taking in: the HTTP door's bytes become a media.

Receive → spool → acknowledge in one transaction. Parts that are finished before the end are recorded and shipped
while the rest arrives, as soon as it is known what their captions say and which channel they go to.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.attachments import attach_row
from storage.audit import record
from storage.captions import Facts
from storage.channels import bound_channels
from storage.clock import Clock
from storage.content import ContentType, default_category, file_type_of
from storage.database import Sessions
from storage.details import NO_DETAILS, Details
from storage.discarding import discard_upload
from storage.domain import (
    Caller,
    Category,
    FileType,
    Inspection,
    MediaKey,
    MediaStatus,
    PartState,
    UploadId,
    UploadPhase,
)
from storage.errors import MediagateError, ShuttingDown, UploadIdInUse
from storage.filenames import clean_filename
from storage.progress import Progress, ProgressBoard
from storage.receiving import Limits, Received, Receiver, SpooledPart
from storage.replacing import move_parts
from storage.spool import Spool
from storage.tables import Attachment, Media, Part, Upload
from storage.views import MediaView, media_view
from storage.wakeups import wake_shipper

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """What is known of an upload before its first byte. ``filename`` and ``declared_type`` are the client's word."""

    caller: Caller
    upload_id: UploadId | None = None
    filename: str | None = None
    declared_type: str | None = None
    size: int | None = None
    details: Details | None = None
    """Known already: parts may be shipped before the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """The acknowledgement. ``existing``: the caller asked for an own duplicate instead of another copy."""

    media: MediaView
    upload_id: UploadId
    existing: bool = False


class Intake:
    """Begins uploads, and ends them one way or the other."""

    def __init__(
        self, *, sessions: Sessions, spool: Spool, board: ProgressBoard, limits: Limits, clock: Clock, node: str
    ) -> None:
        self.sessions = sessions
        self.spool = spool
        self.board = board
        self.limits = limits
        self.clock = clock
        self.node = node
        self.closing = False

    @asynccontextmanager
    async def begin(self, arrival: Arrival) -> AsyncIterator["UploadSession"]:
        """An upload; leaving the context without `accept` drops every trace of it.

        Raises `ShuttingDown`, `SpoolFull`, `UploadIdInUse`, and `FileTooLarge` by the declared size alone.
        """
        if self.closing:
            raise ShuttingDown(retry_after=5)
        self.limits.require_size(arrival.size)
        self.spool.require_room(arrival.size or 1)
        if arrival.upload_id is not None:
            await self._require_free(arrival.upload_id)
        session = UploadSession(self, arrival)
        self.board.add(session.progress, session.key)
        try:
            yield session
        except BaseException as error:
            await session.discard(error)
            raise
        if not session.accepted:
            await session.discard(None)

    async def _require_free(self, upload_id: UploadId) -> None:
        if self.board.get(upload_id) is None:
            async with self.sessions.begin() as session:
                if await session.get(Upload, upload_id) is None:
                    return
        raise UploadIdInUse(upload_id=str(upload_id))


class UploadSession:
    """One file being taken in. Made by `Intake.begin`."""

    def __init__(self, intake: Intake, arrival: Arrival) -> None:
        self._intake = intake
        self._arrival = arrival
        self._caller = arrival.caller
        self.upload_id = arrival.upload_id or UploadId(uuid4())
        self.key = MediaKey(uuid4())
        self.accepted = False
        self._details = arrival.details
        self._recorded = 0
        self._waiting: list[SpooledPart] = []
        self._received_at = intake.clock.now()
        self.progress = Progress(
            upload_id=self.upload_id,
            owner=arrival.caller.owner,
            filename=clean_filename(arrival.filename, mime=None),
            total_bytes=arrival.size,
        )
        self._receiver = Receiver(
            spool=intake.spool,
            limits=intake.limits,
            media_key=self.key,
            progress=self.progress,
            declared_type=arrival.declared_type,
            filename=arrival.filename,
            on_part=self._part_finished,
        )

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises what `Receiver.write` raises."""
        await self._receiver.write(chunk)

    async def finish(self, *, sha256: bytes | None = None) -> Received:
        """The last byte has come; ``sha256`` is what the client declared. Raises what `Receiver.finish` raises."""
        return await self._receiver.finish(sha256=sha256, size=self._arrival.size)

    async def accept(self, received: Received, details: Details) -> Accepted:
        """Make the file durable and visible: the acknowledgement. Everything before can be undone, this not.

        Raises `ChannelNotBound` where no channel takes this category.
        """
        if details.return_duplicate and (existing := await self._own_duplicate(received, details)) is not None:
            return Accepted(media=existing, upload_id=self.upload_id, existing=True)
        unrecorded = [*self._waiting, received.last]
        await self._intake.spool.sync(self.key, range(received.last.index + 1))
        async with self._intake.sessions.begin() as session:
            media = await self._insert_media(session, received, details)
            await session.flush()
            await self._settle_upload(session, media, received)
            await self._adopt_parts(session, media, unrecorded)
            if details.request_number is not None:
                await attach_row(session, media, details.request_number, by=self._caller.owner)
            record(session, self._caller.owner, "taken_in", media_id=media.id, detail={"source": "http"})
            await session.flush()
            view = await media_view(session, media)
        self.accepted = True
        self.progress.accepted(view.id, received.last.index + 1)
        log.info("media_accepted", media_id=view.id, size=view.file_size, content_type=view.content_type)
        return Accepted(media=view, upload_id=self.upload_id)

    async def discard(self, error: BaseException | None) -> None:
        """Drop the upload: spool files, rows, and what was shipped of it."""
        await self._receiver.close()
        if self.accepted:
            return
        self.progress.failed(_shown(error))
        await discard_upload(
            self._intake.sessions, self._intake.spool, self.key, spooled=self._receiver.parts_begun,
            recorded=self._recorded > 0,
        )  # fmt: skip
        log.info("upload_discarded", upload_id=str(self.upload_id), reason=_shown(error).get("code"))

    async def _part_finished(self, part: SpooledPart, content_type: ContentType) -> None:
        if self._details is None:
            self._waiting.append(part)
            return
        async with self._intake.sessions.begin() as session:
            if not self._recorded:
                await bound_channels(session, self._category(self._details, content_type).purpose)
                session.add(self._upload_row(content_type))
                await session.flush()
            row = self._part_row(part, self._category(self._details, content_type), media_id=None, last=False)
            session.add(row)
            await session.flush()
            await wake_shipper(session, row)
        self._recorded += 1

    def _category(self, details: Details, content_type: ContentType) -> Category:
        return details.category or Category(default_category(file_type_of(content_type.mime)))

    def _upload_row(self, content_type: ContentType, phase: UploadPhase = UploadPhase.RECEIVING) -> Upload:
        details = self._details or NO_DETAILS
        facts = Facts(
            filename=clean_filename(self._arrival.filename, mime=content_type.mime),
            content_type=content_type.mime,
            file_type=file_type_of(content_type.mime),
            category=self._category(details, content_type),
            request_numbers=() if details.request_number is None else (details.request_number,),
            tags=details.tags,
            description=details.description,
            who=self._caller.owner,
            when=self._received_at.isoformat(),
        )
        return Upload(
            id=self.upload_id,
            media_key=self.key,
            owner=self._caller.owner,
            node=self._intake.node,
            phase=phase,
            details=facts.as_json(),
            filename=facts.filename,
            total_bytes=self._arrival.size,
        )

    def _part_row(self, part: SpooledPart, category: Category, *, media_id: int | None, last: bool) -> Part:
        return Part(
            media_key=self.key,
            media_id=media_id,
            upload_id=self.upload_id,
            index=part.index,
            offset=part.offset,
            size=part.size,
            sha256=part.sha256,
            last=last,
            state=PartState.SPOOLED,
            origin="spool",
            node=self._intake.node,
            purpose=category.purpose,
        )

    async def _insert_media(self, session: AsyncSession, received: Received, details: Details) -> Media:
        mime = received.content_type.mime
        category = self._category(details, received.content_type)
        await bound_channels(session, category.purpose)
        media = Media(
            key=self.key,
            owner=self._caller.owner,
            uploaded_by=details.uploaded_by,
            source="http",
            filename=clean_filename(self._arrival.filename, mime=mime),
            file_size=received.size,
            content_type=mime,
            file_type=FileType(file_type_of(mime)),
            category=category,
            purpose=category.purpose,
            description=details.description,
            tags=list(details.tags),
            external_id=details.external_id,
            sha256=received.sha256,
            status=MediaStatus.ACTIVE,
            inspection=Inspection.DONE,
            verified=True,
            duplicate_of=await session.scalar(self._same_bytes(received)),
            uploaded_at=self._received_at,
        )
        session.add(media)
        return media

    async def _settle_upload(self, session: AsyncSession, media: Media, received: Received) -> None:
        if not self._recorded:
            session.add(self._upload_row(received.content_type, UploadPhase.STORING))
            await session.flush()
        await session.execute(
            update(Upload)
            .where(Upload.id == self.upload_id)
            .values(
                phase=UploadPhase.STORING,
                media_id=media.id,
                received_bytes=received.size,
                total_bytes=received.size,
                finished_at=func.now(),
            )
        )

    async def _adopt_parts(self, session: AsyncSession, media: Media, unrecorded: list[SpooledPart]) -> None:
        if self._recorded:
            await session.execute(update(Part).where(Part.media_key == self.key).values(media_id=media.id))
            await move_parts(session, self.key, media.purpose)
        for part in unrecorded:
            row = self._part_row(part, media.category, media_id=media.id, last=part is unrecorded[-1])
            session.add(row)
            await session.flush()
            await wake_shipper(session, row)

    def _same_bytes(self, received: Received):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return (
            select(func.min(Media.id))
            .where(Media.owner == self._caller.owner, Media.sha256 == received.sha256)
            .where(Media.status.not_in((MediaStatus.DELETING, MediaStatus.DELETED)))
        )

    async def _own_duplicate(self, received: Received, details: Details) -> MediaView | None:
        query = (
            select(Media)
            .where(Media.owner == self._caller.owner, Media.sha256 == received.sha256)
            .where(Media.status.not_in((MediaStatus.DELETING, MediaStatus.DELETED)))
            .order_by(Media.id)
            .limit(1)
        )
        if details.request_number is not None:
            attached = select(Attachment.media_id).where(Attachment.request_number == details.request_number)
            query = query.where(Media.id.in_(attached))
        async with self._intake.sessions.begin() as session:
            media = await session.scalar(query)
            return None if media is None else await media_view(session, media)


def _shown(error: BaseException | None) -> dict[str, object]:
    if isinstance(error, MediagateError):
        return {"code": error.code, **error.fields}
    return {"code": "upload_aborted" if error is None else "upload_interrupted"}
