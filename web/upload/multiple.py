"""Several files in one form. Each stands for itself: a bad file never harms its neighbours."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from storage.details import Details
from storage.errors import (
    FileTooLarge,
    IncompleteBody,
    InvalidFields,
    MalformedBody,
    MediagateError,
    MissingFile,
    ShuttingDown,
    TooManyFiles,
    TooSlow,
)
from storage.filenames import clean_filename
from storage.intake.taking_in import Accepted
from web.multipart import Multipart, PartHead
from web.problems import instance_of, problem
from web.rendering import upload_json
from web.upload.call import Call, Content, Outcome
from web.upload.fields import FILE_NAMES, Fields
from web.upload.options import declared_digest
from web.upload.reading import read_field
from web.upload.single import form_arrival
from web.upload.taking import Taken, taking

_ENDS_ALL = (MalformedBody, IncompleteBody, InvalidFields, TooSlow, ShuttingDown)
"""What is wrong with the body or its fields is wrong with every file."""


@dataclass(kw_only=True, slots=True)
class _File:
    """One file of the form: on its way, acknowledged, or failed."""

    index: int
    head: PartHead
    stack: AsyncExitStack
    taken: Taken | None = None
    accepted: Accepted | None = None
    error: MediagateError | None = None

    async def accept(self, details: Details) -> None:
        """Acknowledge it where it is whole; a failure is its own."""
        if self.taken is None:
            return
        try:
            async with self.stack:
                self.accepted = await self.taken.accept(details)
        except MediagateError as error:
            self.error = error


async def take_several(call: Call) -> Outcome:
    """Take the files of a form. Raises only what is wrong with the form itself; nothing is kept then."""
    if call.boundary is None:
        raise MalformedBody(reason="this call takes multipart/form-data")
    fields = Fields(call.request.query.items())
    async with _received(call, fields) as files:
        details = fields.details()
        for file in files:
            await file.accept(details)
            call.kept = call.kept or file.accepted is not None
        digests = [None if file.taken is None else file.taken.received.sha256 for file in files]
    return await _outcome(call, files, Content.of(fields.values, digests))


@asynccontextmanager
async def _received(call: Call, fields: Fields) -> AsyncIterator[list[_File]]:
    """Every file of the form, in order; what is not acknowledged inside the context is dropped at its end."""
    form = call.form()
    files: list[_File] = []
    async with AsyncExitStack() as all_files:
        while (head := await form.next_part()) is not None:
            if head.name not in FILE_NAMES:
                await read_field(form, head, fields)
                continue
            stack = await all_files.enter_async_context(AsyncExitStack())
            files.append(_File(index=len(files), head=head, stack=stack))
            await _receive(call, form, fields, files[-1])
        if not files:
            raise MissingFile
        yield files


async def _receive(call: Call, form: Multipart, fields: Fields, file: _File) -> None:
    limit = call.deps.max_files_per_request
    try:
        if file.index >= limit:
            raise TooManyFiles(limit=limit)
        file.accepted = await call.already_kept(file.index)
        if file.accepted is None:
            file.taken = await file.stack.enter_async_context(_taking(call, form, fields, file))
    except _ENDS_ALL:
        raise
    except MediagateError as error:
        file.error = error
    # What is left of a file that is not wanted is read over, to reach its neighbours.
    await _skip(form, call.deps.max_file_size)


@asynccontextmanager
async def _taking(call: Call, form: Multipart, fields: Fields, file: _File) -> AsyncIterator[Taken]:
    arrival = form_arrival(call, file.head, fields, file.index)
    sha256 = declared_digest(file.head.headers, prefix=f"file {file.index + 1}: ")
    async with taking(call.intake, arrival, form.chunks(), sha256=sha256, on_begin=call.begun) as taken:
        yield taken


async def _skip(form: Multipart, most: int) -> None:
    skipped = 0
    async for chunk in form.chunks():
        skipped += len(chunk)
        if skipped > most:
            raise FileTooLarge(limit=most)


async def _outcome(call: Call, files: Sequence[_File], content: Content) -> Outcome:
    deadline = time.monotonic() + call.options.wait
    items: list[dict[str, Any]] = []
    statuses: set[int] = set()
    for file in files:
        status, item = await _item(call, file, deadline)
        items.append(item)
        statuses.add(status)
    failed = any(file.error is not None for file in files)
    whole = HTTPStatus.ACCEPTED if HTTPStatus.ACCEPTED in statuses else HTTPStatus.CREATED
    overall = HTTPStatus.MULTI_STATUS if failed else whole
    return Outcome(status=overall, answer=items, content=content, kept=call.kept)


async def _item(call: Call, file: _File, deadline: float) -> tuple[int, dict[str, Any]]:
    if file.accepted is None:
        error = file.error or MissingFile()
        body = problem(error, instance_of(call.request_id))
        return body["status"], {
            "success": False,
            "filename": clean_filename(file.head.filename, mime=None),
            "status": body["status"],
            "error": body,
        }
    accepted = file.accepted
    view = await call.settled(accepted, max(0.0, deadline - time.monotonic()))
    status = HTTPStatus.OK if accepted.existing else HTTPStatus.CREATED if view.stored else HTTPStatus.ACCEPTED
    answer = upload_json(view, accepted.upload_id, "existing" if accepted.existing else None)
    return status, {"status": int(status), **answer}
