"""The staff chat: asking for a number that has no button, and talking with senders."""

from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Any

from aiogram import Bot, F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.filters import Filter, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, ForceReply, Message

from bot.media.incoming import telegram_file
from bot.media.keeping import Keeper
from bot.saying import PRIVATE, reply_to, say, topic_of
from bot.staff.groups import DONE, Reactions
from bot.staff.talk import StaffTalk, Thread
from bot.staff.text import StaffNumber, StaffReply, decision_text
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.catalog.waiting import Waiting
from storage.errors import MediaNotFound, MissingScope


class Asking(StatesGroup):
    """What a staff member was asked for; the data has the staff card as ``card``, the question as ``prompt``."""

    number = State()
    answer = State()


class AnswersStaff(Filter):
    """Passes what a sender says to something staff told them, as ``thread``."""

    async def __call__(self, message: Message, staff_talk: StaffTalk) -> bool | dict[str, Any]:
        if message.reply_to_message is None:
            return False
        thread = await staff_talk.thread_of(message)
        return thread is not None and {"thread": thread}


def staff_talk_router() -> Router:
    router = Router(name="staff talk")
    command = F.text.startswith("/")
    router.callback_query.register(ask, StaffNumber.filter())
    router.callback_query.register(ask, StaffReply.filter())
    router.message.register(take_number, StateFilter(Asking.number), F.text, ~command)
    router.message.register(take_answer, StateFilter(Asking.answer), ~command)
    router.message.register(bring_back, AnswersStaff(), ~command)
    return router


async def ask(
    query: CallbackQuery,
    *,
    callback_data: StaffNumber | StaffReply,
    bot: Bot,
    state: FSMContext,
    person: PersonView,
    texts: Texts,
    staff_talk: StaffTalk,
) -> None:
    """Ask in the chat, so that the answer comes as a reply: with privacy mode the bot sees nothing else."""
    if not person.is_staff:
        raise MissingScope(scope="staff")
    asked = await staff_talk.sender_of(callback_data.id)
    if asked is None or query.message is None:
        raise MediaNotFound
    number = isinstance(callback_data, StaffNumber)
    key = "staff-number" if number else "staff-answer"
    mention = f'<a href="tg://user?id={person.telegram_id}">{escape(person.first_name)}</a>'
    prompt = await bot.send_message(
        query.message.chat.id,
        f"{mention}, {texts(f'{key}-ask', sender=asked.name)}",
        message_thread_id=topic_of(query.message),
        parse_mode="HTML",
        reply_parameters=reply_to(query.message.message_id),
        reply_markup=_force(texts, key),
    )
    await state.set_state(Asking.number if number else Asking.answer)
    await state.set_data({"card": asked.card_id, "prompt": prompt.message_id})


async def take_number(
    message: Message,
    *,
    bot: Bot,
    state: FSMContext,
    person: PersonView,
    texts: Texts,
    keeper: Keeper,
    waiting: Waiting,
    reactions: Reactions,
    timezone: tzinfo,
) -> None:
    data = await state.get_data()
    number = keeper.number_in(message.text or "")
    if number is None:
        if not _answers(message, data):
            raise SkipHandler  # said to others in the group
        await say(bot, message, texts("staff-number-wrong"), _force(texts, "staff-number"))
        return
    decision = await waiting.attach(person.caller, person.first_name, int(data["card"]), number)
    await state.clear()
    if decision.won:
        await reactions.acknowledge(message, texts("staff-attached-popup", number=number))
    else:
        await say(bot, message, escape(decision_text(texts, decision, timezone, now=datetime.now(UTC))))


async def take_answer(
    message: Message,
    *,
    bot: Bot,
    state: FSMContext,
    person: PersonView,
    texts: Texts,
    staff_talk: StaffTalk,
    reactions: Reactions,
) -> None:
    """The next thing they say goes to the sender, an album whole."""
    data = await state.get_data()
    if "album" in data and data["album"] != message.media_group_id:
        await state.clear()
        raise SkipHandler  # the answer was the album before
    if message.text is None and telegram_file(message, bot_id=bot.id) is None:
        raise SkipHandler
    asked = await staff_talk.sender_of(int(data["card"]))
    if asked is None:
        raise MediaNotFound
    try:
        await staff_talk.answer(person, message, asked)
    except (TelegramForbiddenError, TelegramBadRequest):
        await say(bot, message, texts("staff-answer-blocked", sender=asked.name))
    else:
        await reactions.acknowledge(message, texts("staff-answer-sent", sender=asked.name))
    if message.media_group_id is None:
        await state.clear()
    else:
        await state.update_data(album=message.media_group_id)


async def bring_back(
    message: Message, *, bot: Bot, person: PersonView, thread: Thread, staff_talk: StaffTalk, reactions: Reactions
) -> None:
    """A text goes to staff; a file is kept like any other, and its card in the staff chat answers the first."""
    if telegram_file(message, bot_id=bot.id) is not None:
        await staff_talk.note_file(person, message, thread)
        raise SkipHandler
    if message.text is None:
        raise SkipHandler
    await staff_talk.bring_back(person, message, thread)
    await reactions.react(message.chat.id, message.message_id, DONE)


def _force(texts: Texts, key: str) -> ForceReply:
    """Selective: it opens for who is named, or answered, and for nobody else in the group."""
    return ForceReply(selective=True, input_field_placeholder=texts.plain(f"{key}-hint"))


def _answers(message: Message, data: dict[str, Any]) -> bool:
    reply = message.reply_to_message
    return message.chat.type == PRIVATE or (reply is not None and reply.message_id == data.get("prompt"))
