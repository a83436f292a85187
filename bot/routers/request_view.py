"""A request as staff look at it, and what was done to it and to single files."""

from datetime import UTC, date, datetime, tzinfo

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.arguments import media_id, request_number
from bot.media.pages import Page
from bot.requests.history import CHANGES_SHOWN, HistoryPage, history_page
from bot.requests.pages import LIST, OVERVIEW, RequestLinkHelp, RequestSend, RequestView
from bot.requests.viewing import RequestViewer
from bot.saying import change, end_press, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.use_cases import UseCases

_LONGEST_ID = 8
"""Digits alone are a file's number; more of them are a request's, written without its hyphen."""

_MOST_PAGES = 1_000_000


def request_view_router() -> Router:
    router = Router(name="request view")
    router.message.register(show_request, Command("request", ignore_case=True), flags={"chat_action": "upload_photo"})
    router.message.register(show_history, Command("history", ignore_case=True))
    router.callback_query.register(turn_view, RequestView.filter())
    router.callback_query.register(send_album, RequestSend.filter(), flags={"chat_action": "upload_photo"})
    router.callback_query.register(tell_no_link, RequestLinkHelp.filter())
    router.callback_query.register(turn_history, HistoryPage.filter())
    return router


async def show_request(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    request_viewer: RequestViewer,
    timezone: tzinfo,
) -> None:
    """One message about the request, and its first album."""
    number = request_number(command.args, today=_today(timezone))
    if number is None:
        await say(bot, message, texts("request-usage"))
        return
    await request_viewer.show(message, person, texts, number)


async def turn_view(
    query: CallbackQuery,
    *,
    callback_data: RequestView,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    request_viewer: RequestViewer,
    timezone: tzinfo,
) -> None:
    number = request_number(callback_data.number, today=_today(timezone))
    if number is None or query.message is None:
        return
    state = request_viewer.state_of(query, person, number, callback_data.pictures, callback_data.papers)
    match callback_data.view:
        case view if view == LIST:
            page = await request_viewer.listed(person, texts, state, callback_data.page)
        case view if view == OVERVIEW:
            page = await request_viewer.overview(person, texts, state)
        case _:
            page = await request_viewer.timeline(person, texts, state, callback_data.page)
    if page is None:
        await end_press(bot, query, texts.plain("request-nothing", number=number), alert=True)
        return
    await change(bot, query.message, page.text, page.keyboard)


async def send_album(
    query: CallbackQuery,
    *,
    callback_data: RequestSend,
    person: PersonView,
    texts: Texts,
    request_viewer: RequestViewer,
    timezone: tzinfo,
) -> str | None:
    """One album; what it says is shown as a pop-up."""
    number = request_number(callback_data.number, today=_today(timezone))
    if number is None or query.message is None:
        return None
    state = request_viewer.state_of(query, person, number, callback_data.pictures, callback_data.papers)
    return await request_viewer.send_next(query.message, person, texts, state, callback_data.what)


async def tell_no_link(query: CallbackQuery, bot: Bot, texts: Texts) -> None:
    await end_press(bot, query, texts.plain("request-page-local"), alert=True)


async def show_history(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    request_viewer: RequestViewer,
    timezone: tzinfo,
) -> None:
    """Of a file by its number or as a reply to it; of a request by its number."""
    said = (command.args or "").strip()
    reply = message.reply_to_message
    if not said and reply is not None:
        views = await use_cases.reading.behind_message(person.caller, reply.chat.id, reply.message_id)
        said = str(views[0].id) if views else ""
    if not said:
        await say(bot, message, texts("history-usage"))
        return
    if said.lstrip("#").isdecimal() and len(said.lstrip("#")) <= _LONGEST_ID:
        page = await _history(person, texts, use_cases, HistoryPage(id=media_id(said) or 0, page=0), timezone)
        await say(bot, message, page.text, page.keyboard)
        return
    number = request_number(said, today=_today(timezone))
    if number is not None:
        await request_viewer.show_timeline(message, person, texts, number)


async def turn_history(
    query: CallbackQuery,
    *,
    callback_data: HistoryPage,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    timezone: tzinfo,
) -> None:
    if query.message is None:
        return
    page = await _history(person, texts, use_cases, callback_data, timezone)
    await change(bot, query.message, page.text, page.keyboard)


async def _history(
    person: PersonView, texts: Texts, use_cases: UseCases, wanted: HistoryPage, timezone: tzinfo
) -> Page:
    """Raises `MediaNotFound` for what the person may not see."""
    page = max(0, min(wanted.page, _MOST_PAGES))
    history = await use_cases.histories.of_media(
        person.caller, wanted.id, limit=CHANGES_SHOWN, offset=page * CHANGES_SHOWN
    )
    names = await use_cases.names.of(one.by for one in history.changes)
    return history_page(texts, history, page, names=names, timezone=timezone)


def _today(timezone: tzinfo) -> date:
    return datetime.now(UTC).astimezone(timezone).date()
