"""Bringing an upload back: its place in the spool, its digests, its type.

Of the part that was being received the bytes are hashed again; before it, the digest's state was written down.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.content import HEAD_SIZE, ContentType
from storage.domain import FileType, PartState
from storage.engine.captions import Facts
from storage.errors import UploadGone
from storage.intake.part_writing import Mark, SpooledPart
from storage.intake.receiving import Start
from storage.resumable import sha256
from storage.resumable.model import Kind
from storage.resumable.sha256 import Digest
from storage.spool import PIECE, Spool
from storage.tables import Part, ResumableUpload, Upload

_ONE_FILE = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What the tables know: the row, its recorded parts in order, and what captions say of it."""

    row: ResumableUpload
    parts: Sequence[Part]
    facts: Facts | None

    @property
    def recorded(self) -> int:
        """Bytes in recorded parts."""
        return sum(part.size or 0 for part in self.parts)

    @property
    def stored(self) -> dict[int, int]:
        return {part.index: part.size or 0 for part in self.parts if part.state is PartState.STORED}


async def read_kept(session: AsyncSession, row: ResumableUpload) -> Kept:
    parts = await session.scalars(select(Part).where(Part.media_key == row.media_key).order_by(Part.index))
    details = await session.scalar(select(Upload.details).where(Upload.id == row.id))
    return Kept(row=row, parts=parts.all(), facts=Facts.from_json(details) if details else None)


async def files_to_keep(session: AsyncSession, spool: Spool, node: str) -> set[tuple[UUID, int]]:
    """The spool's files, as (media key, index), that this node's open uploads go on with."""
    kept: set[tuple[UUID, int]] = set()
    still_open = (ResumableUpload.node == node) & ResumableUpload.outcome.is_(None) & (ResumableUpload.offset > 0)
    for row in (await session.scalars(select(ResumableUpload).where(still_open))).all():
        state = await read_kept(session, row)
        files = [(0, row.offset)]
        if not is_raw(row):
            left = row.offset - state.recorded
            files = await spool.run(files_of, spool, row.media_key, len(state.parts), left)
        index, size = files[-1]
        await spool.cut(row.media_key, index, size)
        kept |= {(row.media_key, index) for index, _ in files}
    return kept


def is_raw(row: ResumableUpload) -> bool:
    """Whether its bytes are only kept, to be read at the end: runs of files, and all where no digest can be resumed."""
    return row.kind == Kind.PARTIAL or not sha256.available


async def start_of(spool: Spool, kept: Kept, part_size: int) -> Start:
    """Where the upload goes on: the spool is cut to the offset that was told.

    Raises `UploadGone` where bytes that were told of are not there any more.
    """
    row = kept.row
    if row.offset == 0:
        await spool.cut(row.media_key, -1, 0)
        return Start(raw=is_raw(row))
    if is_raw(row):
        await _cut(spool, row, 0, row.offset)
        size, none = row.offset, sha256.NoDigest()
        return Start(raw=True, mark=Mark(index=0, offset=0, size=size, wanted=_ONE_FILE, whole=none, part=none))
    files = await spool.run(files_of, spool, row.media_key, len(kept.parts), row.offset - kept.recorded)
    index, size = files[-1]
    await _cut(spool, row, index, size)
    return await spool.run(_start, spool, kept, files, part_size)


async def _cut(spool: Spool, row: ResumableUpload, index: int, size: int) -> None:
    if await spool.cut(row.media_key, index, size) < size:
        raise UploadGone(upload_id=str(row.id), reason="lost")


def files_of(spool: Spool, key: UUID, index: int, left: int) -> list[tuple[int, int]]:
    """In a thread: the files, as (index, size), that hold the ``left`` bytes from part ``index`` on.

    All but the last are whole parts that were not recorded yet. The last may be empty, and then has no file.
    """
    found: list[tuple[int, int]] = []
    while True:
        try:
            there = spool.path(key, index).stat().st_size
        except FileNotFoundError:
            there = left
        found.append((index, min(there, left)))
        left -= there
        index += 1
        if left <= 0 or there == 0:
            return found


def _start(spool: Spool, kept: Kept, files: Sequence[tuple[int, int]], part_size: int) -> Start:
    """In a thread: hash what is there, and keep the head where the type is not known yet."""
    row = kept.row
    whole: Digest = sha256.ResumableSha256(row.digest_state if kept.parts else None)
    head = bytearray()
    offset = kept.recorded
    early: list[SpooledPart] = []
    for index, size in files:
        part: Digest = sha256.new()
        updates = [whole.update, part.update]
        if not kept.parts and len(head) < HEAD_SIZE:
            updates.append(lambda data: head.extend(data[: HEAD_SIZE - len(head)]))
        _hash(spool, row.media_key, index, size, updates)
        if index == files[-1][0]:
            wanted = max(size, part_size - part_size // 16)
            mark = Mark(index=index, offset=offset, size=size, wanted=wanted, whole=whole, part=part)
            return Start(mark=mark, content_type=_content_type(kept), head=bytes(head), early=tuple(early))
        state = getattr(whole, "state", None)
        ended = SpooledPart(index=index, offset=offset, size=size, sha256=part.digest(), digest_state=state)
        early.append(ended)
        offset += size
    raise AssertionError("there is always a last file")


def _hash(spool: Spool, key: UUID, index: int, size: int, updates: Sequence[Callable[[bytes], None]]) -> None:
    if not size:
        return
    fd = os.open(spool.path(key, index), os.O_RDONLY)
    try:
        while size > 0 and (data := os.read(fd, min(PIECE, size))):
            size -= len(data)
            for update in updates:
                update(data)
    finally:
        os.close(fd)


def _content_type(kept: Kept) -> ContentType | None:
    """As it was judged; None where no part has been recorded: then the head is judged again."""
    if kept.facts is None:
        return None
    return ContentType.of(kept.facts.content_type, animated=kept.facts.file_type == FileType.ANIMATION)
