"""One's own files: the list, getting one back, deleting one and taking that back."""

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.arguments import media_id
from bot.giving import Giver
from bot.keyboards import DeleteMedia, GetMedia, MyPage, RestoreMedia, undo_keyboard
from bot.pages import PAGE_SIZE, Page, my_page
from bot.saying import PRIVATE, change, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.errors import Refused
from storage.use_cases import UseCases


def files_router() -> Router:
    router = Router(name="files")
    router.message.register(my_files, Command("my", ignore_case=True))
    router.callback_query.register(turn_my_page, MyPage.filter())
    router.message.register(get, Command("get", ignore_case=True), flags={"chat_action": "upload_document"})
    router.callback_query.register(press_get, GetMedia.filter(), flags={"chat_action": "upload_document"})
    router.message.register(delete, Command("delete", ignore_case=True))
    router.callback_query.register(press_delete, DeleteMedia.filter())
    router.callback_query.register(press_undo, RestoreMedia.filter())
    return router


async def my_files(message: Message, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases) -> None:
    page = await _my_page(use_cases, person, texts, 0)
    await say(bot, message, page.text, page.keyboard)


async def turn_my_page(
    query: CallbackQuery, *, callback_data: MyPage, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases
) -> None:
    message = query.message
    if message is None:
        return
    if message.chat.type != PRIVATE and not _asked_by(message, person):
        raise Refused  # their own list would take the place of the one somebody else asked for
    page = await _my_page(use_cases, person, texts, callback_data.page)
    await change(bot, message, page.text, page.keyboard)


async def get(
    message: Message, *, command: CommandObject, bot: Bot, person: PersonView, texts: Texts, giver: Giver
) -> None:
    wanted = media_id(command.args)
    if wanted is None:
        await say(bot, message, texts("get-usage"))
    else:
        await giver.give(message, person, texts, wanted)


async def press_get(
    query: CallbackQuery, callback_data: GetMedia, person: PersonView, texts: Texts, giver: Giver
) -> None:
    if query.message is not None:
        await giver.give(query.message, person, texts, callback_data.id)


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
    await use_cases.deleting.restore(person.caller, callback_data.id)
    if query.message is not None and not callback_data.card:
        await change(bot, query.message, texts("restore-done", id=str(callback_data.id)), None)
    return texts.plain("restore-popup")


async def _my_page(use_cases: UseCases, person: PersonView, texts: Texts, page: int) -> Page:
    page = max(0, min(page, 10**6))
    views, total = await use_cases.reading.own(person.caller, limit=PAGE_SIZE, offset=page * PAGE_SIZE)
    if not views and page:  # what was there has been deleted meanwhile, or the page was made up
        return await _my_page(use_cases, person, texts, max(0, -(-total // PAGE_SIZE) - 1))
    return my_page(texts, views, page=page, total=total)


def _asked_by(message: object, person: PersonView) -> bool:
    reply = message.reply_to_message if isinstance(message, Message) else None
    return reply is not None and reply.from_user is not None and reply.from_user.id == person.telegram_id
