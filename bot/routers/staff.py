"""The staff chat: deciding what waits for a request, by tapping."""

from datetime import UTC, datetime, tzinfo

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.arguments import request_number
from bot.saying import say
from bot.staff.text import (
    MORE_AT_ONCE,
    StaffAttach,
    StaffDrop,
    StaffMore,
    StaffNew,
    StaffUndo,
    decision_text,
    waiting_list,
)
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.catalog.waiting import Decision, Waiting

_LISTED = 20


def staff_router() -> Router:
    router = Router(name="staff")
    router.message.register(list_waiting, Command("waiting", ignore_case=True))
    router.callback_query.register(attach, StaffAttach.filter())
    router.callback_query.register(attach_to_new, StaffNew.filter())
    router.callback_query.register(drop, StaffDrop.filter())
    router.callback_query.register(undo, StaffUndo.filter())
    router.callback_query.register(show_more, StaffMore.filter())
    return router


async def list_waiting(
    message: Message, *, bot: Bot, person: PersonView, texts: Texts, waiting: Waiting, timezone: tzinfo
) -> None:
    lines, total = await waiting.open_cards(person.caller, limit=_LISTED)
    await say(bot, message, waiting_list(texts, lines, total, timezone=timezone, now=datetime.now(UTC)))


async def attach(
    _query: CallbackQuery,
    *,
    callback_data: StaffAttach,
    person: PersonView,
    texts: Texts,
    waiting: Waiting,
    timezone: tzinfo,
) -> str | None:
    number = request_number(callback_data.number, today=datetime.now(UTC).astimezone(timezone).date())
    if number is None:
        return None
    decision = await waiting.attach(person.caller, person.first_name, callback_data.id, number)
    return _attached(texts, decision, timezone)


async def attach_to_new(
    _query: CallbackQuery,
    *,
    callback_data: StaffNew,
    person: PersonView,
    texts: Texts,
    waiting: Waiting,
    timezone: tzinfo,
) -> str:
    today = datetime.now(UTC).astimezone(timezone).date()
    decision = await waiting.attach_to_new(person.caller, person.first_name, callback_data.id, today)
    return _attached(texts, decision, timezone)


async def drop(
    _query: CallbackQuery,
    *,
    callback_data: StaffDrop,
    person: PersonView,
    texts: Texts,
    waiting: Waiting,
    timezone: tzinfo,
) -> str:
    decision = await waiting.drop(person.caller, person.first_name, callback_data.id)
    if decision.won:
        return texts.plain("staff-dropped-popup")
    return decision_text(texts, decision, timezone, now=datetime.now(UTC))


async def undo(
    _query: CallbackQuery, callback_data: StaffUndo, person: PersonView, texts: Texts, waiting: Waiting
) -> str:
    reopened = await waiting.reopen(person.caller, callback_data.id)
    return texts.plain("staff-reopened-popup" if reopened else "staff-nothing-to-undo")


async def show_more(_query: CallbackQuery, person: PersonView, texts: Texts, waiting: Waiting) -> str:
    return texts.plain("staff-more-popup", count=await waiting.show_more(person.caller, MORE_AT_ONCE))


def _attached(texts: Texts, decision: Decision, timezone: tzinfo) -> str:
    if decision.won:
        return texts.plain("staff-attached-popup", number=decision.number or "")
    return decision_text(texts, decision, timezone, now=datetime.now(UTC))
