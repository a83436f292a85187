"""The rows behind the staff chat's cards: what they say, which are shown at once, and which are only counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.versions import VersionedRows
from storage.callers.groups import Groups, group_language
from storage.callers.names import called
from storage.catalog.new_requests import likely_requests
from storage.catalog.waiting import catch_up, media_of, serialise
from storage.database import Sessions
from storage.domain import GONE, WaitingState
from storage.jobs import Later
from storage.tables import Card, Media, Person, StaffAnswer, StaffCard
from storage.views import MediaView, media_views
from storage.wakeups import wake_staff_card
from storage.work_orders.offering import Offer, offers, title_of

SILENCE = 2.0
"""Seconds without a change before staff are asked: words and a number often come right after a photo."""

_LONGEST_SILENCE = 10.0
AT_ONCE = 6
"""Cards a minute that come by themselves. What comes faster is counted by one card (`collapsed`)."""

OFFERED = 6
"""Requests with a button of their own."""

_SUMMARY_PAUSE = 1.5
"""Seconds in which changes of how many more wait become one edit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a media can be copied from: the sender's message, and its place in a channel (null until it has one)."""

    chat_id: int | None
    message_id: int | None
    channel: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedStaffCard:
    """A card that this job brings up to date. ``chat_id`` is the staff chat; ``more``: how many the summary counts."""

    id: int
    version: int
    chat_id: int
    language: str | None
    message_id: int | None
    pictures: Sequence[int]
    captioned: bool
    reply_to: int | None
    shown: bytes | None
    shown_at: datetime | None
    now: datetime
    summary: bool
    more: int = 0
    newest: datetime | None = None
    sender: str = ""
    username: str | None = None
    views: Sequence[MediaView] = ()
    sources: Sequence[Source] = ()
    state: WaitingState = WaitingState.OPEN
    number: str | None = None
    decided_name: str | None = None
    decided_at: datetime | None = None
    title: str | None = None
    offered: Sequence[Offer] = ()


class StaffCardRows(VersionedRows):
    """What the job asks of the database."""

    def __init__(self, sessions: Sessions, *, groups: Groups, timezone: tzinfo) -> None:
        super().__init__(sessions, StaffCard, wake_staff_card)
        self._groups = groups
        self._timezone = timezone

    async def claim(self, row_id: int) -> ClaimedStaffCard | None:
        """See `CatchingUp.claim`. None also where there is no staff chat, and where the summary counts the card.

        Raises `Later` while the media still change.
        """
        async with self._sessions.begin() as session:
            await serialise(session)
            chat_id = await self._groups.staff_chat_in(session)
            query = select(StaffCard).where(StaffCard.id == row_id, self.behind).with_for_update()
            row = None if chat_id is None else await session.scalar(query)
            if row is None or chat_id is None:
                return None
            now = await session.scalar(select(func.clock_timestamp()))
            assert now is not None
            if row.chat_id is not None and row.chat_id != chat_id:
                _forget_place(row)
            if row.summary:
                return await self._claim_summary(session, row, chat_id, now)
            return await self._claim_card(session, row, chat_id, now)

    async def note_pictures(self, row_id: int, chat_id: int, pictures: Sequence[int]) -> None:
        """The pictures are there, the buttons not yet: a second attempt need not show them again."""
        async with self._sessions.begin() as session:
            shown = update(StaffCard).where(StaffCard.id == row_id)
            await session.execute(shown.values(pictures=list(pictures), chat_id=chat_id))

    async def _claim_summary(
        self, session: AsyncSession, row: StaffCard, chat_id: int, now: datetime
    ) -> ClaimedStaffCard | None:
        left = _SUMMARY_PAUSE - (now - row.changed_at).total_seconds()
        if left > 0 and row.message_id is not None:
            raise Later(left, "more may come")
        counted = (StaffCard.state == WaitingState.OPEN) & StaffCard.collapsed
        more, newest = (
            await session.execute(select(func.count(), func.max(StaffCard.created_at)).where(counted))
        ).one()
        row.sent = -1 - row.sent
        return ClaimedStaffCard(
            id=row.id,
            version=row.wanted,
            chat_id=chat_id,
            language=await group_language(session, chat_id),
            message_id=row.message_id,
            pictures=(),
            captioned=False,
            reply_to=None,
            shown=row.shown,
            shown_at=row.shown_at,
            now=now,
            summary=True,
            more=more,
            newest=newest,
        )

    async def _claim_card(
        self, session: AsyncSession, row: StaffCard, chat_id: int, now: datetime
    ) -> ClaimedStaffCard | None:
        if row.message_id is None:
            _require_silence(row, now)
        assert row.card_id is not None
        media = await media_of(session, row.card_id)
        await catch_up(session, row, media)
        if row.message_id is None and (
            row.state is not WaitingState.OPEN or not await self._may_show(session, row, now)
        ):
            await _leave(session, row)
            return None
        row.sent = -1 - row.sent
        if row.message_id is None:
            row.shown_at = now  # counted from now on, whatever becomes of the call
        card = await session.get(Card, row.card_id)
        assert card is not None
        person = await session.get(Person, card.person_id)
        live = [one for one in media if one.status not in GONE]
        views = await media_views(session, live)
        return ClaimedStaffCard(
            id=row.id,
            version=row.wanted,
            chat_id=chat_id,
            language=await group_language(session, chat_id),
            message_id=row.message_id,
            pictures=row.pictures,
            captioned=row.captioned,
            reply_to=await _answered(session, card, chat_id),
            shown=row.shown,
            shown_at=row.shown_at,
            now=now,
            summary=False,
            sender=(await called(session, [card.person_id])).get(card.person_id, "?"),
            username=None if person is None else person.username,
            views=views,
            sources=[_source(one, view) for one, view in zip(live, views, strict=True)],
            state=row.state,
            number=row.request_number,
            decided_name=row.decided_name,
            decided_at=row.decided_at,
            title=await title_of(session, row.request_number),
            offered=await self._offered(session, self._today(now)),
        )

    async def _may_show(self, session: AsyncSession, row: StaffCard, now: datetime) -> bool:
        """Whether there is room for one more; behind those that are counted nobody gets before them."""
        if row.released or row.pictures:
            return True
        other = StaffCard.id != row.id
        counted = select(StaffCard.id).where(StaffCard.state == WaitingState.OPEN, StaffCard.collapsed, other).limit(1)
        if await session.scalar(counted) is not None:
            return False
        lately = StaffCard.card_id.is_not(None) & (StaffCard.shown_at > now - timedelta(minutes=1)) & other
        shown = await session.scalar(select(func.count()).select_from(StaffCard).where(lately))
        return (shown or 0) < AT_ONCE

    async def _offered(self, session: AsyncSession, today: date) -> list[Offer]:
        local = await likely_requests(session, today, limit=OFFERED)
        return await offers(session, None, local, today=today, most=OFFERED)

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._timezone).date()


async def _leave(session: AsyncSession, row: StaffCard) -> None:
    """Nothing of it is to be seen: it was decided before, or the summary counts it."""
    counted, row.collapsed, row.sent = row.collapsed, row.state is WaitingState.OPEN, row.wanted
    await session.flush()
    if counted is row.collapsed:
        return
    changed = {"wanted": StaffCard.wanted + 1, "changed_at": func.clock_timestamp()}
    row_or_new = insert(StaffCard).values(summary=True)
    summary = await session.scalar(
        row_or_new.on_conflict_do_update(
            index_elements=[StaffCard.summary], index_where=text("summary"), set_=changed
        ).returning(StaffCard.id)
    )
    assert summary is not None
    await wake_staff_card(session, summary, delay=_SUMMARY_PAUSE)


def _forget_place(row: StaffCard) -> None:
    """It was shown in another chat."""
    row.chat_id = row.message_id = row.shown = row.shown_at = None
    row.pictures, row.captioned, row.released = [], False, False


def _require_silence(row: StaffCard, now: datetime) -> None:
    left = SILENCE - (now - row.changed_at).total_seconds()
    if left > 0 and not row.released and (now - row.created_at).total_seconds() < _LONGEST_SILENCE:
        raise Later(left, "more may come")


def _source(media: Media, view: MediaView) -> Source:
    channel = None if view.telegram is None else (view.telegram.channel_id, view.telegram.message_id)
    return Source(chat_id=media.source_chat_id, message_id=media.source_message_id, channel=channel)


async def _answered(session: AsyncSession, card: Card, chat_id: int) -> int | None:
    """The card in the staff chat whose answer the sender answered with these files."""
    said = (StaffAnswer.chat_id == card.chat_id) & (StaffAnswer.message_id == card.reply_to_message_id)
    query = select(StaffCard.message_id).join(StaffAnswer, StaffAnswer.staff_card_id == StaffCard.id)
    return await session.scalar(query.where(said, StaffCard.chat_id == chat_id))
