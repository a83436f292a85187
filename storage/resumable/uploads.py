"""The use cases of resumable uploads: create, ask, write, terminate."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

import structlog

from storage.callers.invitations import claim
from storage.callers.quotas import require_room
from storage.domain import MediaKey, UploadId
from storage.errors import (
    EmptyFile,
    FileTooLarge,
    MediagateError,
    ShuttingDown,
    UploadElsewhere,
    UploadGone,
    UploadNotFound,
)
from storage.intake.arrivals import Arrival
from storage.intake.discarding import discard_upload
from storage.intake.progress import Progress
from storage.intake.taking_in import Intake
from storage.intake.upload_session import new_progress
from storage.resumable.assembling import concatenate
from storage.resumable.cards import show_upload
from storage.resumable.checksums import Checksum
from storage.resumable.contract import Resumption
from storage.resumable.finishing import finish
from storage.resumable.journal import UploadJournal
from storage.resumable.live import Live, LiveUploads
from storage.resumable.loading import read_kept, start_of
from storage.resumable.model import Creation, Kind, Outcome, Said, Status, Uploader
from storage.resumable.rows import end, find, new_rows, require_place, status_of
from storage.resumable.writing import Writing
from storage.tables import ResumableUpload

log = structlog.get_logger(__name__)

_RESTART_SECONDS = 5


class Resumable:
    """Uploads that survive a broken connection, and the end of the client or of this process, at any byte."""

    def __init__(self, intake: Intake, expiry: timedelta, *, most_open: int) -> None:
        self.intake = intake
        self.expiry = expiry
        self.most_open = most_open
        self.live = LiveUploads()

    def stop(self) -> None:
        """The process ends: have every writer write down what it has, and end."""
        self.live.stop_all()

    async def create(self, uploader: Uploader, creation: Creation) -> Status:
        """Begin an upload.

        Raises `ShuttingDown`, `SpoolFull`, `FileTooLarge`, `EmptyFile`, `TooManyUploads`, what `require_room` raises,
        what `RequestGate.admit` raises, and by an invitation what `claim` raises.
        """
        intake, now = self.intake, self.intake.clock.now()
        if intake.closing:
            raise ShuttingDown(retry_after=_RESTART_SECONDS)
        if creation.length == 0 and not creation.partial:
            # Complete as soon as it is created: clients would take the creation for the acknowledgement.
            raise EmptyFile
        intake.limits.require_size(creation.length)
        intake.spool.require_room(creation.length or 1)
        upload_id, key = UploadId(uuid4()), MediaKey(uuid4())
        upload, row = new_rows(
            uploader, creation, upload_id=upload_id, key=key, node=intake.node, now=now, until=now + self.expiry
        )
        await require_room(intake.sessions, uploader.caller, creation.length)
        if (number := creation.said.details.request_number) is not None:
            override = creation.said.details.override
            await intake.gate.admit(uploader.caller, [number], override=override)
        async with intake.sessions.begin() as session:
            if uploader.invited is not None:
                await claim(session, uploader.invited.id, creation.length, now, partial=creation.partial)
            await require_place(session, uploader, self.most_open)
            session.add_all([upload, row])
            await session.flush()
            if not creation.partial:
                await show_upload(session, uploader.invitation_id, upload_id)
        # Watchers may be there before the first byte: they look here, and not into the database again and again.
        intake.board.add(new_progress(upload_id, self._arrival(uploader, row)), key)
        log.info("upload_created", upload_id=str(upload_id), length=creation.length, kind=row.kind)
        return status_of(row)

    async def concatenate(self, uploader: Uploader, ids: Sequence[UploadId], creation: Creation) -> Status:
        """Make one media of complete partial uploads. Raises what `concatenate` raises."""
        if self.intake.closing:
            raise ShuttingDown(retry_after=_RESTART_SECONDS)
        return await concatenate(self, uploader, ids, creation)

    async def status(self, uploader: Uploader, upload_id: UploadId) -> Status:
        """Where the upload stands: what came before this call is made durable, and told.

        Raises `UploadNotFound`, `UploadGone`, and what finishing raises for one whose last byte is in already.
        """
        async with self.live.using(upload_id) as live, live.lock:
            row = await self.open_row(uploader, upload_id)
            if live.session is not None and not live.session.receiver.held:
                await self.checkpoint(live)
                row = await self.open_row(uploader, upload_id)
            if row.outcome is None and row.kind == Kind.WHOLE and row.offset == row.length:
                await finish(self, live, uploader, row)
                row = await self.open_row(uploader, upload_id)
            return status_of(row)

    @asynccontextmanager
    async def writing(
        self,
        uploader: Uploader,
        upload_id: UploadId,
        *,
        offset: int,
        size: int | None,
        length: int | None = None,
        checksum: Checksum | None = None,
        stop: Callable[[], None],
    ) -> AsyncIterator[Writing]:
        """Write from ``offset`` on: ``size`` bytes where that is known. ``length`` is that of the whole, told late.

        ``stop`` is called when a newer writer comes. What was written when the context is left early stays, but for
        a chunk with a checksum. Raises `UploadNotFound`, `UploadGone`, `FinalUpload`, `WrongOffset`,
        `FileTooLarge`, `InvalidFields`, `UploadTakenOver` and `UploadElsewhere`.
        """
        async with self.live.using(upload_id) as live:
            if live.users > 1:
                await self.open_row(uploader, upload_id)  # nobody but its uploader is to stop the writer
            async with live.slot.held(stop):
                writing = Writing(self, uploader, live, checksum)
                try:
                    await writing.begin(upload_id, offset=offset, size=size, length=length)
                    yield writing
                finally:
                    await writing.close()

    async def terminate(self, uploader: Uploader, upload_id: UploadId) -> None:
        """End the upload and drop its bytes; a media that it became stays. Raises `UploadNotFound`, `UploadGone`."""
        await self.open_row(uploader, upload_id)
        async with self.live.using(upload_id) as live, live.slot.held(lambda: None), live.lock:
            row = await self.open_row(uploader, upload_id)
            if row.outcome is None:
                await self.drop(live, row, Outcome.TERMINATED)
                return
            async with self.intake.sessions.begin() as session:
                kept = await session.get(ResumableUpload, upload_id)
                if kept is not None:
                    kept.outcome = Outcome.TERMINATED

    async def abandon(self, uploader: Uploader, upload_id: UploadId) -> None:
        """End an upload that nobody knows of, unless it has ended."""
        with suppress(UploadGone, UploadNotFound):
            await self.terminate(uploader, upload_id)

    async def open_row(self, uploader: Uploader, upload_id: UploadId) -> ResumableUpload:
        """Raises what `find` raises, `UploadElsewhere`, and `UploadGone` for one that has expired."""
        row = await find(self.intake.sessions, uploader, upload_id)
        if row.outcome is None and row.expires_at <= self.intake.clock.now():
            raise UploadGone(upload_id=str(upload_id), reason=Outcome.EXPIRED)
        if row.outcome is None and row.node != self.intake.node:
            raise UploadElsewhere(retry_after=1)
        return row

    async def load(self, live: Live, uploader: Uploader, row: ResumableUpload) -> None:
        """Have the upload in memory. Raises `UploadGone` where its bytes are lost."""
        if live.session is not None:
            return
        intake, key, upload_id = self.intake, MediaKey(row.media_key), UploadId(row.id)
        arrival = self._arrival(uploader, row)
        async with intake.sessions.begin() as session:
            kept = await read_kept(session, row)
        try:
            start = await start_of(intake.spool, kept, intake.limits.part_size)
        except UploadGone:
            await self.drop(live, row, Outcome.REFUSED)
            raise
        journal = UploadJournal(
            sessions=intake.sessions,
            spool=intake.spool,
            clock=intake.clock,
            expiry=self.expiry,
            upload_id=upload_id,
            key=key,
            told=row.offset,
            until=row.expires_at,
        )
        progress = self._progress(row, arrival)
        resumption = Resumption(
            key=key,
            received_at=row.created_at,
            start=start,
            journal=journal,
            progress=progress,
            described=bool(kept.parts),
        )
        live.session, live.journal = intake.resume(arrival, resumption), journal
        async with intake.sessions.begin() as session:
            # Whatever is stored from here on is told to the progress as well: a part told of twice counts once.
            progress.stored |= (await read_kept(session, row)).stored
        await live.session.receiver.hand_on()

    async def checkpoint(self, live: Live) -> None:
        """Make durable what has come. What is held under a checksum has not."""
        assert live.session is not None
        assert live.journal is not None
        receiver = live.session.receiver
        await receiver.settle()
        await live.journal.reached(live.session.progress.received_bytes, receiver.parts_begun - 1)

    async def drop(
        self, live: Live, row: ResumableUpload, outcome: Outcome, error: MediagateError | None = None
    ) -> None:
        """End an upload that does not become a media, and everything that is left of it."""
        intake, key, upload_id = self.intake, MediaKey(row.media_key), UploadId(row.id)
        reason = {"code": f"upload_{outcome}"} if error is None else {"code": error.code, **error.fields}
        async with intake.sessions.begin() as session:
            ended = await end(session, upload_id, outcome, now=intake.clock.now())
            if ended and row.kind != Kind.PARTIAL:
                told = {**reason, "filename": Said.from_json(row.said).filename}
                await show_upload(session, row.invitation_id, upload_id, error=told)
            kept = await read_kept(session, row)
        await live.let_go()
        if not ended:
            return
        progress = intake.board.get(upload_id)
        if progress is not None and not progress.ended:
            progress.failed(reason)
        await discard_upload(intake.sessions, intake.spool, key, spooled=len(kept.parts), recorded=True)
        await intake.spool.cut(key, len(kept.parts), 0)
        log.info("upload_dropped", upload_id=str(upload_id), outcome=outcome.value)

    def limit_of(self, uploader: Uploader) -> int:
        """Bytes that a file of this uploader may have."""
        most = self.intake.limits.max_file_size
        return most if uploader.invited is None else min(most, uploader.invited.max_size)

    def require_size(self, uploader: Uploader, size: int) -> None:
        limit = self.limit_of(uploader)
        if size > limit:
            raise FileTooLarge(limit=limit, size=size)

    def _progress(self, row: ResumableUpload, arrival: Arrival) -> Progress:
        """The one that watchers know, where there is one."""
        progress = self.intake.board.get(UploadId(row.id))
        if progress is None or progress.ended:
            progress = new_progress(UploadId(row.id), arrival)
        unmoved = progress.received_bytes == 0
        progress.rewound(row.offset)
        if unmoved:
            progress.begins()
        return progress

    @staticmethod
    def _arrival(uploader: Uploader, row: ResumableUpload) -> Arrival:
        said = Said.from_json(row.said)
        return Arrival(
            caller=uploader.caller,
            upload_id=UploadId(row.id),
            filename=said.filename,
            declared_type=said.declared_type,
            size=row.length,
            invitation_id=row.invitation_id,
            details=said.details,
        )
