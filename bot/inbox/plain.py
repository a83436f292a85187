"""Which updates are a file in a private chat and nothing more: such can be kept many at a time.

It is said of the update as Telegram gave it, so it never raises, and is never wrong in favour of a file: what people
answer, send as an album or edit goes the ordinary way.
"""

from collections.abc import Mapping
from typing import Any

_KINDS = frozenset({"photo", "video", "animation", "audio", "voice", "video_note", "sticker", "document"})
_UNUSUAL = frozenset({"reply_to_message", "media_group_id", "sender_chat", "edit_date", "external_reply", "quote"})


def is_plain_file(raw: Mapping[str, Any]) -> bool:
    message = raw.get("message")
    if set(raw) != {"update_id", "message"} or not isinstance(message, dict):
        return False
    chat, sender = message.get("chat"), message.get("from")
    if not (isinstance(chat, dict) and isinstance(sender, dict)):
        return False
    private = chat.get("type") == "private" and chat.get("id") == sender.get("id") and not sender.get("is_bot")
    return private and not _KINDS.isdisjoint(message) and _UNUSUAL.isdisjoint(message)
