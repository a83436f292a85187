"""Deleting one's own files, one or all of them, and taking that back."""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot.arguments import media_id
from bot.keyboards import (
    DeleteEverything,
    DeleteMedia,
    ListEverything,
    RestoreEverything,
    RestoreMedia,
    privacy_keyboard,
    sure_keyboard,
    undo_everything_keyboard,
    undo_keyboard,
)
from bot.media.everything import ListFile
from bot.media.searches import Searches
from bot.media.words import Words
from bot.saying import PRIVATE, change, say
from bot.sizes import size_text
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.catalog.everything import Everything
from storage.errors import WrongStatus
from storage.use_cases import UseCases


def deleting_router() -> Router:
    router = Router(name="deleting")
    router.message.register(delete, Command("delete", ignore_case=True))
    router.callback_query.register(press_delete, DeleteMedia.filter())
    router.callback_query.register(press_undo, RestoreMedia.filter())
    return router


def privacy_router() -> Router:
    """What is kept of somebody. Its buttons are for who is alone with the bot."""
    router = Router(name="privacy")
    alone = F.message.chat.type == PRIVATE
    router.message.register(privacy, Command("privacy", ignore_case=True))
    router.callback_query.register(
        list_everything, ListEverything.filter(), alone, flags={"chat_action": "upload_document"}
    )
    router.callback_query.register(
        delete_everything, DeleteEverything.filter(F.sure), alone, flags={"chat_action": "typing"}
    )
    router.callback_query.register(ask_whether_sure, DeleteEverything.filter(), alone)
    router.callback_query.register(restore_everything, RestoreEverything.filter(), alone)
    return router


async def delete(
    message: Message, *, command: CommandObject, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases
) -> None:
    wanted = media_id(command.args)
    if wanted is None:
        await say(bot, message, texts("delete-usage"))
        return
    await use_cases.deleting.delete(person.caller, wanted)
    text = texts("delete-done", id=str(wanted), seconds=round(use_cases.deleting.grace))
    await say(bot, message, text, undo_keyboard(texts, wanted))


async def press_delete(
    _query: CallbackQuery, callback_data: DeleteMedia, person: PersonView, texts: Texts, use_cases: UseCases
) -> str:
    """The button on a card: the card itself then shows the way back."""
    await use_cases.deleting.delete(person.caller, callback_data.id)
    return texts.plain("delete-popup")


async def press_undo(
    query: CallbackQuery,
    *,
    callback_data: RestoreMedia,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
) -> str:
    try:
        await use_cases.deleting.restore(person.caller, callback_data.id)
    except WrongStatus:
        return texts.plain("delete-undo-late")
    if query.message is not None and not callback_data.card:
        await change(bot, query.message, texts("restore-done", id=str(callback_data.id)), None)
    return texts.plain("restore-popup")


async def privacy(message: Message, bot: Bot, texts: Texts) -> None:
    alone = message.chat.type == PRIVATE
    await say(bot, message, texts("privacy"), privacy_keyboard(texts) if alone else None)


async def list_everything(
    query: CallbackQuery, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases
) -> None:
    assert query.message is not None
    _, count = await use_cases.reading.own(person.caller, limit=1, offset=0)
    if not count:
        await say(bot, query.message, texts("my-empty"))
        return
    file = ListFile(use_cases.reading, person, texts)
    await bot.send_document(query.message.chat.id, file, caption=texts("list-caption", count=count), parse_mode="HTML")


async def ask_whether_sure(
    query: CallbackQuery, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases
) -> None:
    assert query.message is not None
    kinds = await use_cases.statistics.own(person.caller)
    count, size = sum(one.count for one in kinds), sum(one.size for one in kinds)
    if not count:
        await say(bot, query.message, texts("delete-everything-nothing"))
        return
    text = texts("delete-everything-ask", count=count, size=size_text(texts, size))
    await say(bot, query.message, text, sure_keyboard(texts))


async def delete_everything(
    query: CallbackQuery,
    *,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    everything: Everything,
    words: Words,
    searches: Searches,
    state: FSMContext,
) -> None:
    """What was only said goes at once; files have the time that every delete has."""
    assert query.message is not None
    await words.forget(person.telegram_id)
    await searches.forget(person.telegram_id)
    await state.clear()
    count, since = await everything.delete(person.caller)
    if not count:
        await change(bot, query.message, texts("delete-everything-nothing"), None)
        return
    text = texts("delete-everything-done", count=count, seconds=round(use_cases.deleting.grace))
    await change(bot, query.message, text, undo_everything_keyboard(texts, since))


async def restore_everything(
    query: CallbackQuery,
    *,
    callback_data: RestoreEverything,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    everything: Everything,
) -> None:
    assert query.message is not None
    count = await everything.restore(person.caller, callback_data.time)
    said = texts("restore-everything-done", count=count) if count else texts("restore-everything-late")
    await change(bot, query.message, said, None)
