"""A group became a supergroup, a chat with another id: every row that names it follows.

Messages in the new chat are counted anew, so the ids of the old one's are kept far below zero, where they meet none of
them. Media keep the place they came from.
"""

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.notices import MOVED
from storage.tables import Card, CardItem, Conversation, Group, Membership, StaffAnswer, StaffCard


async def move_rows(session: AsyncSession, old: int, new: int) -> None:
    """May be done again."""
    await _move_group(session, old, new)
    await _move_people(session, old, new)
    cards = select(Card.id).where(Card.chat_id == old)
    await session.execute(
        update(CardItem)
        .where(CardItem.card_id.in_(cards), CardItem.upload_id.is_(None))
        .values(message_id=CardItem.message_id - MOVED)
    )
    await session.execute(
        update(Card)
        .where(Card.chat_id == old)
        .values(chat_id=new, message_id=None, reply_to_message_id=Card.reply_to_message_id - MOVED)
    )
    await session.execute(
        update(StaffCard).where(StaffCard.chat_id == old).values(chat_id=new, message_id=None, pictures=[])
    )
    await session.execute(
        update(StaffAnswer)
        .where(StaffAnswer.staff_chat_id == old)
        .values(staff_chat_id=new, staff_message_id=StaffAnswer.staff_message_id - MOVED)
    )


async def _move_group(session: AsyncSession, old: int, new: int) -> None:
    """The row of the new chat may be there already: its first update can come before the word of the move."""
    former = await session.get(Group, old, with_for_update=True)
    if former is None or former.moved_to is not None:
        return
    kept = {
        "staff_chat": former.staff_chat,
        "language": former.language,
        "cure_told_at": former.cure_told_at,
        "reactions_refused_at": former.reactions_refused_at,
    }
    row = insert(Group).values(chat_id=new, title=former.title, status=former.status, sees_all=former.sees_all, **kept)
    former.staff_chat, former.moved_to, former.left_at = False, new, func.now()
    await session.flush()
    await session.execute(row.on_conflict_do_update(index_elements=[Group.chat_id], set_=kept))


async def _move_people(session: AsyncSession, old: int, new: int) -> None:
    """Who is in it, and what they are in the middle of saying there."""
    for table, person in ((Membership, Membership.person_id), (Conversation, Conversation.user_id)):
        known = select(person).where(table.chat_id == new)
        stale = update(table).where(table.chat_id == old, person.not_in(known)).values(chat_id=new)
        await session.execute(stale.execution_options(synchronize_session=False))
