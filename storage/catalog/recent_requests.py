"""The requests that somebody most likely means, so that nobody has to type a number."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select

from storage.access import may_attach_others
from storage.database import Sessions
from storage.domain import Caller
from storage.request_numbers import RequestNumber
from storage.tables import Attachment, Media, Request

RECENT = timedelta(days=14)
_LATEST_IN_CHAT = 200
"""How many of a chat's last media are looked at for what was attached there."""


class RecentRequests:
    """The query."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def of(self, caller: Caller, *, chat_id: int, today: date, most: int) -> list[RequestNumber]:
        """What the caller attached to lately, newest first, and for staff what was attached to in the chat, then
        today's requests. Others are told no number that they have not written themselves.
        """
        ours = Attachment.attached_by == caller.owner
        if not may_attach_others(caller):
            return await self._attached_to(ours, most)
        latest = (
            select(Media.id)
            .where(Media.source_chat_id == chat_id)
            .order_by(Media.source_message_id.desc())
            .limit(_LATEST_IN_CHAT)
        )
        found = [
            *await self._attached_to(ours, most),
            *await self._attached_to(Attachment.media_id.in_(latest), most),
            *await self._of_day(today, most),
        ]
        return list(dict.fromkeys(found))[:most]

    async def _attached_to(self, which: ColumnElement[bool], most: int) -> list[RequestNumber]:
        latest = func.max(Attachment.attached_at)
        query = (
            select(Attachment.request_number)
            .where(which, Attachment.attached_at > func.now() - RECENT)
            .group_by(Attachment.request_number)
            .order_by(latest.desc(), Attachment.request_number.desc())
        )
        async with self._sessions.begin() as session:
            return [RequestNumber(number) for number in await session.scalars(query.limit(most))]

    async def _of_day(self, day: date, most: int) -> list[RequestNumber]:
        # A range instead of a prefix: whatever the collation, the primary key's index serves it.
        first = f"{day:%y%m%d}-"
        query = select(Request.number).where(Request.number.between(first, f"{first}999999999"))
        async with self._sessions.begin() as session:
            found = await session.scalars(query.order_by(Request.number.desc()).limit(most))
            return [RequestNumber(number) for number in found if number.startswith(first)]
