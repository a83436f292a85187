"""Taking in through the Telegram door: a message with a file becomes a media. No byte passes through us here.

The message already is in Telegram, so it is acknowledged as soon as the index knows it. What a bot can fetch is then
inspected (`storage.intake.inspecting`) before it is shipped; what is too large is shipped at once.
"""

from dataclasses import dataclass
from uuid import uuid4

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.auditing.audit import record
from storage.callers.quotas import charge
from storage.catalog.attachments import attach_row
from storage.catalog.refreshing import refresh
from storage.content import default_category, extension_of
from storage.database import Sessions
from storage.details import Details
from storage.domain import GONE, Caller, Category, EventType, FileType, Inspection, MediaStatus, PartState
from storage.engine.channels import bound_channels
from storage.errors import TypeNotAllowed
from storage.events.outbox import tell
from storage.filenames import clean_filename
from storage.intake.receiving import Limits
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Part
from storage.views import MediaView, media_view
from storage.wakeups import wake_inspector, wake_shipper

log = structlog.get_logger(__name__)

FALLBACK_TYPES = {
    FileType.PHOTO: "image/jpeg",
    FileType.VOICE: "audio/ogg",
    FileType.VIDEO_NOTE: "video/mp4",
    FileType.VIDEO: "video/mp4",
    FileType.ANIMATION: "video/mp4",
    FileType.AUDIO: "audio/mpeg",
    FileType.STICKER: "image/webp",
}
"""What Telegram makes of files of these kinds, where nobody says it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TelegramFile:
    """A file in a chat, as an update describes it. ``mime_type`` and ``file_name`` are the sender's word.

    Without a message only its ``file_id`` is known: a service has it from elsewhere.
    """

    bot_id: int
    chat_id: int | None
    message_id: int | None
    file_id: str
    file_unique_id: str
    file_type: FileType
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    thumbnail_file_id: str | None = None
    thumbnail_size: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Adopted:
    """``duplicate``: the same person sent the same file for the same request before; that one is shown."""

    media: MediaView
    duplicate: bool


class Adopting:
    """The use case. ``fetch_limit``: what a bot can fetch back, in bytes; None: anything."""

    def __init__(self, *, sessions: Sessions, limits: Limits, node: str, fetch_limit: int | None) -> None:
        self._sessions = sessions
        self._limits = limits
        self._node = node
        self._fetch_limit = fetch_limit

    async def adopt(self, caller: Caller, file: TelegramFile, details: Details) -> Adopted:
        """Keep a file that somebody sent in a chat. The same message twice is one media.

        Raises `FileTooLarge`, `TypeNotAllowed` by Telegram's word for the type, `ChannelNotBound`, `QuotaExceeded`.
        """
        self._limits.require_size(file.file_size)
        mime = file.mime_type or FALLBACK_TYPES.get(file.file_type, "application/octet-stream")
        inspectable = self._fetch_limit is None or (file.file_size or 0) <= self._fetch_limit
        if not inspectable and not self._limits.policy.allows(mime):
            raise TypeNotAllowed(content_type=mime)
        async with self._sessions.begin() as session:
            existing = await self._existing(session, caller, file, details.request_number)
            if existing is not None:
                same_message = (existing.source_chat_id, existing.source_message_id) == (file.chat_id, file.message_id)
                again = file.message_id is not None and same_message
                return Adopted(media=await media_view(session, existing), duplicate=not again)
            media = self._media(caller, file, details, mime, inspectable=inspectable)
            await bound_channels(session, media.purpose)
            session.add(media)
            await session.flush()
            await charge(session, caller, media)
            await self._add_part(session, media, file)
            if details.request_number is not None:
                await attach_row(session, media, details.request_number, by=caller.owner)
            else:
                await refresh(session, media)
            record(session, caller.owner, "taken_in", media_id=media.id, detail={"source": "telegram"})
            await tell(session, EventType.MEDIA_RECEIVED, media, by=caller.owner)
            await session.flush()
            log.info("media_adopted", media_id=media.id, size=file.file_size, file_type=file.file_type.value)
            return Adopted(media=await media_view(session, media), duplicate=False)

    async def _existing(
        self, session: AsyncSession, caller: Caller, file: TelegramFile, number: RequestNumber | None
    ) -> Media | None:
        same_message = (Media.source_chat_id == file.chat_id) & (Media.source_message_id == file.message_id)
        media = await session.scalar(select(Media).where(same_message)) if file.message_id is not None else None
        if media is not None:
            return media
        if not file.file_unique_id:
            return None
        same_file = (Media.owner == caller.owner) & (Media.telegram_unique_id == file.file_unique_id)
        query = select(Media).where(same_file, Media.status.not_in(GONE))
        numbers = select(Attachment.media_id)
        if number is None:
            query = query.where(Media.id.not_in(numbers))
        else:
            query = query.where(Media.id.in_(numbers.where(Attachment.request_number == number)))
        return await session.scalar(query.order_by(Media.id).limit(1))

    def _media(self, caller: Caller, file: TelegramFile, details: Details, mime: str, *, inspectable: bool) -> Media:
        category = details.category or Category(default_category(file.file_type))
        return Media(
            key=uuid4(),
            owner=caller.owner,
            uploaded_by=details.uploaded_by,
            source="telegram",
            filename=clean_filename(file.file_name or _name(file, mime), mime=mime),
            file_size=file.file_size,
            content_type=mime,
            file_type=file.file_type,
            category=category,
            purpose=category.purpose,
            description=details.description,
            tags=list(details.tags),
            external_id=details.external_id,
            width=file.width,
            height=file.height,
            duration=file.duration,
            measured=file.width is not None or file.duration is not None,
            thumbnail_file_id=file.thumbnail_file_id,
            thumbnail_size=file.thumbnail_size,
            status=MediaStatus.ACTIVE,
            inspection=Inspection.PENDING if inspectable else Inspection.IMPOSSIBLE,
            verified=False,
            awaits_request=details.request_number is None,
            telegram_unique_id=file.file_unique_id or None,
            source_chat_id=file.chat_id,
            source_message_id=file.message_id,
        )

    async def _add_part(self, session: AsyncSession, media: Media, file: TelegramFile) -> None:
        part = Part(
            media_key=media.key,
            media_id=media.id,
            index=0,
            offset=0,
            size=file.file_size,
            last=True,
            state=PartState.SPOOLED,
            origin="telegram",
            node=self._node,
            source_chat_id=file.chat_id,
            source_message_id=file.message_id,
            source_file_id=file.file_id,
            source_file_unique_id=file.file_unique_id or None,
            purpose=media.purpose,
        )
        session.add(part)
        await session.flush()
        if media.inspection is Inspection.PENDING:
            await wake_inspector(session, self._node, media.id)
        else:
            await wake_shipper(session, part)


def _name(file: TelegramFile, mime: str) -> str | None:
    """Photos and voices come without a name: one that tells them apart."""
    if file.file_type is FileType.DOCUMENT:
        return None
    return f"{file.file_type.value}_{file.message_id or file.file_unique_id}{extension_of(mime)}"
