"""Avatars: a square picture of a user in four sizes, archived as every media is and served from rows."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.clock import Clock
from storage.content import HEAD_SIZE, sniff
from storage.database import Sessions
from storage.details import Details
from storage.domain import GONE, Caller, Category, EventType, Role
from storage.errors import AvatarNotFound, EmptyFile, FileTooLarge, InvalidFields, MissingScope, TypeNotAllowed
from storage.events.outbox import tell
from storage.intake.arrivals import Arrival
from storage.intake.taking_in import Intake
from storage.previews.kinds import Kind, kind_of
from storage.previews.studio import Studio
from storage.previews.values import Source, UnusableImage
from storage.previews.worker import draw_squares
from storage.tables import Avatar, AvatarImage, Media, UserProfile
from storage.users.dropping import drop

log = structlog.get_logger(__name__)

SIZES = (512, 256, 128, 64)
"""Pixels of a side, the largest first: that one is archived."""

MOST_BYTES = 20 * 1024 * 1024
LONGEST_USER_ID = 64
"""As long as the label of who uploaded."""

_TYPE = "image/jpeg"


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarView:
    """What there is of a user's avatar. ``digest`` is that of its largest picture, and names it in URLs."""

    user_id: str
    digest: str
    version: int
    changed_at: datetime
    media_id: int


class Avatars:
    """The use case."""

    def __init__(self, *, sessions: Sessions, intake: Intake, studio: Studio, clock: Clock) -> None:
        self._sessions = sessions
        self._intake = intake
        self._studio = studio
        self._clock = clock

    async def put(self, caller: Caller, user_id: str, chunks: AsyncIterator[bytes]) -> AvatarView:
        """Make this picture a user's avatar: turned upright, cropped square, without its metadata.

        Raises `MissingScope` where it is not the caller's to set, `FileTooLarge`, `EmptyFile`, `TypeNotAllowed` for
        what is no image, `InvalidFields` for one that cannot be used, and what taking in raises.
        """
        _require_own(caller, user_id)
        path = self._studio.cache.temporary()
        try:
            mime = await _spooled(path, chunks)
            pictures = await self._studio.run(Source(path=str(path), mime=mime), draw_squares, SIZES)
        except UnusableImage as error:
            raise InvalidFields(("file", "is an image that cannot be used")) from error
        finally:
            path.unlink(missing_ok=True)
        return await self._keep(caller, user_id, pictures)

    async def find(self, user_id: str) -> AvatarView:
        """Raises `AvatarNotFound`."""
        async with self._sessions.begin() as session:
            row = await session.scalar(_served().where(Avatar.user_id == user_id))
        if row is None:
            raise AvatarNotFound
        return _view(row)

    async def picture(self, user_id: str, size: int) -> bytes:
        """A JPEG of one of `SIZES`. Raises `AvatarNotFound`."""
        return await self._picture(Avatar.user_id == user_id, size)

    async def picture_by_digest(self, digest: str, size: int) -> bytes:
        """The same of an avatar that is somebody's now. Raises `AvatarNotFound`."""
        try:
            known = bytes.fromhex(digest)
        except ValueError:
            raise AvatarNotFound from None
        return await self._picture(Avatar.digest == known, size)

    async def remove(self, caller: Caller, user_id: str) -> None:
        """Remove a user's avatar; again is no change. Raises `MissingScope`."""
        _require_own(caller, user_id)
        async with self._sessions.begin() as session:
            await remove_avatar(session, user_id, by=caller.owner, now=self._clock.now())

    async def _picture(self, which: ColumnElement[bool], size: int) -> bytes:
        query = _served().with_only_columns(AvatarImage.content)
        query = query.join(AvatarImage, AvatarImage.user_id == Avatar.user_id).limit(1)
        async with self._sessions.begin() as session:
            found: bytes | None = await session.scalar(query.where(which, AvatarImage.size == size))
        if found is None:
            raise AvatarNotFound
        return found

    async def _keep(self, caller: Caller, user_id: str, pictures: list[bytes]) -> AvatarView:
        details = Details(category=Category.AVATAR, uploaded_by=user_id)
        name = f"avatar-{user_id}.jpg"
        arrival = Arrival(caller=caller, filename=name, declared_type=_TYPE, size=len(pictures[0]), details=details)
        async with self._intake.begin(arrival) as upload:
            await upload.write(pictures[0])
            received = await upload.finish()
            also = partial(self._set, caller=caller, user_id=user_id, pictures=pictures)
            await upload.accept(received, details, also=also)
        log.info("avatar_set", user=user_id)
        return await self.find(user_id)

    async def _set(
        self, session: AsyncSession, media_id: int, *, caller: Caller, user_id: str, pictures: list[bytes]
    ) -> None:
        now = self._clock.now()
        row = await _locked(session, user_id)
        if await session.scalar(select(UserProfile.deleted_at).where(UserProfile.user_id == user_id)) is not None:
            raise AvatarNotFound  # whoever was deleted there gets no new picture here
        former = None if row.media_id is None else await session.get(Media, row.media_id, with_for_update=True)
        row.media_id, row.digest, row.version = media_id, sha256(pictures[0]).digest(), row.version + 1
        row.changed_at = now
        await session.flush()
        await session.execute(delete(AvatarImage).where(AvatarImage.user_id == user_id))
        session.add_all(
            AvatarImage(user_id=user_id, size=size, content=picture)
            for size, picture in zip(SIZES, pictures, strict=True)
        )
        if former is not None:
            await drop(session, former, by=caller.owner, now=now)
        media = await session.get(Media, media_id)
        assert media is not None
        await tell(
            session, EventType.AVATAR_UPDATED, media, by=caller.owner, user_id=user_id, avatar=avatar_json(_view(row))
        )


async def remove_avatar(session: AsyncSession, user_id: str, *, by: str, now: datetime, keep: bool = False) -> None:
    """Serve no avatar of a user any more. ``keep``: its media stays in the archive."""
    row = await session.get(Avatar, user_id, with_for_update=True)
    if row is None or row.digest is None or row.media_id is None:
        return
    media = await session.get(Media, row.media_id, with_for_update=True)
    assert media is not None
    row.digest, row.media_id, row.version, row.changed_at = None, None, row.version + 1, now
    await session.execute(delete(AvatarImage).where(AvatarImage.user_id == user_id))
    said = {"user_id": user_id, "version": row.version, "digest": None, "urls": {}}
    await tell(session, EventType.AVATAR_UPDATED, media, by=by, user_id=user_id, avatar=said)
    if not keep:
        await drop(session, media, by=by, now=now)


def avatar_json(view: AvatarView) -> dict[str, object]:
    """An avatar as events and answers show it. The URLs never show another picture, so they may be kept for ever."""
    urls = {str(size): f"/api/v1/avatars/{view.digest}/{size}" for size in reversed(SIZES)}
    return {"user_id": view.user_id, "version": view.version, "digest": view.digest, "urls": urls}


async def _spooled(path: Path, chunks: AsyncIterator[bytes]) -> str:
    """Write an image to ``path``; its content type, by its bytes."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if len(held) > MOST_BYTES:
            raise FileTooLarge(limit=MOST_BYTES)
    if not held:
        raise EmptyFile
    mime = sniff(bytes(held[:HEAD_SIZE]), complete=len(held) <= HEAD_SIZE).mime
    if kind_of(mime) is not Kind.IMAGE:
        raise TypeNotAllowed(content_type=mime)
    await asyncio.to_thread(path.write_bytes, held)
    return mime


def _require_own(caller: Caller, user_id: str) -> None:
    """People set their own avatar, admins and services everybody's."""
    if caller.role in (Role.USER, Role.STAFF) and f"user:{user_id}" not in caller.owners:
        raise MissingScope(scope="admin")


def _served() -> Select[Avatar]:
    live = Media.status.not_in(GONE)
    return select(Avatar).join(Media, Media.id == Avatar.media_id).where(Avatar.digest.is_not(None), live)


async def _locked(session: AsyncSession, user_id: str) -> Avatar:
    new = insert(Avatar).values(user_id=user_id, version=0, changed_at=func.now())
    await session.execute(new.on_conflict_do_nothing())
    row = await session.get(Avatar, user_id, with_for_update=True)
    assert row is not None
    return row


def _view(row: Avatar) -> AvatarView:
    assert row.digest is not None
    assert row.media_id is not None
    return AvatarView(
        user_id=row.user_id,
        digest=row.digest.hex(),
        version=row.version,
        changed_at=row.changed_at,
        media_id=row.media_id,
    )
