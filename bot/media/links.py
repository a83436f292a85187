"""Links that open one media in Telegram: signed, with an end, on the word of whoever gave them away.

A link holds the media, who gives it, until when, and a MAC. Nothing is stored: it dies with the right of its giver to
see the media. Telegram allows 64 characters of ``A-Za-z0-9_-`` (TELEGRAM.md, Updates).
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import timedelta

from storage.clock import Clock

PREFIX = "m_"
_BODY = struct.Struct(">qqI")
_MAC_BYTES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """A media that somebody gives away."""

    media_id: int
    giver: int


class MediaLinks:
    """``secret`` None: there are no such links."""

    def __init__(self, secret: str | None, clock: Clock) -> None:
        self._key = None if secret is None else hmac.digest(secret.encode(), b"media in telegram", "sha256")
        self._clock = clock

    def make(self, given: Given, life: timedelta) -> str | None:
        """The parameter of a ``start`` link."""
        if self._key is None:
            return None
        until = int((self._clock.now() + life).timestamp())
        body = _BODY.pack(given.media_id, given.giver, until)
        return PREFIX + urlsafe_b64encode(body + self._mac(self._key, body)).decode().rstrip("=")

    def read(self, parameter: str) -> Given | None:
        """What the parameter gives; None for a made-up or an old one. Never raises."""
        if self._key is None or not parameter.startswith(PREFIX) or not parameter.isascii():
            return None
        bare = parameter.removeprefix(PREFIX)
        try:
            raw = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        except (NotBase64, ValueError):
            return None
        body, mac = raw[: _BODY.size], raw[_BODY.size :]
        if len(raw) != _BODY.size + _MAC_BYTES or not hmac.compare_digest(mac, self._mac(self._key, body)):
            return None
        media_id, giver, until = _BODY.unpack(body)
        return Given(media_id=media_id, giver=giver) if self._clock.now().timestamp() <= until else None

    def _mac(self, key: bytes, body: bytes) -> bytes:
        return hmac.digest(key, body, "sha256")[:_MAC_BYTES]
