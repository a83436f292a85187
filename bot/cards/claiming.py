"""The cards that the job ``card`` brings up to date: claimed with what is on them, and settled, many together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TableValuedAlias, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from bot.cards.rows import ALBUM_SILENCE
from bot.cards.text import Item, Moving
from bot.versions import VersionedRows
from storage.database import UNHURRIED, Sessions, Together
from storage.domain import PartState, UploadId
from storage.intake.progress import ProgressBoard
from storage.jobs import INTERACTIVE, Later, enqueue
from storage.notices import MOVED
from storage.resumable.cards import EVERY
from storage.tables import Card, CardItem, Media, Part, Upload
from storage.tables.many import ForRows, among, update_by
from storage.views import MediaView, media_views
from storage.wakeups import CARD_JOB, wake_card

_LONGEST_SILENCE = 5.0
_UNSTORED = (PartState.SPOOLED, PartState.SHIPPING)
WAITING_AFTER = 15.0
"""Seconds after which a card says that it is waiting for Telegram."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedCard:
    """A card that this job brings up to date; ``version`` is what it will then show."""

    id: int
    version: int
    chat_id: int
    person_id: int
    language: str
    reply_to: int
    thread_id: int | None
    album: bool
    message_id: int | None
    shown: bytes | None
    by_staff: bool
    choosing: Mapping[str, Any] | None
    items: Sequence[Item]

    @property
    def unstored(self) -> bool:
        """Whether something on it is still on its way to Telegram, and its reader not told to wait."""
        views = (item.view for item in self.items if item.error is None and not item.waiting)
        return any(view is not None and not view.stored for view in views)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Content:
    """A line of a card with what it shows."""

    row: CardItem
    media: Media | None
    view: MediaView | None
    upload: Upload | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What a chat shows of a card now. ``look_again``: it will look different when nothing happens for a while."""

    card_id: int
    version: int
    message_id: int | None
    shown: bytes
    look_again: bool


class CardRows(VersionedRows):
    """What the card job asks of the database, and of ``board`` how far this process's own uploads are.

    Cards that are brought up to date at the same time are read and settled together.
    """

    def __init__(self, sessions: Sessions, board: ProgressBoard) -> None:
        super().__init__(sessions, Card, wake_card)
        self._board = board
        self._claim = Together(sessions, self._claim_some, row=int, linger=UNHURRIED)
        self.settle = Together(sessions, _settle_some, row=lambda settled: settled.card_id, linger=UNHURRIED)

    async def claim(self, card_id: int) -> ClaimedCard | None:
        """See `CatchingUp.claim`.

        Raises `Later` while an album still comes in, and where a card of uploads was edited a moment ago.
        """
        found = await self._claim(card_id)
        if isinstance(found, Later):
            raise found
        return found

    async def want_again(self, row_ids: Sequence[int]) -> None:
        """Only where something is not stored: nothing else looks different after a while."""
        on_its_way = exists().where(
            CardItem.card_id == Card.id, Part.media_id == CardItem.media_id, Part.state.in_(_UNSTORED)
        )
        async with self._sessions.begin() as session:
            again = update(Card).where(among(Card.id, row_ids), on_its_way).values(wanted=Card.wanted + 1)
            await session.execute(again.execution_options(synchronize_session=False))

    async def _claim_some(self, session: AsyncSession, card_ids: Sequence[int]) -> Sequence[ClaimedCard | Later | None]:
        query = select(Card).where(among(Card.id, card_ids), self.behind).order_by(Card.id)
        cards = (await session.scalars(query.with_for_update())).all()
        if not cards:
            return [None] * len(card_ids)
        now = await session.scalar(select(func.clock_timestamp()))
        assert now is not None
        contents = await _contents(session, [card.id for card in cards])
        found: dict[int, ClaimedCard | Later] = {}
        for card in cards:
            early = _too_early(card, contents[card.id], now)
            found[card.id] = early or await self._claimed(session, card, contents[card.id], now)
        ours = [card.id for card in cards if isinstance(found[card.id], ClaimedCard)]
        held = update(Card).where(among(Card.id, ours)).values(sent=-1 - Card.sent)
        await session.execute(held.execution_options(synchronize_session=False))
        return [found.get(card_id) for card_id in card_ids]

    async def _claimed(
        self, session: AsyncSession, card: Card, contents: Sequence[_Content], now: datetime
    ) -> ClaimedCard:
        items = [
            self._unkept(one.row, one.upload)
            if one.media is None or one.view is None
            else _item(card, one.row, one.media, one.view, _age(card, one.upload, now))
            for one in contents
        ]
        return ClaimedCard(
            id=card.id,
            version=card.wanted,
            chat_id=card.chat_id,
            person_id=card.person_id,
            language=card.language,
            reply_to=await _answered(session, card, items),
            thread_id=card.thread_id,
            album=card.media_group_id is not None,
            message_id=card.message_id,
            shown=card.shown,
            by_staff=card.by_staff,
            choosing=card.choosing,
            items=items,
        )

    def _unkept(self, row: CardItem, upload: Upload | None) -> Item:
        """What is not kept, or still on its way."""
        if upload is None or row.error is not None:
            return Item(message_id=row.message_id, error=row.error or {})
        live = self._board.get(UploadId(upload.id))
        received = upload.received_bytes if live is None else live.received_bytes
        moving = Moving(filename=upload.filename, received=received, total=upload.total_bytes)
        return Item(message_id=row.message_id, moving=moving)


async def _answered(session: AsyncSession, card: Card, items: Sequence[Item]) -> int:
    """What a card answers: its message; where that brought a file again, the card that the file has."""
    again = [item.view.id for item in items if item.view is not None and item.duplicate]
    if len(items) != 1 or not again:
        return card.reply_to_message_id
    first = (
        select(Card.message_id)
        .join(CardItem, CardItem.card_id == Card.id)
        .where(CardItem.media_id == again[0], Card.chat_id == card.chat_id, Card.id != card.id)
        .where(Card.message_id.is_not(None))
        .order_by(Card.id)
        .limit(1)
    )
    return await session.scalar(first) or card.reply_to_message_id


def _age(card: Card, upload: Upload | None, now: datetime) -> float:
    """Seconds since it was received: with the card, or at the end of its upload."""
    since = card.created_at if upload is None or upload.finished_at is None else upload.finished_at
    return (now - since).total_seconds()


def _item(card: Card, row: CardItem, media: Media, view: MediaView, age: float) -> Item:
    moved = row.message_id < -MOVED // 2
    sent_here = moved or (media.source_chat_id, media.source_message_id) == (card.chat_id, row.message_id)
    return Item(
        message_id=row.message_id,
        view=view,
        error=row.error,
        refusal=row.refusal,
        duplicate=not sent_here and row.upload_id is None,
        waiting=not view.stored and age >= WAITING_AFTER,
        deletable=view.owner == f"telegram:{card.person_id}",
    )


def _too_early(card: Card, contents: Sequence[_Content], now: datetime) -> Later | None:
    """While an album still comes in; and uploads change many times a second, but Telegram bears an edit every few."""
    if card.media_group_id is not None and card.message_id is None:
        left = ALBUM_SILENCE - (now - card.changed_at).total_seconds()
        if left > 0 and (now - card.created_at).total_seconds() < _LONGEST_SILENCE:
            return Later(left, "album")
    if card.shown_at is not None and any(one.row.upload_id is not None for one in contents):
        left = EVERY - (now - card.shown_at).total_seconds()
        return Later(left, "paced") if left > 0 else None
    return None


async def _contents(session: AsyncSession, card_ids: Sequence[int]) -> dict[int, list[_Content]]:
    """What is on each of the cards, in order."""
    query = (
        select(CardItem, Media, Upload)
        .outerjoin(Media, Media.id == CardItem.media_id)
        .outerjoin(Upload, Upload.id == CardItem.upload_id)
        .where(among(CardItem.card_id, card_ids))
        .order_by(CardItem.card_id, func.abs(CardItem.message_id))
    )
    rows = (await session.execute(query)).all()
    media = list({row.Media.id: row.Media for row in rows if row.Media is not None}.values())
    views = dict(zip((one.id for one in media), await media_views(session, media), strict=True))
    found: dict[int, list[_Content]] = {card_id: [] for card_id in card_ids}
    for row, one, upload in rows:
        found[row.card_id].append(_Content(row=row, media=one, view=views.get(row.media_id), upload=upload))
    return found


def _shown(new: TableValuedAlias) -> ReturningUpdate[*tuple[Any, ...]]:
    card = Card.__table__.c
    return update_by(Card, new, shown_at=func.clock_timestamp()).returning(card.id, card.wanted)


_SHOWN = ForRows(Card, _shown)


async def _settle_some(session: AsyncSession, settled: Sequence[Settled]) -> Sequence[bool]:
    """True for a card that is behind again."""
    rows = [
        {"id": one.card_id, "sent": one.version, "message_id": one.message_id, "shown": one.shown} for one in settled
    ]
    # In the order in which others lock several, so that nobody waits for each other.
    ours = select(Card.id).where(among(Card.id, [one.card_id for one in settled])).order_by(Card.id)
    await session.execute(ours.with_for_update())
    wanted = {row.id: row.wanted for row in await _SHOWN.run(session, rows)}
    again = [one.card_id for one in settled if one.look_again]
    if again:
        payload = {"card": again, "late": True}
        await enqueue(session, CARD_JOB, payload, priority=INTERACTIVE, delay=WAITING_AFTER)
    return [wanted.get(one.card_id, 0) > one.version for one in settled]
