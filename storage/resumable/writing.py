"""One request's bytes into an upload: from its offset on, until the body ends, is cut, or somebody newer comes."""

from typing import TYPE_CHECKING

from storage.domain import UploadId
from storage.errors import (
    ChecksumMismatch,
    FileTooLarge,
    FinalUpload,
    InvalidFields,
    InvalidInput,
    WrongOffset,
)
from storage.resumable.checksums import Checksum
from storage.resumable.finishing import finish
from storage.resumable.live import Live
from storage.resumable.model import Kind, Outcome, Status, Uploader
from storage.resumable.rows import set_length, status_of
from storage.tables import ResumableUpload

if TYPE_CHECKING:
    from storage.resumable.uploads import Resumable

SYNC_EVERY = 64 * 1024 * 1024
"""Bytes of one part after which they are made durable before the part ends."""


class Writing:
    """Made by `Resumable.writing`, which holds the slot meanwhile."""

    def __init__(self, uploads: "Resumable", uploader: Uploader, live: Live, checksum: Checksum | None) -> None:
        self._uploads = uploads
        self._uploader = uploader
        self._live = live
        self._checksum = checksum
        self._sum = None if checksum is None else checksum.begin()
        self._row: ResumableUpload | None = None
        self._most = 0
        self._over = False

    async def begin(self, upload_id: UploadId, *, offset: int, size: int | None, length: int | None) -> None:
        async with self._live.lock:
            row = self._row = await self._uploads.open_row(self._uploader, upload_id)
            if row.kind == Kind.FINAL:
                raise FinalUpload(upload_id=str(upload_id))
            if row.outcome is None:
                await self._prepare(row)
            if offset != row.offset:
                raise WrongOffset(offset=row.offset)
            await self._announce(row, length)
            self._most = self._uploads.limit_of(self._uploader) if row.length is None else row.length
            if size is not None and offset + size > self._most:
                raise FileTooLarge(limit=self._most, size=offset + size)
            if row.outcome is None and self._sum is not None:
                assert self._live.session is not None
                await self._live.session.receiver.hold(self._sum.update)

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes. A refusal of the file ends the upload; so far as it is none, what came before stays.

        Raises `FileTooLarge` over the upload's length, `TypeNotAllowed`, `TypeContradiction`, `SpoolFull`.
        """
        live = self._live
        async with live.lock:
            session, journal = live.session, live.journal
            if session is None or journal is None or session.progress.received_bytes + len(chunk) > self._most:
                raise FileTooLarge(limit=self._most)
            try:
                await session.write(chunk)
                if not session.receiver.held and session.progress.received_bytes - journal.told > SYNC_EVERY:
                    await self._uploads.checkpoint(live)
            except BaseException as error:
                await self._failed(error)
                raise

    async def end(self) -> Status:
        """The body has ended. Raises `ChecksumMismatch`, and what finishing raises where it was the last byte."""
        assert self._row is not None
        self._over = True
        async with self._live.lock:
            row = self._row
            if row.outcome is None:
                try:
                    await self._verify()
                    await self._uploads.checkpoint(self._live)
                except BaseException as error:
                    await self._failed(error)
                    raise
                self._catch_up(row)
                if row.kind == Kind.WHOLE and row.offset == row.length:
                    await finish(self._uploads, self._live, self._uploader, row)
                    row = await self._uploads.open_row(self._uploader, UploadId(row.id))
            return status_of(row)

    async def close(self) -> None:
        """However it ended: keep what came, but for bytes whose checksum nobody could check."""
        async with self._live.lock:
            session = self._live.session
            if session is None or self._over:
                return
            try:
                if session.receiver.held:
                    await session.receiver.take_back()
                await self._uploads.checkpoint(self._live)
            except BaseException:
                await self._live.let_go()
                raise

    async def _prepare(self, row: ResumableUpload) -> None:
        """Bring what came before, perhaps by a writer that was just stopped, to its end."""
        uploads, live = self._uploads, self._live
        try:
            await uploads.load(live, self._uploader, row)
            await uploads.checkpoint(live)
        except BaseException as error:
            await self._failed(error)
            raise
        self._catch_up(row)

    def _catch_up(self, row: ResumableUpload) -> None:
        """Have the row say what the table does: this writer is the only one that moves it."""
        assert self._live.journal is not None
        row.offset, row.expires_at = self._live.journal.told, self._live.journal.until

    async def _announce(self, row: ResumableUpload, length: int | None) -> None:
        if length is None or length == row.length:
            return
        if row.length is not None:
            raise InvalidFields(("Upload-Length", f"is {row.length} already"))
        if length < row.offset:
            raise InvalidFields(("Upload-Length", f"is less than the {row.offset} bytes that are there"))
        self._uploads.require_size(self._uploader, length)
        async with self._uploads.intake.sessions.begin() as session:
            await set_length(session, UploadId(row.id), length)
        row.length = length
        if self._live.session is not None:
            self._live.session.announce(length)

    async def _verify(self) -> None:
        session = self._live.session
        assert session is not None
        if self._sum is None or self._checksum is None:
            return
        await session.receiver.settle_held()
        if self._sum.digest() != self._checksum.value:
            await session.receiver.take_back()
            raise ChecksumMismatch(algorithm=self._checksum.algorithm)
        await session.receiver.release()

    async def _failed(self, error: BaseException) -> None:
        """After an error: a refused file ends its upload, else the next request begins with what is durable."""
        if isinstance(error, ChecksumMismatch):
            return
        if isinstance(error, InvalidInput) and self._row is not None:
            await self._uploads.drop(self._live, self._row, Outcome.REFUSED, error)
            return
        await self._live.let_go()
