"""Signed links: whoever has one reads one media's bytes, without credentials, until it ends.

A token is base64url of: the link's id (8 bytes), a nonce (16), and 16 bytes of HMAC-SHA256 over both. It says nothing
else, so what a link allows can be changed and revoked. A token whose signature holds but which has no row any more
belonged to a link that ended long ago; a guess does not get as far as a query.

What a download is, where ``max_downloads`` counts them: a GET that transfers bytes counts once. One with ``Range`` is
taken for the same download when the same client (address and User-Agent) began one within the hour, as long as all it
was sent stays under the file's size plus what may have been lost on the way (as much again, at most 8 MiB): to resume,
to seek and to read in parallel costs nothing more, reading the file again and again does. Each request reserves the
bytes it is about to get, and gives back what it did not.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update

from storage.access import visible_media
from storage.auditing.audit import record
from storage.catalog.reading import Reading
from storage.clock import Clock
from storage.database import Sessions
from storage.domain import Caller, MediaId
from storage.errors import InvalidFields, LinkExpired, LinkNotFound, LinkUsedUp, OnlyInTelegram
from storage.previews.cleaning import cleanable
from storage.tables import Link, LinkDownload, Media

SHORTEST, LONGEST, USUAL = timedelta(seconds=1), timedelta(days=365), timedelta(hours=24)
URL_LIFE = timedelta(hours=1)
"""How long a link lives that was asked for without terms."""

_NONCE, _MAC, _ID = 16, 16, 8
_TOKEN_LENGTH = 54
_MAX_ID = 2**63 - 1
_CONTINUED_FOR = timedelta(hours=1)
_MOST_LOST = 8 * 1024 * 1024
_KEPT_AFTER_END = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a link allows. ``max_downloads`` None: any number."""

    expires_in: timedelta = USUAL
    max_downloads: int | None = None
    attachment: bool = False
    strip_gps: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkView:
    """A link as its media's readers see it."""

    id: int
    media_id: MediaId
    token: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    max_downloads: int | None
    downloads: int
    attachment: bool
    strip_gps: bool


class Links:
    """The use cases. ``secret_key`` signs; all nodes share it."""

    def __init__(self, *, sessions: Sessions, reading: Reading, clock: Clock, secret_key: bytes) -> None:
        self._sessions = sessions
        self._reading = reading
        self._clock = clock
        self._key = hmac.digest(secret_key, b"media links", sha256)

    async def create(self, caller: Caller, media_id: int, terms: Terms) -> LinkView:
        """Make a link.

        Raises `MediaNotFound`, `MediaDeleted`, `OnlyInTelegram`, and `InvalidFields` for ``strip_gps`` of other types.
        """
        media = await self._reading.media(caller, media_id)
        if not media.deliverable:
            raise OnlyInTelegram(media_id=media.id)
        if terms.strip_gps and not cleanable(media.content_type):
            raise InvalidFields(("strip_gps", f"is for JPEG, PNG, WebP, HEIC and AVIF, not for {media.content_type}"))
        now = self._clock.now()
        async with self._sessions.begin() as session:
            link = Link(
                media_id=media.id,
                nonce=secrets.token_bytes(_NONCE),
                created_by=caller.owner,
                created_at=now,
                expires_at=now + terms.expires_in,
                max_downloads=terms.max_downloads,
                downloads=0,
                attachment=terms.attachment,
                strip_gps=terms.strip_gps,
            )
            session.add(link)
            await session.flush()
            record(session, caller.owner, "link_created", media_id=media.id, detail=_said(link))
            return self._view(link)

    async def of_media(self, caller: Caller, media_id: int) -> list[LinkView]:
        """The links of a media that were not revoked, newest first. Raises `MediaNotFound`, `MediaDeleted`."""
        media = await self._reading.media(caller, media_id)
        query = select(Link).where(Link.media_id == media.id, Link.revoked_at.is_(None)).order_by(Link.id.desc())
        async with self._sessions.begin() as session:
            return [self._view(link) for link in (await session.scalars(query)).all()]

    async def revoke(self, caller: Caller, link_id: int) -> None:
        """End a link; ending it again does nothing. Raises `LinkNotFound`, also where the caller may not see it."""
        async with self._sessions.begin() as session:
            link = None
            if 0 < link_id <= _MAX_ID:
                query = select(Link).join(Media, Media.id == Link.media_id)
                query = query.where(Link.id == link_id, visible_media(caller)).with_for_update(of=Link)
                link = await session.scalar(query)
            if link is None:
                raise LinkNotFound
            if link.revoked_at is None:
                link.revoked_at = self._clock.now()
                record(session, caller.owner, "link_revoked", media_id=link.media_id, detail={"link": link.id})

    async def find(self, token: str) -> LinkView:
        """The link of a token. Raises `LinkNotFound` for a guess or a revoked one, `LinkExpired` for one that ended."""
        link_id, nonce = self._read(token)
        async with self._sessions.begin() as session:
            link = await session.get(Link, link_id)
            if link is None:
                raise LinkExpired
            if link.revoked_at is not None or not hmac.compare_digest(link.nonce, nonce):
                raise LinkNotFound
            if link.expires_at <= self._clock.now():
                raise LinkExpired
            return self._view(link)

    async def admit(self, link: LinkView, client: str, *, wanted: int, size: int, ranged: bool) -> None:
        """Let ``client`` have ``wanted`` bytes of ``size``, as a new download or as more of one it began.

        Raises `LinkUsedUp`, `LinkNotFound` where it was revoked meanwhile, `LinkExpired`.
        """
        async with self._sessions.begin() as session:
            row = await session.get(Link, link.id, with_for_update=True)
            if row is None or row.revoked_at is not None:
                raise LinkNotFound
            running = await session.get(LinkDownload, (link.id, self._client(client)))
            now = self._clock.now()
            most = size + min(size, _MOST_LOST)
            if running is not None and ranged and running.until > now and running.sent < most:
                running.sent += wanted
                return
            if row.max_downloads is not None and row.downloads >= row.max_downloads:
                raise LinkUsedUp
            row.downloads += 1
            begun = {"until": now + _CONTINUED_FOR, "sent": wanted}
            await session.merge(LinkDownload(link_id=link.id, client=self._client(client), **begun))
            record(session, f"link:{link.id}", "link_used", media_id=link.media_id, detail={"download": row.downloads})

    async def give_back(self, link: LinkView, client: str, unsent: int) -> None:
        """``unsent`` of the bytes that were admitted did not go out."""
        row = (LinkDownload.link_id == link.id) & (LinkDownload.client == self._client(client))
        async with self._sessions.begin() as session:
            await session.execute(update(LinkDownload).where(row).values(sent=LinkDownload.sent - unsent))

    async def require_left(self, link: LinkView, client: str) -> None:
        """Raise `LinkUsedUp` where every download was used and this client has none it could go on with."""
        if link.max_downloads is None or link.downloads < link.max_downloads:
            return
        async with self._sessions.begin() as session:
            running = await session.get(LinkDownload, (link.id, self._client(client)))
            if running is None or running.until <= self._clock.now():
                raise LinkUsedUp

    async def forget(self) -> None:
        """The sweep's part: links a day after their end."""
        async with self._sessions.begin() as session:
            await session.execute(delete(Link).where(Link.expires_at < self._clock.now() - _KEPT_AFTER_END))
            await session.execute(delete(LinkDownload).where(LinkDownload.until < self._clock.now()))

    def _view(self, link: Link) -> LinkView:
        return LinkView(
            id=link.id,
            media_id=MediaId(link.media_id),
            token=self._token(link.id, link.nonce),
            created_by=link.created_by,
            created_at=link.created_at,
            expires_at=link.expires_at,
            max_downloads=link.max_downloads,
            downloads=link.downloads,
            attachment=link.attachment,
            strip_gps=link.strip_gps,
        )

    def _token(self, link_id: int, nonce: bytes) -> str:
        signed = link_id.to_bytes(_ID, "big") + nonce
        return _spelt(signed + self._mac(signed))

    def _read(self, token: str) -> tuple[int, bytes]:
        """The id and nonce of a token that we signed. Raises `LinkNotFound` for all else."""
        if len(token) != _TOKEN_LENGTH or not token.isascii():
            raise LinkNotFound
        try:
            raw = base64.b64decode(token + "==", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise LinkNotFound from error
        signed, mac = raw[: _ID + _NONCE], raw[_ID + _NONCE :]
        if not hmac.compare_digest(mac, self._mac(signed)) or _spelt(raw) != token:
            raise LinkNotFound
        return int.from_bytes(signed[:_ID], "big"), signed[_ID:]

    def _mac(self, signed: bytes) -> bytes:
        return hmac.digest(self._key, signed, sha256)[:_MAC]

    def _client(self, client: str) -> bytes:
        """Addresses are not kept: only whether it is the same one again."""
        return hmac.digest(self._key, b"client:" + client.encode("utf-8", "replace"), sha256)


def _spelt(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _said(link: Link) -> dict[str, object]:
    return {
        "link": link.id,
        "expires_at": link.expires_at.isoformat(),
        "max_downloads": link.max_downloads,
        "strip_gps": link.strip_gps,
    }
