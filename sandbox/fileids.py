"""`file_id` and `file_unique_id` (TELEGRAM.md, Sending and files).

A `file_id` says kind, file and bot, and is sealed with the bot's token: other bots cannot unserialise it. Several are
valid for one file and bot: the same file in another message comes under another of its 16 variants. The
`file_unique_id` is the same for all bots and cannot fetch.
"""

import base64
import binascii
import hashlib
import re
import struct
from typing import Final

from sandbox.errors import WRONG_REMOTE, bad_request
from sandbox.model import Bot

VARIANTS: Final = 16
# Position is what is written into the id (its lower half byte; the upper one is the variant); never reorder.
KINDS: Final = (
    "photo",
    "thumbnail",
    "document",
    "video",
    "audio",
    "voice",
    "video_note",
    "animation",
    "sticker",
)
TITLES: Final = {
    "photo": "Photo",
    "thumbnail": "Thumbnail",
    "document": "Document",
    "video": "Video",
    "audio": "Audio",
    "voice": "VoiceNote",
    "video_note": "VideoNote",
    "animation": "Animation",
    "sticker": "Sticker",
}
_HEAD: Final = struct.Struct(">BQQ")
_SEAL: Final = 37  # 54 bytes in all make 72 characters, about as long as the real ones
_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]*")
_MOST_PADDING: Final = 2


def unique_id(number: int) -> str:
    """Looks like the real ones; the second half keeps people from counting."""
    digest = hashlib.blake2s(number.to_bytes(8), digest_size=5).digest()
    return "AgAD" + base64.urlsafe_b64encode(struct.pack(">I", number) + digest).decode().rstrip("=")


def encode(bot: Bot, kind: str, number: int, variant: int = 0) -> str:
    head = _HEAD.pack(KINDS.index(kind) | variant % VARIANTS << 4, bot.id, number)
    return base64.urlsafe_b64encode(head + _seal(bot, head)).decode()


def decode(bot: Bot, file_id: str) -> tuple[str, int]:
    """Kind and number of the file. Raises the "wrong remote file identifier" errors."""
    raw = _binary(file_id)
    head = raw[: _HEAD.size]
    if len(raw) != _HEAD.size + _SEAL or raw[_HEAD.size :] != _seal(bot, head):
        raise bad_request(WRONG_REMOTE + "can't unserialize it")
    mark, _bot, number = _HEAD.unpack(head)
    return KINDS[mark & 0x0F], number


def _seal(bot: Bot, head: bytes) -> bytes:
    return hashlib.blake2b(head, key=bot.token.encode()[:64], digest_size=_SEAL).digest()


def _binary(file_id: str) -> bytes:
    """Base64url as TDLib reads it, with its error texts."""
    body = file_id.rstrip("=")
    padding = len(file_id) - len(body)
    if padding > _MOST_PADDING:
        raise bad_request(WRONG_REMOTE + "Wrong string padding")
    if padding and len(file_id) % 4:
        raise bad_request(WRONG_REMOTE + "Wrong padding length")
    if len(body) % 4 == 1:
        raise bad_request(WRONG_REMOTE + "Wrong string length")
    if not _ALPHABET.fullmatch(body):
        raise bad_request(WRONG_REMOTE + "Wrong character in the string")
    try:
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error as error:
        raise bad_request(WRONG_REMOTE + "can't unserialize it") from error
