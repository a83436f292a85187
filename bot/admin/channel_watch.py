"""Watching the channels: what changes in them is looked at, told, and where a new one appears it is offered."""

from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.types import ChatMemberUpdated, TelegramObject, Update

from bot.admin.alert_texts import OFFER
from bot.admission import Handler
from storage.auditing.alerts import Alerts, Fields
from storage.callers.roster import Roster
from storage.database import Sessions
from storage.engine.channel_book import ChannelBook, News
from storage.errors import ArchiveError, Postponed
from storage.jobs import NORMAL, Later, enqueue
from storage.telegram.examining import CHANNEL, Problem

log = structlog.get_logger(__name__)

CHANNEL_JOB = "channel"
_SOON = 2.0
"""Seconds: who lets the bot in from its own keyboard binds the channel at once, and needs no offer."""

_AGAIN = 10.0
_ADMINISTRATOR = "administrator"
_NO_PLACE = {Problem.GONE, Problem.NOT_A_CHANNEL, Problem.NO_ADMIN}


class ChannelWatch:
    """What becomes of a change in a channel, whoever made it."""

    def __init__(self, *, sessions: Sessions, book: ChannelBook, alerts: Alerts, roster: Roster) -> None:
        self._sessions = sessions
        self._book = book
        self._alerts = alerts
        self._roster = roster

    async def changed(self, event: ChatMemberUpdated) -> None:
        """Our place in a channel is another one: look at it, soon."""
        new = event.new_chat_member.status == _ADMINISTRATOR and event.old_chat_member.status != _ADMINISTRATOR
        payload = {"chat": event.chat.id, "new": new, "at": int(event.date.timestamp())}
        async with self._sessions.begin() as session:
            await enqueue(session, CHANNEL_JOB, payload, priority=NORMAL, delay=_SOON)

    async def handle(self, payload: dict[str, Any]) -> None:
        """The job ``channel``."""
        try:
            news = await self._book.examine(int(payload["chat"]))
        except Postponed as error:
            wait = error.fields.get("retry_after")
            raise Later(float(wait) if isinstance(wait, int | float) else _AGAIN, error.code) from error
        await self.judge(news)
        if payload["new"] and not news.purposes and not _NO_PLACE & set(news.examined.problems):
            fields: Fields = {"chat": news.examined.chat_id, "title": news.examined.title}
            once = f"{news.examined.chat_id}:{payload['at']}"
            await self._alerts.event(OFFER, fields, await self._admins(), once=once)

    async def examine(self, chat_id: int) -> None:
        """Look at a bound channel as part of the rounds."""
        try:
            news = await self._book.examine(chat_id)
        except ArchiveError as error:
            log.info("channel_not_examined", chat_id=chat_id, error=error.code)
            return
        await self.judge(news)

    async def judge(self, news: News) -> None:
        """Tell what is wrong with a channel that serves a purpose, that it is mended, and that there are more in it."""
        found, subject = news.examined, str(news.examined.chat_id)
        if not news.purposes:
            await self._alerts.end("channel", subject=subject, anywhere=True)
            return
        to = await self._admins()
        if found.problems:
            title = await self._book.title_of(found.chat_id) or found.title
            problems = ",".join(problem.value for problem in found.problems)
            await self._alerts.open("channel", {"title": title, "problems": problems}, to, subject=subject)
            return
        await self._alerts.end("channel", subject=subject, anywhere=True)
        before, now = news.members_before, found.members
        if before is not None and now is not None and now > before:
            fields: Fields = {"title": found.title, "count": now - before, "members": now}
            await self._alerts.event("members", fields, to)

    async def _admins(self) -> list[int]:
        return [one.telegram_id for one in await self._roster.admins()]


class ChannelNews(BaseMiddleware):
    """Takes what happens to us in channels before anybody asks who did it: a stranger may have thrown us out."""

    def __init__(self, watch: ChannelWatch) -> None:
        self._watch = watch

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        if event.my_chat_member is not None and event.my_chat_member.chat.type == CHANNEL:
            await self._watch.changed(event.my_chat_member)
            return None
        return await handler(event, data)
