"""What is to be shipped: everything a send needs, read in one go for many parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.domain import FileType, PartState
from storage.engine.captions import Facts, Manifest
from storage.engine.channels import open_channels
from storage.engine.facts import facts_of_several, kind_in_channel, part_manifest
from storage.errors import ChannelNotBound
from storage.ports import Urgency, Wish
from storage.tables import Channel, Media, Part, Upload
from storage.tables.many import among


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipWork:
    """A part with what its message says, and where it may go. No session is open while it is sent."""

    part: Part
    facts: Facts
    manifest: Manifest
    kind: FileType
    wish: Wish


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipDesk:
    """Reads work. ``channel_most``: messages a channel gets before the next one takes over."""

    first_bot: int
    channel_most: int

    async def read(self, session: AsyncSession, part_ids: Sequence[int]) -> Sequence[ShipWork | ChannelNotBound | None]:
        """For each part its work; None where it is not to be shipped (any more), or why it cannot be."""
        query = select(Part).where(among(Part.id, part_ids), Part.state == PartState.SPOOLED)
        parts = {part.id: part for part in await session.scalars(query)}
        if not parts:
            return [None] * len(part_ids)
        reading = _Reading(self, [*parts.values()])
        await reading.read(session)
        return [None if part_id not in parts else reading.work(parts[part_id]) for part_id in part_ids]

    def of_known(self, part: Part, media: Media | None, facts: Facts, chat_ids: Sequence[int]) -> ShipWork:
        """The work of a part of which nothing need be read."""
        reading = _Reading(self, [part])
        return reading.shown(part, media, facts, chat_ids)

    def wish_of_copy(self, part: Part, chat_ids: Sequence[int], *, prefer: int | None = None) -> Wish:
        """What somebody sent to a bot is seen by this bot only."""
        bot_ids = (part.source_bot_id or self.first_bot,)
        return Wish(chat_ids=chat_ids, urgency=Urgency.PERSON, bot_ids=bot_ids, prefer=prefer)


class _Reading:
    """What stands around some parts."""

    def __init__(self, desk: ShipDesk, parts: Sequence[Part]) -> None:
        self._desk = desk
        self._parts = parts
        self._media: dict[int | None, Media] = {}
        self._facts: dict[UUID, Facts] = {}
        self._channels: dict[str, Sequence[int] | ChannelNotBound] = {}
        self._together: dict[UUID, int] = {}
        self._ours: set[int | None] = set()

    async def read(self, session: AsyncSession) -> None:
        await self._read_media(session)
        await self._read_uploads(session)
        await self._read_channels(session)
        await self._read_neighbours(session)

    def work(self, part: Part) -> ShipWork | ChannelNotBound | None:
        facts, channels = self._facts.get(part.media_key), self._channels[part.purpose]
        if facts is None:
            return None
        if isinstance(channels, ChannelNotBound):
            return channels
        return self.shown(part, self._media.get(part.media_id), facts, channels)

    def shown(self, part: Part, media: Media | None, facts: Facts, chat_ids: Sequence[int]) -> ShipWork:
        return ShipWork(
            part=part,
            facts=facts,
            manifest=part_manifest(part, media),
            kind=kind_in_channel(media),
            wish=self._wish(part, chat_ids),
        )

    def _wish(self, part: Part, chat_ids: Sequence[int]) -> Wish:
        """Parts of one file are kept together where that costs nothing: people may want to join them."""
        prefer = self._together.get(part.media_key)
        if part.origin == "spool":
            return Wish(chat_ids=chat_ids, urgency=Urgency.UPLOAD, size=part.size or 0, prefer=prefer)
        if part.source_message_id is not None and part.source_chat_id in self._ours:
            return Wish(chat_ids=chat_ids, urgency=Urgency.BULK, prefer=prefer)
        return self._desk.wish_of_copy(part, chat_ids, prefer=prefer)

    async def _read_media(self, session: AsyncSession) -> None:
        ids = {part.media_id for part in self._parts if part.media_id is not None}
        media = (await session.scalars(select(Media).where(among(Media.id, ids)))).all() if ids else []
        facts = await facts_of_several(session, media)
        self._media = {one.id: one for one in media}
        self._facts = {one.key: facts[one.id] for one in media}

    async def _read_uploads(self, session: AsyncSession) -> None:
        """Parts of a media that does not exist yet."""
        waiting = {part.upload_id: part.media_key for part in self._parts if part.media_id is None}
        if waiting:
            for upload in await session.scalars(select(Upload).where(Upload.id.in_(waiting))):
                self._facts[waiting[upload.id]] = Facts.from_json(upload.details)

    async def _read_channels(self, session: AsyncSession) -> None:
        for purpose in {part.purpose for part in self._parts}:
            try:
                channels = await open_channels(session, purpose, self._desk.channel_most)
            except ChannelNotBound as error:
                self._channels[purpose] = error
            else:
                self._channels[purpose] = [channel.chat_id for channel in channels]

    async def _read_neighbours(self, session: AsyncSession) -> None:
        """Where other parts of the same files are, and which of the sources are channels of ours."""
        split = {part.media_key for part in self._parts if part.index or not part.last}
        if split:
            there = select(Part.media_key, Part.chat_id).where(Part.media_key.in_(split), Part.chat_id.is_not(None))
            self._together = {row.media_key: row.chat_id for row in await session.execute(there)}
        sources = {part.source_chat_id for part in self._parts} - {None}
        if sources:
            self._ours = set(await session.scalars(select(Channel.chat_id).where(among(Channel.chat_id, sources))))
