"""`mediagate recover`: the index out of captions alone, from nothing but channels and tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import func, select

from gateway.reading_channels import Ahead, ChannelReading, Rebuilt
from gateway.recovery_ground import RecoveryGround
from gateway.restoring import Telling, told
from storage.auditing.audit import record
from storage.database import Sessions
from storage.domain import NO_FALLBACK, Purpose
from storage.errors import ArchiveError
from storage.recovery.coming_back import RESTORED
from storage.recovery.errors import channel_error
from storage.recovery.restoring import require_empty
from storage.schema import migrate
from storage.tables import Audit, ChannelBinding, FoundMessage, Media
from storage.telegram.binding import Binder

RECOVERED = "index_recovered"
"""In the audit: by it a database is known to be one that may be recovered into again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A channel to read. ``purpose`` None: it is read, and nothing new is kept in it."""

    chat_id: int
    purpose: Purpose | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """``media`` and ``placeholders`` count what is there now, of all runs."""

    rebuilt: Rebuilt
    ahead: Ahead
    media: int
    placeholders: int


async def recover(ground: RecoveryGround, channels: Sequence[Named], telling: Telling) -> Recovered:
    """Recover, or go on with it. Raises `NotEmpty`, `ChannelUnusable` and `TelegramAway`."""
    if not await _was_recovered_into(ground):
        await require_empty(ground.database)
    await migrate(ground.database)
    async with ground.sessions.begin() as session:
        record(session, "cli", RECOVERED, detail={"channels": [one.chat_id for one in channels]})
    await _bind(ground, channels)
    reading = ChannelReading(ground)
    ahead = await reading.look_ahead([one.chat_id for one in channels])
    telling.ahead(ahead)
    rebuilt = await reading.go(ahead, partial(told, telling))
    media, placeholders = await _counts(ground.sessions)
    return Recovered(rebuilt=rebuilt, ahead=ahead, media=media, placeholders=placeholders)


async def _was_recovered_into(ground: RecoveryGround) -> bool:
    """A database without tables was not; else a run before this one has said so, or a restore: that may have left
    a channel out which it could not read.
    """
    async with ground.sessions.begin() as session:
        if await session.scalar(select(func.to_regclass("audit"))) is None:
            return False
        return (
            await session.scalar(select(Audit.id).where(Audit.action.in_((RECOVERED, RESTORED))).limit(1)) is not None
        )


async def _bind(ground: RecoveryGround, channels: Sequence[Named]) -> None:
    """Know the channels, and bind those that have a purpose; for requests, where none would be, the first that may."""
    binder = Binder(sessions=ground.sessions, bot=ground.bot)
    wanted: dict[Purpose, list[int]] = {}
    for one in channels:
        try:
            await binder.ensure(one.chat_id)
        except ArchiveError as error:
            raise channel_error(one.chat_id, error) from error
        if one.purpose is not None:
            wanted.setdefault(one.purpose, []).append(one.chat_id)
    if Purpose.REQUESTS not in wanted and not await _takes_requests(ground.sessions):
        free = [one.chat_id for one in channels if one.purpose not in NO_FALLBACK]
        wanted[Purpose.REQUESTS] = free[:1]
    await binder.bind({purpose: ids for purpose, ids in wanted.items() if ids})


async def _takes_requests(sessions: Sessions) -> bool:
    query = select(ChannelBinding.channel_id).where(ChannelBinding.purpose == Purpose.REQUESTS).limit(1)
    async with sessions.begin() as session:
        return await session.scalar(query) is not None


async def _counts(sessions: Sessions) -> tuple[int, int]:
    deleted = FoundMessage.media_key.is_(None)
    async with sessions.begin() as session:
        media = await session.scalar(select(func.count()).select_from(Media)) or 0
        placeholders = await session.scalar(select(func.count()).select_from(FoundMessage).where(deleted)) or 0
    return media, placeholders
