"""Links by which staff let people in: signed, valid for three days, for as many as the link is given to.

A link holds who invites, until when, and a MAC; nothing is stored, and a link dies with its inviter's role. Telegram
allows 64 characters of ``A-Za-z0-9_-`` (TELEGRAM.md, Updates).
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import timedelta

from storage.clock import Clock

VALID = timedelta(days=3)
_PREFIX = "i"
_BODY = struct.Struct(">qI")
_MAC_BYTES = 15


class Invitations:
    """``secret`` None: nobody can be invited."""

    def __init__(self, secret: str | None, clock: Clock) -> None:
        self._key = None if secret is None else hmac.digest(secret.encode(), b"invitations", "sha256")
        self._clock = clock

    def make(self, inviter: int) -> str | None:
        """The parameter of a ``start`` link that lets people in on ``inviter``'s word."""
        if self._key is None:
            return None
        until = self._clock.now() + VALID
        body = _BODY.pack(inviter, int(until.timestamp()))
        return _PREFIX + urlsafe_b64encode(body + self._mac(self._key, body)).decode()

    def inviter(self, parameter: str) -> int | None:
        """Who invites by this parameter; None for a made-up or an old one. Never raises."""
        if self._key is None or not parameter.startswith(_PREFIX):
            return None
        try:
            raw = urlsafe_b64decode(parameter.removeprefix(_PREFIX))
        except (NotBase64, ValueError):
            return None
        body, mac = raw[: _BODY.size], raw[_BODY.size :]
        if len(raw) != _BODY.size + _MAC_BYTES or not hmac.compare_digest(mac, self._mac(self._key, body)):
            return None
        inviter, until = _BODY.unpack(body)
        return int(inviter) if self._clock.now().timestamp() <= until else None

    def _mac(self, key: bytes, body: bytes) -> bytes:
        return hmac.digest(key, body, "sha256")[:_MAC_BYTES]
