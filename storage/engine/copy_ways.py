"""How a part's bytes get into one more channel: the ways there are, the cheapest first.

A message is copied from the part's own channel, or from another copy's: no byte passes through us. Where no bot sees
such a message, a bot that knows the file by its id sends that. And where there is none, the bytes are shipped once more
from whatever source still has them (`storage.delivery.sources`), read and hashed on the way.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.delivery.sources import PartSource
from storage.domain import GONE, CopyRole, FileType, PartState, Purpose
from storage.engine.captions import Facts, Manifest, caption, part_filename
from storage.engine.channels import open_channels
from storage.engine.copies import Place, copies_there, part_of, still_wanted
from storage.engine.facts import kind_in_channel, media_facts, part_manifest
from storage.errors import OutcomeUnknown, PartDamaged, Postponed
from storage.ports import Copy, Shipment
from storage.tables import FileRef, Media, Part, PartCopy


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyWork:
    """Everything a copy needs, read in one go; ``chat_ids`` are the channels it may go to.

    ``unique_id`` is that of the file in the part's own message, None where it is not known.
    """

    copy: PartCopy
    part: Part
    facts: Facts
    manifest: Manifest
    kind: FileType
    chat_ids: Sequence[int]
    places: Sequence[Place]
    file_ids: Sequence[tuple[int, str]]
    unique_id: str | None

    @property
    def text(self) -> str:
        return caption(self.facts, self.manifest)

    def from_message(self, place: Place) -> Copy:
        return Copy(
            from_chat_id=place.chat_id,
            message_id=place.message_id,
            caption=self.text,
            file_id=None,
            file_type=self.kind,
        )

    def from_file_id(self, file_id: str) -> Copy:
        return Copy(from_chat_id=None, message_id=None, caption=self.text, file_id=file_id, file_type=self.kind)


@dataclass(slots=True)
class Reshipment:
    """A part's bytes from a source, as an upload. ``digest`` is that of what was sent last."""

    source: PartSource
    part: Part
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def intact(self) -> bool:
        return self._hash.digest() == self.part.sha256

    async def probe(self) -> None:
        """Raise the source's `ArchiveError` before anything is sent: in the middle of a call it is lost.

        That a source has to wait is no reason for the channel to wait: it is no `Postponed` here.
        """
        if self.part.size is None:  # too large to be fetched, so nobody knows its bytes
            raise PartDamaged(media_id=self.part.media_id, part=self.part.index + 1)
        async with AsyncExitStack() as stack:
            try:
                await self.source.open(self.part, 0, self.part.size, stack)
            except Postponed as wait:
                raise OutcomeUnknown(method="source", reason=wait.code) from wait

    async def stream(self) -> AsyncIterator[bytes]:
        self._hash = hashlib.sha256()
        async with AsyncExitStack() as stack:
            async for piece in await self.source.open(self.part, 0, self.part.size or 0, stack):
                self._hash.update(piece)
                yield piece

    def shipment(self, work: CopyWork) -> Shipment:
        part = work.part
        return Shipment(
            open_stream=self.stream,
            size=part.size or 0,
            filename=part_filename(work.facts.filename, part.index, single=part.last and part.index == 0),
            caption=work.text,
        )


async def copy_work(session: AsyncSession, copy: PartCopy, channel_most: int) -> CopyWork | None:
    """None where the copy is not wanted (any more). Raises `ChannelNotBound`."""
    part = await part_of(session, copy)
    media = None if part is None or part.media_id is None else await session.get(Media, part.media_id)
    if part is None or media is None or media.status in GONE or not still_wanted(copy, part):
        return None
    return CopyWork(
        copy=copy,
        part=part,
        facts=await media_facts(session, media),
        manifest=part_manifest(part, media),
        kind=kind_in_channel(media),
        chat_ids=await _targets(session, copy, part.purpose, channel_most),
        places=await _places(session, copy, part),
        file_ids=await _file_ids(session, copy, part),
        unique_id=await session.scalar(select(FileRef.file_unique_id).where(FileRef.part_id == part.id).limit(1))
        or None,
    )


async def _targets(session: AsyncSession, copy: PartCopy, purpose: Purpose, most: int) -> Sequence[int]:
    if copy.role is CopyRole.BACKUP:
        assert copy.chat_id is not None
        return [copy.chat_id]
    return [channel.chat_id for channel in await open_channels(session, purpose, most)]


async def _places(session: AsyncSession, copy: PartCopy, part: Part) -> list[Place]:
    """The part's own message first, unless it is the one to be replaced."""
    found = []
    if copy.role is CopyRole.BACKUP and part.state is PartState.STORED:
        assert part.chat_id is not None
        assert part.message_id is not None
        found.append(Place(chat_id=part.chat_id, message_id=part.message_id, copy_id=None))
    for other in await copies_there(session, part):
        assert other.chat_id is not None
        assert other.message_id is not None
        found.append(Place(chat_id=other.chat_id, message_id=other.message_id, copy_id=other.id))
    return found


async def _file_ids(session: AsyncSession, copy: PartCopy, part: Part) -> list[tuple[int, str]]:
    """Of the part's message and of its copies; each with its bot."""
    refs = (await session.scalars(select(FileRef).where(FileRef.part_id == part.id))).all()
    others = [other for other in await copies_there(session, part) if other.id != copy.id]
    known = [(ref.bot_id, ref.file_id) for ref in refs]
    return known + [(other.file_bot_id, other.file_id) for other in others if other.file_bot_id and other.file_id]
