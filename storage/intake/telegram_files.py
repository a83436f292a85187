"""A file in a chat as an update describes it, and the rows that a new media of it begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from storage.content import default_category, extension_of
from storage.details import Details
from storage.domain import Caller, Category, FileType, Inspection, MediaStatus, PartState
from storage.filenames import clean_filename

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
class Taking:
    """A file that may be kept. ``mime`` is Telegram's word; ``inspectable``: its bytes can be looked at."""

    caller: Caller
    file: TelegramFile
    details: Details
    mime: str
    inspectable: bool

    @property
    def category(self) -> Category:
        return self.details.category or Category(default_category(self.file.file_type))

    def media_values(self) -> dict[str, Any]:
        """The columns of the media, but for what is derived from them."""
        file, details = self.file, self.details
        return {
            "key": uuid4(),
            "owner": self.caller.owner,
            "uploaded_by": details.uploaded_by,
            "source": "telegram",
            "filename": clean_filename(file.file_name or self._name(), mime=self.mime),
            "file_size": file.file_size,
            "content_type": self.mime,
            "file_type": file.file_type,
            "category": self.category,
            "purpose": self.category.purpose,
            "description": details.description,
            "tags": list(details.tags),
            "external_id": details.external_id,
            "width": file.width,
            "height": file.height,
            "duration": file.duration,
            "measured": file.width is not None or file.duration is not None,
            "thumbnail_file_id": file.thumbnail_file_id,
            "thumbnail_size": file.thumbnail_size,
            "status": MediaStatus.ACTIVE,
            "inspection": Inspection.PENDING if self.inspectable else Inspection.IMPOSSIBLE,
            "verified": False,
            "awaits_request": details.request_number is None,
            "telegram_unique_id": file.file_unique_id or None,
            "source_chat_id": file.chat_id,
            "source_message_id": file.message_id,
        }

    def part_values(self, media: Mapping[str, Any], media_id: int, node: str) -> dict[str, Any]:
        """The columns of its only part."""
        file = self.file
        return {
            "media_key": media["key"],
            "media_id": media_id,
            "index": 0,
            "offset": 0,
            "size": file.file_size,
            "last": True,
            "state": PartState.SPOOLED,
            "origin": "telegram",
            "node": node,
            "source_chat_id": file.chat_id,
            "source_message_id": file.message_id,
            "source_file_id": file.file_id,
            "source_file_unique_id": file.file_unique_id or None,
            "purpose": media["purpose"],
        }

    def _name(self) -> str | None:
        """Photos and voices come without a name: one that tells them apart."""
        file = self.file
        if file.file_type is FileType.DOCUMENT:
            return None
        return f"{file.file_type.value}_{file.message_id or file.file_unique_id}{extension_of(self.mime)}"
