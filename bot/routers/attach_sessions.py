"""Sessions: what somebody sends goes to one request until ``/done``, or until they fall silent."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from bot.attaching.sessions import SILENCE, Session
from bot.attaching.tools import AttachTools, summary_text, target_text
from bot.attaching.words import Asked
from bot.keyboards import button
from bot.saying import say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.domain import Stage
from storage.errors import Refused
from storage.request_numbers import RequestNumber

DEEP_LINK = "r_"


class EndSession(CallbackData, prefix="done"):
    """End the session of ``person``, who opened it."""

    person: int


def attach_sessions_router() -> Router:
    router = Router(name="attach sessions")
    link = CommandStart(deep_link=True, ignore_case=True, magic=F.args.startswith(DEEP_LINK))
    router.message.register(open_by_link, link)
    router.message.register(done, Command("done", ignore_case=True))
    router.callback_query.register(press_done, EndSession.filter())
    return router


async def open_by_link(
    message: Message, *, command: CommandObject, texts: Texts, attaching: AttachTools, state: FSMContext
) -> None:
    """``/start r_250926-001``: from a button or a paper with a code on it. It opens nothing to be read."""
    asked = attaching.read((command.args or "").removeprefix(DEEP_LINK))
    await open_session(attaching, message, state, texts, asked)


async def open_session(attaching: AttachTools, message: Message, state: FSMContext, texts: Texts, asked: Asked) -> None:
    """Say that what comes next goes to the first number asked for."""
    if not asked.numbers:
        await say(attaching.bot, message, texts("attach-help"))
        return
    number, stage = await attaching.admitted(asked.numbers[0]), asked.stage
    before = await attaching.sessions.open(state, number, stage=stage, language=texts.language)
    told = [] if before is None else [summary_text(texts, before, await attaching.sessions.count(before))]
    told.append(_opened(texts, number, stage))
    await say(attaching.bot, message, "\n\n".join(told), _done_keyboard(texts, state.key.user_id))


async def change_session(
    attaching: AttachTools,
    message: Message,
    state: FSMContext,
    person: PersonView,
    texts: Texts,
    *,
    number: RequestNumber | None = None,
    stage: Stage | None = None,
) -> bool:
    """Take the session, with what is in it, to another number or stage. False where none is open."""
    session = await attaching.sessions.current(state, message.date)
    if session is None:
        return False
    to, stage = number or session.number, stage or session.stage
    if session.media:
        there = [view.id for view in await attaching.use_cases.reading.several(person.caller, session.media)]
        if to != session.number:
            await attaching.rearranging.move(person.caller, there, to=to, out_of=session.number)
        if stage is not session.stage:
            await attaching.rearranging.attach(person.caller, [to], there, stage=stage)
    await attaching.sessions.change(state, session, number=to, stage=stage)
    await say(attaching.bot, message, _opened(texts, to, stage), _done_keyboard(texts, state.key.user_id))
    return True


async def done(message: Message, texts: Texts, attaching: AttachTools, state: FSMContext) -> None:
    ended = await end_session(attaching, state, texts)
    await say(attaching.bot, message, ended or texts("session-none"))


async def press_done(
    query: CallbackQuery,
    *,
    callback_data: EndSession,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
    state: FSMContext,
) -> str | None:
    if callback_data.person != person.telegram_id:
        raise Refused
    ended = await end_session(attaching, state, texts)
    if ended is None or query.message is None:
        return texts.plain("session-none")
    await say(attaching.bot, query.message, ended)
    return None


async def end_session(attaching: AttachTools, state: FSMContext, texts: Texts) -> str | None:
    """End what is open in this chat; returns the summary to say, None where there is none."""
    session = await attaching.sessions.close(state)
    return None if session is None else await _summary(attaching, texts, session)


async def _summary(attaching: AttachTools, texts: Texts, session: Session) -> str:
    return summary_text(texts, session, await attaching.sessions.count(session))


def _opened(texts: Texts, number: RequestNumber, stage: Stage | None) -> str:
    minutes = max(1, round(SILENCE.total_seconds() / 60))
    return texts("session-open", number=target_text(texts, [number], stage), minutes=minutes)


def _done_keyboard(texts: Texts, person: int) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button(texts.plain("button-done"), EndSession(person=person))]])
