"""One file on its way in: chunks, then the acknowledgement in one transaction, or nothing at all.

Parts that are finished before the end are recorded and shipped while the rest arrives, as soon as it is known what
their captions say and which channel they go to.
"""

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from storage.clock import Clock
from storage.content import ContentType
from storage.database import Sessions
from storage.details import NO_DETAILS, Details
from storage.domain import EventType, MediaKey, UploadId
from storage.errors import MediagateError
from storage.events.outbox import tell_of_upload
from storage.filenames import clean_filename
from storage.intake.arrivals import Accepted, Arrival
from storage.intake.discarding import discard_upload
from storage.intake.early_parts import EarlyPart, EarlyParts
from storage.intake.entering import Also, Entering, Entry
from storage.intake.media_rows import described
from storage.intake.progress import Progress
from storage.intake.receiving import Limits, Received, Receiver, SpooledPart
from storage.intake.upload_rows import Origin, media_values, own_duplicates
from storage.spool import Spool
from storage.tables import Media
from storage.views import MediaView, media_view
from storage.work_orders.gate import Check, RequestGate

if TYPE_CHECKING:
    from storage.resumable.contract import Resumption

log = structlog.get_logger(__name__)

_AWAY = (DBAPIError, OSError)
"""What is raised where PostgreSQL goes away."""


class Means(Protocol):
    """What receiving works with; `Intake` has it."""

    @property
    def sessions(self) -> Sessions: ...
    @property
    def spool(self) -> Spool: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def node(self) -> str: ...
    @property
    def gate(self) -> RequestGate: ...
    @property
    def enter(self) -> Entering: ...
    @property
    def early(self) -> EarlyParts: ...


class UploadSession:
    """Made by `Intake.begin`, which also ends it. Not safe for concurrent calls."""

    def __init__(
        self,
        intake: Means,
        arrival: Arrival,
        *,
        key: MediaKey | None = None,
        resumption: "Resumption | None" = None,
    ) -> None:
        self._sessions = intake.sessions
        self._spool = intake.spool
        self._arrival = arrival
        self.upload_id = arrival.upload_id or UploadId(uuid4())
        self.key = resumption.key if resumption else key or MediaKey(uuid4())
        self.accepted = False
        self._in_doubt = False
        self._details = arrival.details
        self._journal = None if resumption is None else resumption.journal
        self._has_rows = resumption is not None
        self._described = resumption is not None and resumption.described
        self._waiting: list[SpooledPart] = []
        self._gate = intake.gate
        self._enter = intake.enter
        self._early = intake.early
        self._near: int | None = None
        self._check: Check | None = None
        self._origin = Origin(
            upload_id=self.upload_id,
            key=self.key,
            owner=arrival.caller.owner,
            node=intake.node,
            filename=arrival.filename,
            invitation_id=arrival.invitation_id,
            received_at=intake.clock.now() if resumption is None else resumption.received_at,
        )
        self.progress = resumption.progress if resumption else new_progress(self.upload_id, arrival)
        self._receiver = Receiver(
            spool=intake.spool,
            limits=intake.limits,
            media_key=self.key,
            progress=self.progress,
            declared_type=arrival.declared_type,
            filename=arrival.filename,
            on_part=self._part_finished,
            start=None if resumption is None else resumption.start,
            waits=self._details is None,
        )

    @property
    def receiver(self) -> Receiver:
        """For what only resumable uploads do: settle, hold, take back."""
        return self._receiver

    def look_ahead(self) -> None:
        """Ask about the request's number while the bytes arrive, where it is known before them."""
        if self._details is not None:
            number, override = self._details.request_number, self._details.override
            self._check = self._gate.begin(self._arrival.caller, number, override=override)

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises what `Receiver.write` raises, and what is to be said of the request's number."""
        if self._check is not None:
            self._check.require_no_refusal()
        await self._receiver.write(chunk)

    def announce(self, size: int) -> None:
        """The length that was not known at the beginning."""
        self._arrival = replace(self._arrival, size=size)
        self.progress.total_bytes = size

    async def finish(self, *, sha256: bytes | None = None) -> Received:
        """The last byte has come; ``sha256`` is what the client declared. Raises what `Receiver.finish` raises."""
        return await self._receiver.finish(sha256=sha256, size=self._arrival.size)

    async def accept(self, received: Received, details: Details, *, also: Also | None = None) -> Accepted:
        """Make the file durable and visible: the acknowledgement. Everything before can be undone, this not.

        ``also`` is not done where an existing media is given instead. Who is cancelled meanwhile waits for the end: it
        must not undo what the commit made visible. Raises what `RequestGate.admit` and `Entering` raise.
        """
        accepting = asyncio.ensure_future(self._accept(received, details, also))
        try:
            return await asyncio.shield(accepting)
        except asyncio.CancelledError:
            await asyncio.wait({accepting})
            raise

    async def _accept(self, received: Received, details: Details, also: Also | None) -> Accepted:
        details = await self._admitted(details)
        if details.return_duplicate and (existing := await self._own_duplicate(received, details)) is not None:
            self.progress.accepted(existing.id, 0)
            return Accepted(media=existing, upload_id=self.upload_id, existing=True)
        if received.last.index > 0 or not received.last.synced:
            await self._spool.sync(self.key, range(received.last.index + 1))
        media = media_values(self._origin, received, details)
        entry = Entry(
            caller=self._arrival.caller,
            origin=self._origin,
            received=received,
            details=details,
            parts=(*self._waiting, received.last),
            told_early=self._details or NO_DETAILS,
            recorded=self._has_rows,
            media=media,
            row=described(media, details.numbers),
            near=self._near,
            also=also,
        )
        try:
            view = await self._enter(entry)
        except _AWAY as error:
            view = await self._kept_all_the_same(error)
        self.accepted = True
        self.progress.accepted(view.id, received.last.index + 1)
        log.info("media_accepted", media_id=view.id, size=view.file_size, content_type=view.content_type)
        return Accepted(media=view, upload_id=self.upload_id)

    async def _kept_all_the_same(self, error: Exception) -> MediaView:
        """PostgreSQL went away; perhaps only the answer to the commit was lost. Raises ``error`` otherwise."""
        try:
            async with self._sessions.begin() as session:
                media = await session.scalar(select(Media).where(Media.key == self.key))
                view = None if media is None else await media_view(session, media)
        except _AWAY:
            self._in_doubt = True
            raise error from None
        if view is None:
            raise error
        return view

    async def discard(self, error: BaseException | None) -> None:
        """Drop the upload: spool files, rows, and what was shipped of it. A cancellation does not stop it.

        Where nobody knows whether it was acknowledged, the next start does that, or finds it whole.
        """
        await self._receiver.close()
        if self._check is not None:
            await self._check.drop()
        if self.accepted:
            return
        reason = _reason(error)
        told = not self.progress.ended  # it has, well, where the caller asked for an own duplicate instead
        if told:
            self.progress.failed(reason)
        if self._in_doubt:
            log.warning("upload_in_doubt", upload_id=str(self.upload_id), help="the next start keeps it or drops it")
            return
        begun = self._receiver.parts_begun
        dropping = discard_upload(self._sessions, self._spool, self.key, spooled=begun, recorded=self._has_rows)
        await asyncio.shield(asyncio.ensure_future(dropping))
        log.info("upload_discarded", upload_id=str(self.upload_id), reason=reason["code"])
        if told:
            await self._tell_failed(reason)

    async def _admitted(self, details: Details) -> Details:
        """With the number that the request has now. Nothing is held while the Request Service is asked."""
        if details.request_number is None:
            return details
        number, override = details.request_number, details.override
        if self._check is not None and self._check.asked != (number, override):
            await self._check.drop()  # another field came after the file
            self._check = None
        if self._check is not None:
            (number,) = await self._check.admitted()
        else:
            (number,) = await self._gate.admit(self._arrival.caller, [number], override=override)
        return replace(details, request_number=number)

    async def _tell_failed(self, reason: dict[str, object]) -> None:
        data = {
            "upload_id": str(self.upload_id),
            "filename": self._arrival.filename,
            "received_bytes": self.progress.received_bytes,
            "owner": self._arrival.caller.owner,
            "error": reason,
        }
        async with self._sessions.begin() as session:
            await tell_of_upload(session, EventType.UPLOAD_FAILED, data)

    async def _part_finished(self, part: SpooledPart, content_type: ContentType) -> None:
        details = self._details
        if details is None:
            self._waiting.append(part)
            return
        journal = self._journal
        if journal is not None:
            await journal.part_ended(part)
        existed, self._has_rows = self._has_rows, True
        early = EarlyPart(
            origin=self._origin,
            part=part,
            content_type=content_type,
            details=details,
            total=self._arrival.size,
            near=self._near,
        )
        told = None if journal is None else partial(journal.part_recorded, part=part)
        chat_id = await self._early.record(early, described=self._described, existed=existed, also=told)
        self._near = chat_id or self._near
        self._described = True

    async def _own_duplicate(self, received: Received, details: Details) -> MediaView | None:
        async with self._sessions.begin() as session:
            media = await session.scalar(own_duplicates(self._origin.owner, received, details))
            return None if media is None else await media_view(session, media)


def new_progress(upload_id: UploadId, arrival: Arrival) -> Progress:
    return Progress(
        upload_id=upload_id,
        owner=arrival.caller.owner,
        invitation_id=arrival.invitation_id,
        filename=clean_filename(arrival.filename, mime=None),
        total_bytes=arrival.size,
    )


def _reason(error: BaseException | None) -> dict[str, object]:
    if isinstance(error, MediagateError):
        return {"code": error.code, **error.fields}
    return {"code": "upload_aborted" if error is None else "upload_interrupted"}
