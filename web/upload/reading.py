"""Reading what a call's body holds besides the bytes of a file that is kept."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator

from storage.errors import InvalidFields
from storage.filenames import parse_content_disposition_filename
from web.multipart import Multipart, PartHead
from web.upload.call import Call, Content
from web.upload.fields import FILE_NAMES, MOST_FIELD_BYTES, Fields

_WORTH_A_THREAD = 64 * 1024


def body_fields(call: Call) -> tuple[str | None, Fields]:
    """The file's name and the fields of a call whose body is the file."""
    query = [(name, value) for name, value in call.request.query.items() if name != "filename"]
    names = call.request.query.getall("filename", [])
    if len(names) > 1:
        raise InvalidFields(("filename", "is given more than once"))
    named = parse_content_disposition_filename(call.request.headers.get("Content-Disposition", ""))
    return names[0] if names else named, Fields(query, call.rules)


async def body_chunks(call: Call) -> AsyncIterator[bytes]:
    while data := await call.body.read():
        yield data


async def read_field(form: Multipart, head: PartHead, fields: Fields) -> None:
    """Raises `InvalidFields` for a field that is unknown, before its value is read, or came before."""
    fields.expect(head.name)
    fields.add_bytes(head.name, await form.text(MOST_FIELD_BYTES))


async def content_of(call: Call) -> Content:
    """Read the body and keep nothing of it but digests."""
    if call.boundary is None:
        _, fields = body_fields(call)
        return Content.of(fields.values, [await _digest(body_chunks(call))])
    fields = Fields(call.request.query.items(), call.rules)
    files: list[bytes | None] = []
    form = call.form()
    while (head := await form.next_part()) is not None:
        if head.name in FILE_NAMES:
            files.append(await _digest(form.chunks()))
        else:
            await read_field(form, head, fields)
    return Content.of(fields.values, files)


async def _digest(chunks: AsyncIterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    async for chunk in chunks:
        if len(chunk) < _WORTH_A_THREAD:
            digest.update(chunk)
        else:
            await asyncio.to_thread(digest.update, chunk)
    return digest.digest()
