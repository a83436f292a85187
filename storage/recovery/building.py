"""Media out of messages that were found (`storage.recovery.channel_reading`), one media in one transaction.

A message becomes its part; one more with the same part in another channel becomes a copy. A media exists once all of
its parts were found: the last one says how many there are, how large the whole is, and its digest. Doing it again
changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.catalog.refreshing import refresh
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import CopyRole, CopyState, Inspection, MediaStatus, PartState, Purpose
from storage.engine.captions import Manifest, parse_manifest
from storage.engine.facts import media_facts
from storage.recovery.caption_reading import Remembered, read_caption
from storage.tables import (
    Attachment,
    Channel,
    ChannelBinding,
    FileRef,
    FoundMessage,
    Media,
    Part,
    PartCopy,
    Request,
    Upload,
)


@dataclass(slots=True)
class Built:
    """What came of it. ``incomplete`` are files with parts missing; ``cut`` counts captions that had no room."""

    media: int = 0
    parts: int = 0
    copies: int = 0
    cut: int = 0
    incomplete: dict[UUID, "Incomplete"] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Incomplete:
    """A file that cannot be put together. ``missing`` counts from 1; ``tail``: nor is it known how many follow."""

    filename: str
    owner: str
    missing: tuple[int, ...]
    tail: bool


class Builder:
    """Makes media of what was found. ``node`` is this one: it has no bytes of them, but every part names a node."""

    def __init__(self, *, sessions: Sessions, clock: Clock, node: str) -> None:
        self._sessions = sessions
        self._clock = clock
        self._node = node
        self._purposes: dict[int, Purpose] = {}

    async def build(self) -> Built:
        """All that is open, and what is still not whole."""
        built = Built()
        async with self._sessions.begin() as session:
            self._purposes = await _purposes(session)
        for key in await self._open_keys():
            async with self._sessions.begin() as session:
                await self._build(session, key, built)
        return built

    async def _open_keys(self) -> Sequence[UUID]:
        """In the order of the messages, so that ids rise with time as they did."""
        key, first = FoundMessage.media_key, func.min(FoundMessage.message_id)
        query = select(key).where(FoundMessage.outcome.is_(None), key.is_not(None)).group_by(key).order_by(first, key)
        async with self._sessions.begin() as session:
            return [one for one in await session.scalars(query) if one is not None]

    async def _build(self, session: AsyncSession, key: UUID, built: Built) -> None:
        found = await self._found(session, key)
        parts = {part.index: part for part in await session.scalars(select(Part).where(Part.media_key == key))}
        media = await session.scalar(select(Media).where(Media.key == key))
        for message, manifest in found:
            part = parts.get(manifest.index)
            if part is None:
                parts[manifest.index] = await self._add(session, message, manifest)
                built.parts += 1
            elif part.message_id is None:
                await self._settle(session, part, message)
                built.parts += 1
            elif (part.chat_id, part.message_id) != (message.chat_id, message.message_id):
                await self._copy(session, message, manifest)
                built.copies += 1
        last = next((manifest for _, manifest in found if manifest.count is not None), None)
        remembered = read_caption(found[0][0].caption, key)
        if media is None:
            whole = last is not None and set(range(last.count or 0)) <= set(parts)
            if last is None or not whole:
                built.incomplete[key] = _incomplete(remembered, set(parts), last)
                return
            media = await self._media(session, found[0][0], remembered, last, parts)
            built.media += 1
            built.cut += remembered.cut
        await session.execute(delete(FoundMessage).where(FoundMessage.media_key == key))  # it is the media's to tell

    async def _found(self, session: AsyncSession, key: UUID) -> list[tuple[FoundMessage, Manifest]]:
        """The messages of a media in the order of their parts, those in channels for copies last."""
        mine = FoundMessage.media_key == key
        query = select(FoundMessage).where(mine).order_by(FoundMessage.index, FoundMessage.message_id)
        rows = await session.scalars(query)
        pairs = [(row, manifest) for row in rows if (manifest := parse_manifest(row.caption)) is not None]
        return sorted(pairs, key=lambda pair: self._purposes.get(pair[0].chat_id) is Purpose.BACKUP)

    async def _add(self, session: AsyncSession, message: FoundMessage, manifest: Manifest) -> Part:
        part = Part(
            media_key=manifest.media_key,
            index=manifest.index,
            offset=manifest.offset,
            size=manifest.size,
            sha256=manifest.sha256,
            last=manifest.count is not None,
            state=PartState.STORED,
            origin="spool",
            node=self._node,
            purpose=self._purposes.get(message.chat_id, Purpose.REQUESTS),
            chat_id=message.chat_id,
            message_id=message.message_id,
            stored_at=self._clock.now(),
        )
        session.add(part)
        await session.flush()
        await _remember_file(session, part, message)
        return part

    async def _settle(self, session: AsyncSession, part: Part, message: FoundMessage) -> None:
        """The index knew the part, but not that it had arrived."""
        if part.state is PartState.LOST:
            part.state = PartState.SPOOLED
        part.state = PartState.SHIPPING
        part.state = PartState.STORED
        part.chat_id, part.message_id, part.stored_at = message.chat_id, message.message_id, self._clock.now()
        await session.flush()
        await _remember_file(session, part, message)

    async def _copy(self, session: AsyncSession, message: FoundMessage, manifest: Manifest) -> None:
        """Also one that the index wants, and did not know to be there: it would be made a second time."""
        there = {
            "state": CopyState.VERIFIED,
            "message_id": message.message_id,
            "file_bot_id": message.bot_id,
            "file_id": message.file_id,
            "verified_at": self._clock.now(),
        }
        copy = insert(PartCopy).values(
            media_key=manifest.media_key,
            part_index=manifest.index,
            role=CopyRole.BACKUP,
            chat_id=message.chat_id,
            **there,
        )
        await session.execute(
            copy.on_conflict_do_update(
                index_elements=[PartCopy.media_key, PartCopy.part_index, PartCopy.chat_id],
                index_where=text("role = 'backup'"),
                set_=there,
                where=PartCopy.message_id.is_(None),
            )
        )

    async def _media(
        self, session: AsyncSession, first: FoundMessage, told: Remembered, last: Manifest, parts: dict[int, Part]
    ) -> Media:
        key = last.media_key
        whole = last.whole or (parts[0].sha256 if last.count == 1 else None)
        there = all(part.purpose is Purpose.ARCHIVE for part in parts.values())
        archived = there and told.category.purpose is not Purpose.ARCHIVE
        in_chat = told.owner.startswith("telegram:") and last.count == 1
        media = Media(
            key=key,
            owner=told.owner,
            source="telegram" if in_chat else "http",
            filename=told.filename,
            file_size=last.total,
            content_type=told.content_type,
            file_type=told.file_type,
            category=told.category,
            purpose=Purpose.ARCHIVE if archived else told.category.purpose,
            description=told.description,
            tags=list(told.tags),
            sha256=whole,
            status=MediaStatus.ARCHIVED if archived else MediaStatus.ACTIVE,
            inspection=Inspection.DONE if whole else Inspection.IMPOSSIBLE,
            verified=whole is not None,
            telegram_unique_id=first.file_unique_id if in_chat else None,
            uploaded_at=told.uploaded_at or self._clock.now(),
        )
        session.add(media)
        await session.flush()
        for part in parts.values():
            part.media_id = media.id
        await session.execute(update(Upload).where(Upload.media_key == key).values(media_id=media.id))
        await self._attach(session, media, told.request_numbers)
        # Its captions were the source: they are not to be edited because something of them was cut.
        digest = (await media_facts(session, media)).digest
        await session.execute(update(Part).where(Part.media_key == key).values(caption_sent=digest))
        await refresh(session, media)
        return media

    async def _attach(self, session: AsyncSession, media: Media, numbers: Sequence[str]) -> None:
        for number in numbers:
            await session.execute(insert(Request).values(number=number).on_conflict_do_nothing())
            session.add(
                Attachment(request_number=number, media_id=media.id, attached_by=media.owner, category=media.category)
            )
        await session.flush()


async def _purposes(session: AsyncSession) -> dict[int, Purpose]:
    """What each channel is for; of several purposes the last by name, so that ``requests`` counts before ``backup``."""
    query = select(Channel.chat_id, ChannelBinding.purpose).join(
        ChannelBinding, ChannelBinding.channel_id == Channel.id
    )
    rows = await session.execute(query.order_by(ChannelBinding.purpose))
    return dict(rows.all())


async def _remember_file(session: AsyncSession, part: Part, message: FoundMessage) -> None:
    if message.file_id is None:
        return
    values = {"file_id": message.file_id, "file_unique_id": message.file_unique_id or ""}
    row = insert(FileRef).values(part_id=part.id, bot_id=message.bot_id, **values)
    await session.execute(row.on_conflict_do_update(index_elements=[FileRef.part_id, FileRef.bot_id], set_=values))


def _incomplete(told: Remembered, there: set[int], last: Manifest | None) -> Incomplete:
    count = max(there) + 1 if last is None else last.count or 0
    missing = tuple(index + 1 for index in range(count) if index not in there)
    return Incomplete(filename=told.filename, owner=told.owner, missing=missing, tail=last is None)
