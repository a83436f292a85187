"""Closed requests and wrong numbers: what staff decide about them by a tap."""

from datetime import UTC, datetime, tzinfo
from html import escape

from aiogram import Bot, F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, ForceReply, Message

from bot.attaching.tools import AttachTools, target_text, undo_of
from bot.media.keeping import Keeper
from bot.requests.overriding import AttachAnyway
from bot.requests.wrong_numbers import WrongDetach, WrongMove, wrong_text
from bot.saying import PRIVATE, addressed, change, say
from bot.staff.text import decision_text
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.catalog.waiting import Waiting
from storage.errors import MissingScope
from storage.request_numbers import RequestNumber
from storage.work_orders.overriding import Overrides
from storage.work_orders.wrong_numbers import WrongNumbers


class WrongNumberAsked(StatesGroup):
    """Where the media of a wrong number belong; the data has it as ``number``."""

    number = State()


def work_orders_router() -> Router:
    """Before those that take texts for words about files."""
    router = Router(name="work orders")
    router.callback_query.register(attach_anyway, AttachAnyway.filter())
    router.callback_query.register(ask_where, WrongMove.filter())
    router.callback_query.register(detach_all, WrongDetach.filter())
    router.message.register(take_number, WrongNumberAsked.number, F.text, ~F.text.startswith("/"))
    return router


async def attach_anyway(
    query: CallbackQuery,
    *,
    callback_data: AttachAnyway,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
    waiting: Waiting,
    overrides: Overrides,
    timezone: tzinfo,
) -> str:
    """To a closed request: only who was refused may press."""
    asked = await overrides.find(person.caller, callback_data.id)
    if asked is None or query.message is None:
        return texts.plain("override-too-late")
    if asked.staff_card is not None:
        decision = await waiting.attach(person.caller, person.first_name, asked.staff_card, asked.number, override=True)
        if not decision.won:
            return decision_text(texts, decision, timezone, now=datetime.now(UTC))
        await change(attaching.bot, query.message, texts("attach-done", number=asked.number, count=1), None)
        return texts.plain("staff-attached-popup", number=asked.number)
    done = await attaching.rearranging.attach(
        person.caller, [asked.number], asked.media, stage=asked.stage, override=True
    )
    target = target_text(texts, done.numbers, asked.stage)
    text = texts("attach-done", number=target, count=done.count)
    shown = text if done.count else texts("attach-already", number=target)
    await change(attaching.bot, query.message, shown, undo_of(texts, done))
    return texts.plain("staff-attached-popup", number=asked.number)


async def ask_where(
    query: CallbackQuery,
    *,
    callback_data: WrongMove,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    state: FSMContext,
) -> None:
    if not person.is_staff:
        raise MissingScope(scope="staff")
    if query.message is None:
        return
    mention = f'<a href="tg://user?id={person.telegram_id}">{escape(person.first_name)}</a>'
    markup = None if query.message.chat.type == PRIVATE else ForceReply(selective=True)
    await say(bot, query.message, f"{mention}, {texts('wrong-ask', number=callback_data.number)}", markup)
    await state.set_state(WrongNumberAsked.number)
    await state.set_data({"number": callback_data.number})


async def take_number(
    message: Message,
    *,
    bot: Bot,
    state: FSMContext,
    person: PersonView,
    texts: Texts,
    keeper: Keeper,
    wrong_numbers: WrongNumbers,
) -> None:
    """The number that was meant. What is none gets an example, and the question stays open."""
    to = keeper.number_in(message.text or "")
    if to is None:
        if message.chat.type != PRIVATE and not addressed(message, bot.id):
            raise SkipHandler  # said to others in the group
        await say(bot, message, texts("staff-number-wrong"))
        return
    asked = await state.get_data()
    view = await wrong_numbers.move(person.caller, person.first_name, RequestNumber(asked["number"]), to)
    await state.clear()
    await say(bot, message, wrong_text(texts, view))


async def detach_all(
    _query: CallbackQuery,
    *,
    callback_data: WrongDetach,
    person: PersonView,
    wrong_numbers: WrongNumbers,
) -> None:
    """The message shows it as soon as its job has run."""
    await wrong_numbers.detach(person.caller, person.first_name, RequestNumber(callback_data.number))
