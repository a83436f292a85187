"""The values of our rows for what is taken over."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from storage.domain import MediaStatus, PartState
from storage.legacy.mapping import Mapped, Note
from storage.legacy.planning import Kept

_SOURCE = {"source": "legacy"}


def media_words(kept: Kept) -> dict[str, Any]:
    """What is said of the media; its index is made by the sweep."""
    words = kept.words
    return {
        "owner": words.owner,
        "uploaded_by": words.uploaded_by,
        "filename": words.filename,
        "description": words.description,
        "tags": list(words.tags),
        "category": words.category,
        "purpose": words.category.purpose,
        "status": words.status,
        "archived_at": _archived_at(kept),
        "expires_at": words.expires_at,
        "search": "" if kept.gone else None,
    }


def media_file(kept: Kept) -> dict[str, Any]:
    """What the media's bytes are. Nobody has looked at them yet: no digest, and only Telegram's word for the type.

    Nobody shall before they are stored: what is not allowed by now was allowed then, and is not to be lost.
    ``measured`` at once: to find out widths and heights, the sweep would fetch every file there is.
    """
    content = kept.content
    return {
        "source": "telegram",
        "file_size": content.size,
        "content_type": content.content_type,
        "file_type": content.file_type,
        "sha256": None,
        "measured": True,
        "thumbnail_file_id": None if kept.gone else content.thumbnail_file_id,
        "inspection": content.inspection,
        "verified": False,
        "telegram_unique_id": None if kept.gone else content.unique_id,
        "uploaded_at": content.uploaded_at,
    }


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Due since then: nothing was woken for these parts, so that no sweep is to spare them."""


def part_row(kept: Kept, key: object, *, node: str, bot_id: int | None, copy: bool) -> dict[str, Any]:
    """Where the bytes are: in the predecessor's message, or with ``copy`` to be copied from there.

    Without a message there is only the file id, and the engine sends the file into a channel by it.
    """
    content = kept.content
    here = content.chat_id is not None and content.message_id is not None and not copy
    return {
        "media_key": key,
        "media_id": kept.id,
        "index": 0,
        "offset": 0,
        "size": content.size,
        "last": True,
        "state": PartState.STORED if here else PartState.SPOOLED,
        "origin": "telegram",
        "node": node,
        "source_chat_id": content.chat_id if copy else None,
        "source_message_id": content.message_id if copy else None,
        "source_bot_id": None if here else bot_id,
        "source_file_id": None if here else content.file_id,
        "source_file_unique_id": None if here else content.unique_id,
        "purpose": kept.words.category.purpose,
        "chat_id": content.chat_id if here else None,
        "message_id": content.message_id if here else None,
        "stored_at": content.uploaded_at if here else None,
        "next_attempt_at": _LONG_AGO,
    }


def ref_row(kept: Kept, part_id: int, bot_id: int) -> dict[str, Any]:
    return {
        "part_id": part_id,
        "bot_id": bot_id,
        "file_id": kept.content.file_id,
        "file_unique_id": kept.content.unique_id or "",
    }


def attachment_rows(kept: Kept) -> list[dict[str, Any]]:
    return [
        {
            "request_number": number,
            "media_id": kept.id,
            "attached_by": kept.words.owner,
            "category": kept.words.category,
            "attached_at": kept.content.uploaded_at,
        }
        for number in kept.words.numbers
    ]


def audit_row(kept: Kept, actor: str, action: str) -> dict[str, Any]:
    return {"actor": actor, "action": action, "media_id": kept.id, "detail": _SOURCE}


def taken_row(row: Mapped, notes: Sequence[Note], *, kept: bool, now: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "media_id": row.id if kept else None,
        "digest": row.digest,
        "file_digest": row.file_digest,
        "footprint": None if row.words is None or not kept else row.words.footprint,
        "notes": [note.as_json() for note in notes],
        "imported_at": now,
        "changed_at": now,
    }


def _archived_at(kept: Kept) -> datetime | None:
    if kept.words.status is not MediaStatus.ARCHIVED:
        return None
    return kept.content.archived_at or kept.content.uploaded_at
