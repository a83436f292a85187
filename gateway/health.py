"""What the process needs to do its work, checked line by line: for `/health/ready` and for `mediagate doctor`."""

import shutil
from collections.abc import Awaitable, Callable

from aiogram import Bot
from aiogram.types import ChatMemberAdministrator, ChatMemberOwner
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import Sessions, session_factory
from storage.errors import ArchiveError
from storage.schema import is_at_head
from storage.spool import Spool
from storage.tables import Channel, ChannelBinding
from storage.telegram.translation import translated
from web.deps import HealthLine

_CALL_TIMEOUT = 5
_LEAST_FREE = 64 * 1024 * 1024
_RIGHTS = ("can_post_messages", "can_edit_messages", "can_delete_messages")


class Health:
    """The checks. Each says in its ``detail`` what is wrong and how to mend it."""

    def __init__(self, *, engine: AsyncEngine, bot: Bot, spool: Spool, spool_dir: str) -> None:
        self._engine = engine
        self._sessions: Sessions = session_factory(engine)
        self._bot = bot
        self._spool = spool
        self._spool_dir = spool_dir

    async def lines(self) -> list[HealthLine]:
        """Every check, also after one has failed."""
        checks: list[Callable[[], Awaitable[list[HealthLine]]]] = [
            self._database,
            self._spool_space,
            self._token,
            self._channels,
        ]
        return [line for check in checks for line in await check()]

    async def of_bot(self) -> list[HealthLine]:
        """Of the bot alone: its token, and its rights in every channel."""
        return [*await self._token(), *await self._channels()]

    async def _database(self) -> list[HealthLine]:
        try:
            async with self._sessions.begin() as session:
                await session.execute(text("SELECT 1"))
            at_head = await is_at_head(self._engine)
        except (SQLAlchemyError, OSError) as error:
            mend = f"does not answer ({type(error).__name__}): is PostgreSQL running, is MEDIAGATE_DATABASE_URL right?"
            return [HealthLine(name="database", ok=False, detail=mend)]
        migrations = "at head" if at_head else "behind: run `mediagate migrate`"
        return [
            HealthLine(name="database", ok=True, detail="answers"),
            HealthLine(name="migrations", ok=at_head, detail=migrations),
        ]

    async def _spool_space(self) -> list[HealthLine]:
        free = shutil.disk_usage(self._spool_dir).free
        used, most = self._spool.used_bytes, self._spool.max_bytes
        detail = f"{used} of {most} bytes used, {free} free on the disk"
        ok = used < most and free > _LEAST_FREE
        return [
            HealthLine(name="spool", ok=ok, detail=detail if ok else f"{detail}: uploads are refused until it empties")
        ]

    async def _token(self) -> list[HealthLine]:
        try:
            with translated("getMe"):
                me = await self._bot.get_me(request_timeout=_CALL_TIMEOUT)
        except ArchiveError as error:
            return [
                HealthLine(name="bot", ok=False, detail=f"{_reason(error)}: is the token right, is Telegram reachable?")
            ]
        return [HealthLine(name="bot", ok=True, detail=f"@{me.username}")]

    async def _channels(self) -> list[HealthLine]:
        try:
            async with self._sessions.begin() as session:
                rows = await session.execute(
                    select(ChannelBinding.purpose, Channel.chat_id, Channel.title)
                    .join(Channel, Channel.id == ChannelBinding.channel_id)
                    .order_by(ChannelBinding.purpose)
                )
                bound = [(purpose.value, chat_id, title) for purpose, chat_id, title in rows]
        except (SQLAlchemyError, OSError):
            return []
        if not bound:
            mend = "none is bound: set MEDIAGATE_CHANNELS, for example requests=-1001234567890"
            return [HealthLine(name="channels", ok=False, detail=mend)]
        return [await self._channel(purpose, chat_id, title) for purpose, chat_id, title in bound]

    async def _channel(self, purpose: str, chat_id: int, title: str) -> HealthLine:
        name = f"channel {purpose}"
        try:
            with translated("getChatMember"):
                member = await self._bot.get_chat_member(chat_id, self._bot.id, request_timeout=_CALL_TIMEOUT)
        except ArchiveError as error:
            return HealthLine(name=name, ok=False, detail=f"{title} ({chat_id}): {_reason(error)}")
        if isinstance(member, ChatMemberOwner):
            return HealthLine(name=name, ok=True, detail=title)
        missing = [right for right in _RIGHTS if not getattr(member, right, False)]
        if not isinstance(member, ChatMemberAdministrator) or missing:
            mend = f"{title} ({chat_id}): make the bot an administrator with {', '.join(missing or _RIGHTS)}"
            return HealthLine(name=name, ok=False, detail=mend)
        return HealthLine(name=name, ok=True, detail=title)


def _reason(error: ArchiveError) -> str:
    return str(error.fields.get("description") or error.code)
