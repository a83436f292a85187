"""One file: as a part of a form with fields in any order, or as the body itself with fields in the query."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from storage.details import Details
from storage.errors import IdempotencyMismatch, MissingFile, TooManyFiles
from storage.intake.progress import Progress
from storage.intake.taking_in import Accepted, Arrival
from web.multipart import Multipart, PartHead
from web.rendering import upload_json
from web.upload.call import Call, Content, Outcome
from web.upload.fields import FILE_NAMES, Fields
from web.upload.options import declared_digest
from web.upload.reading import body_chunks, body_fields, content_of, read_field
from web.upload.taking import Taken, taking

_CREATED, _ACCEPTED, _OK = 201, 202, 200


@dataclass(frozen=True, kw_only=True, slots=True)
class _Whole:
    """The file and all that was said of it."""

    taken: Taken
    details: Details
    fields: Fields


async def take_one(call: Call) -> Outcome:
    """Take the call's one file, acknowledge it, and wait for Telegram as long as the client wants.

    Raises the errors of the contract; nothing is kept then.
    """
    if (earlier := await call.already_kept(0)) is not None:
        return await _recovered(call, earlier)
    async with _from_form(call) if call.boundary is not None else _from_body(call) as whole:
        call.rules.check_type(whole.taken.received.content_type.mime)
        accepted = await whole.taken.accept(whole.details)
        call.kept = True
        content = Content.of(whole.fields.values, [whole.taken.received.sha256])
    return await outcome_of(call, accepted, content)


async def outcome_of(call: Call, accepted: Accepted, content: Content | None) -> Outcome:
    """The answer to an acknowledged upload."""
    view = await call.settled(accepted, call.options.wait)
    status = _OK if accepted.existing else _CREATED if view.stored else _ACCEPTED
    message = "existing" if accepted.existing else None
    return Outcome(status=status, answer=upload_json(view, accepted.upload_id, message), content=content, kept=True)


async def _recovered(call: Call, accepted: Accepted) -> Outcome:
    """An interrupted attempt had kept the file: its bytes are only compared."""
    content = await content_of(call)
    sha256 = accepted.media.sha256
    if sha256 is not None and content.files != (sha256.hex(),):
        raise IdempotencyMismatch(key=call.options.idempotency_key)
    call.kept = True
    return await outcome_of(call, accepted, content)


@asynccontextmanager
async def _from_body(call: Call) -> AsyncIterator[_Whole]:
    request = call.request
    filename, fields = body_fields(call)
    details = fields.details(whole=True)
    arrival = Arrival(
        caller=call.caller,
        upload_id=call.upload_id(0),
        filename=filename,
        declared_type=request.headers.get("Content-Type"),
        size=request.content_length,
        details=details,
    )
    sha256 = declared_digest(request.headers)
    async with taking(call.intake, arrival, body_chunks(call), sha256=sha256, on_begin=call.begun) as taken:
        yield _Whole(taken=taken, details=details, fields=fields)


@asynccontextmanager
async def _from_form(call: Call) -> AsyncIterator[_Whole]:
    fields = Fields(call.request.query.items(), call.rules)
    form = call.form()
    taken: Taken | None = None
    async with AsyncExitStack() as stack:
        while (head := await form.next_part()) is not None:
            if head.name not in FILE_NAMES:
                await read_field(form, head, fields)
            elif taken is not None:
                raise TooManyFiles(limit=1)
            else:
                taken = await stack.enter_async_context(_file(call, form, head, fields))
        if taken is None:
            raise MissingFile
        yield _Whole(taken=taken, details=fields.details(whole=True), fields=fields)


@asynccontextmanager
async def _file(call: Call, form: Multipart, head: PartHead, fields: Fields) -> AsyncIterator[Taken]:
    arrival = form_arrival(call, head, fields, 0)
    sha256 = declared_digest(head.headers, prefix="file: ")
    announced = call.request.content_length
    left = None if announced is None else announced - call.body.received + form.buffered

    def begun(progress: Progress) -> None:
        if left is not None and call.boundary is not None:
            # Exact where the file is the last part, as clients mostly have it; corrected at the end elsewhere.
            progress.total_bytes = max(0, left - len(call.boundary) - len(b"\r\n----\r\n"))
        call.begun(progress)

    async with taking(call.intake, arrival, form.chunks(), sha256=sha256, on_begin=begun) as taken:
        yield taken


def form_arrival(call: Call, head: PartHead, fields: Fields, index: int) -> Arrival:
    """What is known before a part's first byte. Its parts may be shipped early only if fields came before it."""
    return Arrival(
        caller=call.caller,
        upload_id=call.upload_id(index),
        filename=head.filename,
        declared_type=head.content_type,
        details=fields.details() if fields.values else None,
    )
