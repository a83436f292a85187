"""Attaching by commands and by replies, and taking it back: one answer for all, with the count."""

from typing import Any

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, Filter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.attaching.offering import UndoChange
from bot.attaching.tools import AttachTools, means_media, undo_of
from bot.attaching.words import Asked
from bot.lines import numbers_text
from bot.media.incoming import Caption
from bot.media.keeping import Keeper
from bot.routers.attach_sessions import attach_sessions_router, change_session, open_session
from bot.routers.offers import offers_router
from bot.saying import PRIVATE, addressed, change, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.domain import MediaId, Stage
from storage.request_numbers import RequestNumber

_FROM_AND_TO = 2


class SaysNumber(Filter):
    """Passes texts with request numbers in them, as ``numbers``."""

    async def __call__(self, message: Message, keeper: Keeper) -> bool | dict[str, Any]:
        numbers = keeper.caption_of(message.text).numbers
        return bool(numbers) and {"numbers": numbers}


def attaching_router() -> Router:
    """With the routers of sessions and of the buttons on cards."""
    router = Router(name="attaching")
    router.include_routers(attach_sessions_router(), offers_router())
    router.message.register(attach, Command("attach", ignore_case=True))
    router.message.register(report, Command("report", ignore_case=True))
    router.message.register(detach, Command("detach", ignore_case=True))
    router.message.register(move, Command("move", ignore_case=True))
    router.callback_query.register(undo, UndoChange.filter())
    said = F.text & ~F.text.startswith("/")
    router.message.register(attach_by_reply, F.reply_to_message, said, SaysNumber())
    return router


async def attach(
    message: Message,
    *,
    command: CommandObject,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
    state: FSMContext,
) -> None:
    """As a reply, with ids or ``last 5``: those. With a number alone: what comes next."""
    asked = attaching.read(command.args)
    if not asked.numbers:
        await say(attaching.bot, message, texts("attach-help"))
    elif means_media(message, asked):
        await _attach_now(attaching, message, asked, person, texts)
    else:
        await open_session(attaching, message, state, texts, asked)


async def report(
    message: Message,
    *,
    command: CommandObject,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
    state: FSMContext,
) -> None:
    """`attach` with what shows the work done. Media that belong to a request already need no number."""
    read = attaching.read(command.args)
    asked = Asked(numbers=read.numbers, stage=Stage.AFTER, last=read.last, ids=read.ids)
    if means_media(message, asked):
        await _attach_now(attaching, message, await _with_numbers(attaching, message, asked, person), person, texts)
    elif asked.numbers:
        await open_session(attaching, message, state, texts, asked)
    elif not await change_session(attaching, message, state, person, texts, stage=Stage.AFTER):
        await say(attaching.bot, message, texts("report-help"))


async def attach_by_reply(
    message: Message,
    *,
    numbers: tuple[RequestNumber, ...],
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
) -> None:
    """A number in reply to a file, or to a card, says where it belongs."""
    assert message.reply_to_message is not None
    ids = await attaching.behind(message.reply_to_message, person)
    if not ids:
        # In a group people say numbers to each other, too.
        if message.chat.type == PRIVATE or addressed(message, attaching.bot.id):
            await say(attaching.bot, message, texts("attach-no-media"))
        return
    done = await attaching.rearranging.attach(person.caller, numbers, ids)
    await attaching.tell_attached(message, texts, done)


async def detach(
    message: Message, *, command: CommandObject, person: PersonView, texts: Texts, attaching: AttachTools
) -> None:
    """From the requests that are named, or from all."""
    asked = attaching.read(command.args, number_first=False)
    if not means_media(message, asked):
        await say(attaching.bot, message, texts("detach-help"))
        return
    ids = await _required(attaching, message, asked, person, texts)
    if not ids:
        return
    done = await attaching.rearranging.detach(person.caller, ids, numbers=asked.numbers or None)
    text = texts("detach-done", count=done.count, numbers=numbers_text(done.numbers))
    await say(attaching.bot, message, text if done.count else texts("detach-nothing"), undo_of(texts, done))


async def move(
    message: Message,
    *,
    command: CommandObject,
    person: PersonView,
    texts: Texts,
    attaching: AttachTools,
    state: FSMContext,
) -> None:
    """To the number that is named; with two, from the first to the second. Alone in a session: all that is in it."""
    asked = attaching.read(command.args)
    if not 1 <= len(asked.numbers) <= _FROM_AND_TO:
        await say(attaching.bot, message, texts("move-help"))
        return
    to, out_of = asked.numbers[-1], asked.numbers[0] if len(asked.numbers) == _FROM_AND_TO else None
    if not means_media(message, asked):
        if not await change_session(attaching, message, state, person, texts, number=to):
            await say(attaching.bot, message, texts("move-help"))
        return
    ids = await _required(attaching, message, asked, person, texts)
    if not ids:
        return
    done = await attaching.rearranging.move(person.caller, ids, to=to, out_of=out_of)
    text = texts("move-done", count=done.count, number=to)
    await say(attaching.bot, message, text if done.count else texts("move-nothing", number=to), undo_of(texts, done))


async def undo(
    query: CallbackQuery, *, callback_data: UndoChange, person: PersonView, texts: Texts, attaching: AttachTools
) -> str:
    """Take back what the button stands under; only who did it can."""
    done = await attaching.rearranging.undo(person.caller, callback_data.change)
    if query.message is not None and done.count:
        if callback_data.card:
            await attaching.offers.show(callback_data.card, query.message.chat.id, None)
        else:
            await change(attaching.bot, query.message, texts("attach-undone", count=done.count), None)
    return texts.plain("attach-undone-popup" if done.count else "attach-undo-too-late")


async def _attach_now(attaching: AttachTools, message: Message, asked: Asked, person: PersonView, texts: Texts) -> None:
    reply = message.reply_to_message
    ids = await attaching.targets(message, asked, person)
    if not asked.numbers:
        await say(attaching.bot, message, texts("report-help" if ids else "attach-no-media"))
    elif ids:
        done = await attaching.rearranging.attach(person.caller, asked.numbers, ids, stage=asked.stage)
        await attaching.tell_attached(message, texts, done, asked.stage)
    elif asked.last is not None:
        await say(attaching.bot, message, texts("attach-no-last"))
    elif reply is None or not await _kept_now(attaching, reply, person, asked):
        await say(attaching.bot, message, texts("attach-no-media"))


async def _with_numbers(attaching: AttachTools, message: Message, asked: Asked, person: PersonView) -> Asked:
    """With the requests that its media belong to, where none was named."""
    if asked.numbers:
        return asked
    ids = await attaching.targets(message, asked, person)
    views = await attaching.use_cases.reading.several(person.caller, ids)
    known = dict.fromkeys(RequestNumber(number) for view in views for number in view.request_numbers)
    return Asked(numbers=tuple(known), stage=asked.stage, last=asked.last, ids=asked.ids)


async def _required(
    attaching: AttachTools, message: Message, asked: Asked, person: PersonView, texts: Texts
) -> list[MediaId]:
    """The media that a command is about; empty where it was told that there are none."""
    ids = await attaching.targets(message, asked, person)
    if not ids:
        await say(attaching.bot, message, texts("attach-no-last" if asked.last is not None else "attach-no-media"))
    return ids


async def _kept_now(attaching: AttachTools, reply: Message, person: PersonView, asked: Asked) -> bool:
    """A file in a group that was not meant for us until now: whoever attaches it gives it to us. Its card answers."""
    keeper = attaching.keeper
    file = keeper.file_of(reply)
    if file is None or reply.chat.type == PRIVATE:
        return False
    written = keeper.caption_of(reply.caption)
    caption = Caption(
        numbers=asked.numbers,
        stage=asked.stage,
        elsewhere=True,
        tags=written.tags,
        description=written.description,
    )
    return await keeper.keep(person, reply, file, caption)
