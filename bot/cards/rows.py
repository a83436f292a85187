"""The rows behind cards: what is on them, and who brings them up to date (`bot.versions`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cards.text import Item, Moving
from bot.versions import VersionedRows
from storage.database import Sessions
from storage.domain import UploadId
from storage.intake.progress import ProgressBoard
from storage.jobs import INTERACTIVE, Later, enqueue
from storage.notices import MOVED, tell_staff_cards
from storage.resumable.cards import EVERY
from storage.tables import Card, CardItem, Media, Upload
from storage.views import MediaView, media_views
from storage.wakeups import CARD_JOB, wake_card

ALBUM_SILENCE = 0.7
"""Seconds without another item before an album's card is sent: there is no end marker (TELEGRAM.md, Updates)."""

_LONGEST_SILENCE = 5.0
WAITING_AFTER = 15.0
"""Seconds after which a card says that it is waiting for Telegram."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a card belongs: one per message, or per album. ``thread_id`` is the topic of a forum."""

    chat_id: int
    person_id: int
    language: str
    message_id: int
    album: str | None
    thread_id: int | None = None
    by_staff: bool = False


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


async def put_item(
    session: AsyncSession,
    place: Place,
    *,
    media_id: int | None,
    error: Mapping[str, Any] | None = None,
    refusal: Mapping[str, Any] | None = None,
) -> None:
    """Show a media, or an error, for the message on its card. Again the same is no change.

    ``refusal``: why it was kept without the request that was named.
    """
    card = await _open(session, place)
    changed = await session.scalar(
        insert(CardItem)
        .values(card_id=card.id, message_id=place.message_id, media_id=media_id, error=error, refusal=refusal)
        .on_conflict_do_update(
            index_elements=[CardItem.card_id, CardItem.message_id],
            set_={"media_id": media_id, "error": error, "refusal": refusal},
            where=CardItem.media_id.is_distinct_from(media_id),
        )
        .returning(CardItem.card_id)
    )
    if changed is not None:
        card.wanted += 1
        card.changed_at = func.clock_timestamp()
        await session.flush()
        await wake_card(session, card.id, delay=0 if place.album is None else ALBUM_SILENCE)
        if media_id is not None:
            await tell_staff_cards(session, media_id)


async def items_of_album(session: AsyncSession, chat_id: int, album: str) -> dict[int, int | None]:
    """Message ids on the album's card, each with its media id."""
    rows = await session.execute(
        select(CardItem.message_id, CardItem.media_id)
        .join(Card)
        .where(Card.chat_id == chat_id, Card.media_group_id == album)
    )
    return {row.message_id: row.media_id for row in rows}


async def told_today(session: AsyncSession, chat_id: int, code: str) -> bool:
    """Whether a card in the chat gave this reason today (UTC): it need not be said again for each file."""
    today = Card.created_at >= func.current_date()  # connections speak UTC
    cards = select(CardItem.card_id).join(Card).where(Card.chat_id == chat_id, today)
    return bool(await session.scalar(select(cards.where(CardItem.error["code"].astext == code).exists())))


async def _open(session: AsyncSession, place: Place) -> Card:
    same = Card.reply_to_message_id == place.message_id
    if place.album is not None:
        same = Card.media_group_id == place.album
    query = select(Card).where(Card.chat_id == place.chat_id, same).with_for_update()
    found = await session.scalar(query)
    if found is not None:
        return found
    await session.execute(
        insert(Card)
        .values(
            chat_id=place.chat_id,
            person_id=place.person_id,
            language=place.language,
            reply_to_message_id=place.message_id,
            media_group_id=place.album,
            thread_id=place.thread_id,
            by_staff=place.by_staff,
            wanted=0,
        )
        .on_conflict_do_nothing()
    )
    card = await session.scalar(query)
    assert card is not None
    return card


class CardRows(VersionedRows):
    """What the card job asks of the database, and of ``board`` how far this process's own uploads are."""

    def __init__(self, sessions: Sessions, board: ProgressBoard) -> None:
        super().__init__(sessions, Card, wake_card)
        self._board = board

    async def claim(self, card_id: int) -> ClaimedCard | None:
        """See `CatchingUp.claim`.

        Raises `Later` while an album still comes in, and where a card of uploads was edited a moment ago.
        """
        async with self._sessions.begin() as session:
            query = select(Card).where(Card.id == card_id, self.behind)
            card = await session.scalar(query.with_for_update())
            if card is None:
                return None
            now = await session.scalar(select(func.clock_timestamp()))
            assert now is not None
            _require_silence(card, now)
            await _require_pause(session, card, now)
            card.sent = -1 - card.sent
            return await self._read(session, card, now)

    async def look_again(self, card_id: int) -> None:
        """Once it takes Telegram longer than usual."""
        async with self._sessions.begin() as session:
            await enqueue(session, CARD_JOB, {"card": card_id, "late": True}, priority=INTERACTIVE, delay=WAITING_AFTER)

    async def _read(self, session: AsyncSession, card: Card, now: datetime) -> ClaimedCard:
        rows = (
            await session.execute(
                select(CardItem, Media, Upload)
                .outerjoin(Media, Media.id == CardItem.media_id)
                .outerjoin(Upload, Upload.id == CardItem.upload_id)
                .where(CardItem.card_id == card.id)
                .order_by(func.abs(CardItem.message_id))
            )
        ).all()
        media = [row.Media for row in rows if row.Media is not None]
        views = dict(zip((one.id for one in media), await media_views(session, media), strict=True))
        items = [
            self._unkept(row.CardItem, row.Upload)
            if row.Media is None
            else _item(card, row.CardItem, row.Media, views[row.Media.id], _age(card, row.Upload, now))
            for row in rows
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


def _require_silence(card: Card, now: datetime) -> None:
    if card.media_group_id is None or card.message_id is not None:
        return
    left = ALBUM_SILENCE - (now - card.changed_at).total_seconds()
    if left > 0 and (now - card.created_at).total_seconds() < _LONGEST_SILENCE:
        raise Later(left, "album")


async def _require_pause(session: AsyncSession, card: Card, now: datetime) -> None:
    """Uploads change many times a second; Telegram bears an edit every few."""
    left = 0.0 if card.shown_at is None else EVERY - (now - card.shown_at).total_seconds()
    if left <= 0:
        return
    by_upload = select(CardItem.card_id).where(CardItem.card_id == card.id, CardItem.upload_id.is_not(None))
    if await session.scalar(by_upload.limit(1)) is not None:
        raise Later(left, "paced")
