"""The rows behind cards: what is on them, and who brings them up to date (`bot.versions`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.notices import tell_staff_cards
from storage.tables import Audit, Card, CardItem
from storage.tables.many import ForRows, bare, insert_of
from storage.wakeups import wake_card, wake_cards

ALBUM_SILENCE = 0.7
"""Seconds without another item before an album's card is sent: there is no end marker (TELEGRAM.md, Updates)."""

FIRST_SIGN = 2.0
"""Seconds after which a sender is told that a file was received. Most are stored by then, and that is all they hear: it
takes three calls of Telegram, one after the other."""


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


_REFUSED_MEANWHILE = (
    update(bare(CardItem))
    .where(bare(CardItem).c.media_id == bindparam("media"))
    .where(bare(Audit).c.media_id == bare(CardItem).c.media_id, bare(Audit).c.action == "refused")
    .values(error=bare(Audit).c.detail)
)
"""A file that broke the policy before its card knew of it (`storage.intake.inspecting`) shows why all the same."""


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
        if media_id is not None:
            await session.execute(_REFUSED_MEANWHILE, {"media": media_id})
        card.wanted += 1
        card.changed_at = func.clock_timestamp()
        await session.flush()
        await wake_card(session, card.id, delay=0 if place.album is None else ALBUM_SILENCE)
        if media_id is not None:
            await tell_staff_cards(session, media_id)


_NEW = Card.__table__.c
_CARDS = ForRows(Card, lambda new: insert_of(Card, new).returning(_NEW.id, _NEW.chat_id, _NEW.reply_to_message_id))
_ITEMS = ForRows(CardItem, lambda new: insert_of(CardItem, new))


async def put_new(session: AsyncSession, places: Sequence[tuple[Place, int]]) -> None:
    """Show new media, each on a card of its own, for messages that have none yet."""
    cards = [_values(place) | {"wanted": 1} for place, _ in places]
    made = await _CARDS.run(session, cards)
    ids = {(row.chat_id, row.reply_to_message_id): row.id for row in made}
    items = [
        {"card_id": ids[place.chat_id, place.message_id], "message_id": place.message_id, "media_id": media_id}
        for place, media_id in places
    ]
    await _ITEMS.run(session, items)
    await wake_cards(session, list(ids.values()), delay=FIRST_SIGN)
    await tell_staff_cards(session, *(media_id for _, media_id in places))


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
    await session.execute(insert(Card).values(**_values(place), wanted=0).on_conflict_do_nothing())
    card = await session.scalar(query)
    assert card is not None
    return card


def _values(place: Place) -> dict[str, Any]:
    return {
        "chat_id": place.chat_id,
        "person_id": place.person_id,
        "language": place.language,
        "reply_to_message_id": place.message_id,
        "media_group_id": place.album,
        "thread_id": place.thread_id,
        "by_staff": place.by_staff,
    }
