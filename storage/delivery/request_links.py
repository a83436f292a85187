"""Signed pages of requests: whoever has such a link reads what belongs to one request, also what is attached later.

A token is base64url of: the maker's Telegram id (8 bytes), its end (Unix seconds, 4), the request's number, and 16
bytes of HMAC-SHA256 over them. There is no row to keep: a page ends with its time, with another `SECRET_KEY`, or when
its maker is staff no more, which is asked each time it is read.
"""

import base64
import binascii
import hmac
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from storage.clock import Clock
from storage.domain import Role
from storage.errors import LinkExpired, LinkNotFound
from storage.request_numbers import InvalidRequestNumber, RequestNumber, parse_request_number

LIFE = timedelta(days=7)

_HEAD = struct.Struct(">qI")
_MAC = 16
_LONGEST_TOKEN = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLink:
    """A page of a request, made by the person with ``telegram_id``."""

    number: RequestNumber
    telegram_id: int
    expires_at: datetime
    token: str

    @property
    def actor(self) -> str:
        """Who reads, as the audit has it: nobody is known but whose link it is."""
        return f"page:{self.telegram_id}"


class RequestLinks:
    """The use case. ``role_of`` says what a person may do now."""

    def __init__(self, *, clock: Clock, secret_key: bytes, role_of: Callable[[int], Awaitable[Role]]) -> None:
        self._clock = clock
        self._key = hmac.digest(secret_key, b"request pages", sha256)
        self._role_of = role_of

    def make(self, telegram_id: int, number: RequestNumber, *, life: timedelta = LIFE) -> RequestLink:
        """A link in the name of a person, who was asked for their right before."""
        ends = int((self._clock.now() + life).timestamp())
        signed = _HEAD.pack(telegram_id, ends) + number.encode()
        token = base64.urlsafe_b64encode(signed + self._mac(signed)).decode().rstrip("=")
        return RequestLink(number=number, telegram_id=telegram_id, expires_at=_moment(ends), token=token)

    async def find(self, token: str) -> RequestLink:
        """Raises `LinkNotFound` for a guess and where the maker is staff no more, `LinkExpired` after its time."""
        link = self._read(token)
        if link.expires_at <= self._clock.now():
            raise LinkExpired
        if await self._role_of(link.telegram_id) is Role.USER:
            raise LinkNotFound
        return link

    def _read(self, token: str) -> RequestLink:
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise LinkNotFound
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise LinkNotFound from error
        signed, mac = raw[:-_MAC], raw[-_MAC:]
        spelt = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        if not hmac.compare_digest(mac, self._mac(signed)) or spelt != token:
            raise LinkNotFound
        telegram_id, ends = _HEAD.unpack_from(signed)
        try:
            number = parse_request_number(signed[_HEAD.size :].decode())
        except InvalidRequestNumber as error:  # signed by us: only if numbers ever looked otherwise
            raise LinkNotFound from error
        return RequestLink(number=number, telegram_id=telegram_id, expires_at=_moment(ends), token=token)

    def _mac(self, signed: bytes) -> bytes:
        return hmac.digest(self._key, signed, sha256)[:_MAC]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
