"""A request as staff look at it: what belongs to it."""

from datetime import UTC, date, datetime, tzinfo

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.arguments import request_number
from bot.giving import Giver
from bot.keyboards import RequestPage
from bot.pages import REQUEST_LIMIT, request_page
from bot.saying import change, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.use_cases import UseCases


def request_view_router() -> Router:
    router = Router(name="request view")
    router.message.register(show_request, Command("request", ignore_case=True), flags={"chat_action": "upload_photo"})
    router.callback_query.register(turn_request_page, RequestPage.filter())
    return router


async def show_request(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    giver: Giver,
    timezone: tzinfo,
) -> None:
    number = request_number(command.args, today=_today(timezone))
    if number is None:
        await say(bot, message, texts("request-usage"))
        return
    views = await use_cases.reading.of_request(person.caller, number, limit=REQUEST_LIMIT)
    page = request_page(texts, number, views, page=0)
    await say(bot, message, page.text, page.keyboard)
    await giver.show_photos(message, views)


async def turn_request_page(
    query: CallbackQuery,
    *,
    callback_data: RequestPage,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    timezone: tzinfo,
) -> None:
    number = request_number(callback_data.number, today=_today(timezone))
    if number is None or query.message is None:
        return
    views = await use_cases.reading.of_request(person.caller, number, limit=REQUEST_LIMIT)
    page = request_page(texts, number, views, page=max(0, callback_data.page))
    await change(bot, query.message, page.text, page.keyboard)


def _today(timezone: tzinfo) -> date:
    return datetime.now(UTC).astimezone(timezone).date()
