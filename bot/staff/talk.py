"""What staff tell a sender about a card, and what comes back: each message copied to the other side, and noted."""

from dataclasses import dataclass

from aiogram import Bot
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from bot.keyboards import button
from bot.saying import reply_to
from bot.staff.text import StaffReply
from bot.texts import Catalogue, Texts
from storage.callers.groups import Groups
from storage.callers.people import PersonView
from storage.database import Sessions
from storage.tables import Card, Person, StaffAnswer, StaffCard

_WORDS = 3500
_CAPTION = 700
"""Characters of what people write that are passed on in a text and in a caption: room is left for the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The sender of a staff card: where they are, and what their card answered there."""

    card_id: int
    name: str
    language: str
    chat_id: int
    reply_to: int
    thread_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """The staff card that a sender's message is about, and where staff see it."""

    card_id: int
    chat_id: int
    message_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Goal:
    """Where a message is passed on to, and what it answers there."""

    chat_id: int
    reply: ReplyParameters | None
    thread_id: int | None = None
    markup: InlineKeyboardMarkup | None = None


class StaffTalk:
    """Both directions. A message is passed on once, however often its update is handled."""

    def __init__(self, sessions: Sessions, *, bot: Bot, groups: Groups, catalogue: Catalogue) -> None:
        self._sessions = sessions
        self._bot = bot
        self._groups = groups
        self._catalogue = catalogue

    async def sender_of(self, card_id: int) -> Asked | None:
        """Who sent what is on a staff card."""
        query = (
            select(Card, Person.first_name)
            .join(StaffCard, StaffCard.card_id == Card.id)
            .outerjoin(Person, Person.telegram_id == Card.person_id)
            .where(StaffCard.id == card_id)
        )
        async with self._sessions.begin() as session:
            found = (await session.execute(query)).one_or_none()
        if found is None:
            return None
        card, name = found
        return Asked(
            card_id=card_id,
            name=name or "?",
            language=card.language,
            chat_id=card.chat_id,
            reply_to=card.reply_to_message_id,
            thread_id=card.thread_id,
        )

    async def answer(self, person: PersonView, message: Message, asked: Asked) -> None:
        """Pass a staff member's message on to the sender. Raises what Telegram says to that."""
        place = (StaffAnswer.staff_chat_id == message.chat.id) & (StaffAnswer.staff_message_id == message.message_id)
        async with self._sessions.begin() as session:
            if await session.scalar(select(exists().where(place))):
                return
        texts = self._catalogue(asked.language)
        goal = _Goal(chat_id=asked.chat_id, reply=reply_to(asked.reply_to), thread_id=asked.thread_id)
        sent = await self._pass_on(message, texts, "staff-answer", person.first_name, goal)
        await self._note(person.telegram_id, asked.card_id, staff=_place(message), sender=(asked.chat_id, sent))

    async def thread_of(self, message: Message) -> Thread | None:
        """The card that a sender's message is about: it answers something that staff said."""
        reply = message.reply_to_message
        if reply is None:
            return None
        query = (
            select(StaffCard)
            .join(StaffAnswer, StaffAnswer.staff_card_id == StaffCard.id)
            .where(StaffAnswer.chat_id == message.chat.id, StaffAnswer.message_id == reply.message_id)
        )
        async with self._sessions.begin() as session:
            row = await session.scalar(query)
            chat_id = await self._groups.staff_chat_in(session)
        if row is None or chat_id is None:
            return None
        return Thread(card_id=row.id, chat_id=chat_id, message_id=row.message_id if row.chat_id == chat_id else None)

    async def bring_back(self, person: PersonView, message: Message, thread: Thread) -> None:
        """Show staff what a sender said to an answer, as a reply to the card, with a button to go on."""
        place = (StaffAnswer.chat_id == message.chat.id) & (StaffAnswer.message_id == message.message_id)
        async with self._sessions.begin() as session:
            if await session.scalar(select(exists().where(place))):
                return
        texts = self._catalogue(await self._groups.language(thread.chat_id))
        markup = _reply_button(texts, thread.card_id)
        goal = _Goal(chat_id=thread.chat_id, reply=reply_to(thread.message_id), markup=markup)
        sent = await self._pass_on(message, texts, "staff-answer-back", person.first_name, goal)
        await self._note(person.telegram_id, thread.card_id, staff=(thread.chat_id, sent), sender=_place(message))

    async def note_file(self, person: PersonView, message: Message, thread: Thread) -> None:
        """A sender answered with a file: it becomes a card of its own, which answers this one."""
        await self._note(person.telegram_id, thread.card_id, staff=(thread.chat_id, None), sender=_place(message))

    async def _pass_on(self, message: Message, texts: Texts, key: str, name: str, goal: _Goal) -> int:
        """Say a text under the name of who wrote it, or copy a file with the name in its caption."""
        if message.text is not None:
            sent = await self._bot.send_message(
                goal.chat_id,
                texts(key, name=name, text=message.text[:_WORDS]),
                message_thread_id=goal.thread_id,
                parse_mode="HTML",
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_parameters=goal.reply,
                reply_markup=goal.markup,
            )
            return sent.message_id
        bare = message.sticker is not None or message.video_note is not None  # they carry no caption
        caption = texts("staff-answer-file", name=name, text=(message.caption or "")[:_CAPTION])
        copied = await self._bot.copy_message(
            goal.chat_id,
            message.chat.id,
            message.message_id,
            message_thread_id=goal.thread_id,
            caption=None if bare else caption,
            parse_mode=None if bare else "HTML",
            reply_parameters=goal.reply,
            reply_markup=goal.markup,
        )
        return copied.message_id

    async def _note(
        self, person_id: int, card_id: int, *, staff: tuple[int, int | None], sender: tuple[int, int]
    ) -> None:
        row = insert(StaffAnswer).values(
            staff_card_id=card_id,
            by_person=person_id,
            staff_chat_id=staff[0],
            staff_message_id=staff[1],
            chat_id=sender[0],
            message_id=sender[1],
        )
        async with self._sessions.begin() as session:
            await session.execute(row.on_conflict_do_nothing())


def _place(message: Message) -> tuple[int, int]:
    return message.chat.id, message.message_id


def _reply_button(texts: Texts, card_id: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button(texts.plain("staff-button-reply"), StaffReply(id=card_id))]])
