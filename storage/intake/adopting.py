"""Taking in through the Telegram door: a message with a file becomes a media. No byte passes through us here.

The message already is in Telegram, so it is acknowledged as soon as the index knows it. What a bot can fetch is then
inspected (`storage.intake.inspecting`) before it is shipped; what is too large is shipped at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Select, TableValuedAlias, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.callers.quotas import charge
from storage.catalog.attachments import attach_row
from storage.database import Sessions
from storage.details import Details
from storage.domain import GONE, Caller
from storage.engine.channels import bound_channels
from storage.errors import TypeNotAllowed
from storage.intake.adding import add_media
from storage.intake.receiving import Limits
from storage.intake.telegram_files import FALLBACK_TYPES, Taking, TelegramFile
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media
from storage.tables.many import ForRows, bare
from storage.views import MediaView, media_view

__all__ = ["FALLBACK_TYPES", "Adopted", "Adopting", "TelegramFile"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Adopted:
    """``duplicate``: the same person sent the same file for the same request before; that one is shown."""

    media: MediaView
    duplicate: bool


_MEDIA = bare(Media).c
_PLACE, _OWN = ("source_chat_id", "source_message_id"), ("owner", "telegram_unique_id")
_AT_PLACES = ForRows(Media, lambda asked: _like(asked, *_PLACE))
_SAME_FILES = ForRows(Media, lambda asked: _like(asked, *_OWN).where(_MEDIA.status.not_in(GONE)))


def _like(asked: TableValuedAlias, *names: str) -> Select[*tuple[Any, ...]]:
    """Of the media that are like a row that is asked for, what they are asked by."""
    same = [_MEDIA[name] == asked.c[name] for name in names]
    return select(*(_MEDIA[name] for name in names)).join(asked, and_(*same))


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
        taking = self.taking(caller, file, details)
        async with self._sessions.begin() as session:
            existing = await self._existing(session, caller, file, details.request_number)
            if existing is not None:
                same_message = (existing.source_chat_id, existing.source_message_id) == (file.chat_id, file.message_id)
                again = file.message_id is not None and same_message
                return Adopted(media=await media_view(session, existing), duplicate=not again)
            (media_id,) = await self.add(session, [taking])
            media = await session.get_one(Media, media_id)
            await charge(session, caller, media)
            if details.request_number is not None:
                await attach_row(session, media, details.request_number, by=caller.owner)
            await session.flush()
            return Adopted(media=await media_view(session, media), duplicate=False)

    def taking(self, caller: Caller, file: TelegramFile, details: Details) -> Taking:
        """Raises `FileTooLarge`, and `TypeNotAllowed` by Telegram's word for the type."""
        self._limits.require_size(file.file_size)
        mime = file.mime_type or FALLBACK_TYPES.get(file.file_type, "application/octet-stream")
        inspectable = self._fetch_limit is None or (file.file_size or 0) <= self._fetch_limit
        if not inspectable and not self._limits.policy.allows(mime):
            raise TypeNotAllowed(content_type=mime)
        return Taking(caller=caller, file=file, details=details, mime=mime, inspectable=inspectable)

    async def add(self, session: AsyncSession, takings: Sequence[Taking]) -> Sequence[int]:
        """Keep files that are known to be new, inside a transaction; their ids. Quotas are the caller's to charge.

        Raises `ChannelNotBound`.
        """
        for purpose in {taking.category.purpose for taking in takings}:
            await bound_channels(session, purpose)
        ids = await add_media(session, takings, node=self._node)
        for media_id, taking in zip(ids, takings, strict=True):
            file = taking.file
            log.info("media_adopted", media_id=media_id, size=file.file_size, file_type=file.file_type.value)
        return ids

    async def seen(self, session: AsyncSession, files: Sequence[tuple[Caller, TelegramFile]]) -> set[int]:
        """The places of those files that are kept already, by their message, or as the same file of the same person."""
        if not files:
            return set()
        keys = [((file.chat_id, file.message_id), (caller.owner, file.file_unique_id)) for caller, file in files]
        places = [dict(zip(_PLACE, place, strict=True)) for place, _ in keys]
        own = [dict(zip(_OWN, same, strict=True)) for _, same in keys]
        rows = [*await _AT_PLACES.run(session, places), *await _SAME_FILES.run(session, own)]
        known: set[tuple[Any, ...]] = {tuple(row) for row in rows}
        found = set()
        for at, (message, same) in enumerate(keys):
            if message in known or (same[1] and same in known):
                found.add(at)
            known |= {message, same}
        return found

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
