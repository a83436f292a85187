"""One's own files: the list with its filters, the search, getting one back, and how much there is."""

from dataclasses import dataclass
from datetime import tzinfo

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.arguments import media_id
from bot.keyboards import FindPage, GetMedia, MyFilters, MyPage, MyRequests
from bot.media.giving import Giver
from bot.media.keeping import Keeper
from bot.media.pages import PAGE_SIZE, Page, criteria_of, filters_page, find_page, my_page, my_requests_page
from bot.media.searches import Searches
from bot.media.usage import usage_text
from bot.saying import PRIVATE, change, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.callers.quotas import usage_of
from storage.errors import Refused
from storage.search.criteria import Criteria
from storage.use_cases import UseCases

_LAST_PAGE = 10**6
_MOST_REQUESTS = 20


def files_router() -> Router:
    router = Router(name="files")
    router.message.register(my_files, Command("my", ignore_case=True))
    router.callback_query.register(turn_my_page, MyPage.filter())
    router.callback_query.register(choose_filter, MyFilters.filter())
    router.callback_query.register(show_my_requests, MyRequests.filter())
    router.message.register(find, Command("find", ignore_case=True))
    router.callback_query.register(turn_find_page, FindPage.filter())
    router.message.register(get, Command("get", ignore_case=True), flags={"chat_action": "upload_document"})
    router.callback_query.register(press_get, GetMedia.filter(), flags={"chat_action": "upload_document"})
    router.message.register(usage, Command("usage", ignore_case=True))
    return router


async def my_files(
    message: Message, *, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases, timezone: tzinfo
) -> None:
    page = await _my_page(use_cases, person, texts, MyPage(page=0), timezone)
    await say(bot, message, page.text, page.keyboard)


async def turn_my_page(
    query: CallbackQuery,
    *,
    callback_data: MyPage,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    timezone: tzinfo,
) -> None:
    if query.message is not None:
        _require_asked_by(query, person)
        page = await _my_page(use_cases, person, texts, callback_data, timezone)
        await change(bot, query.message, page.text, page.keyboard)


async def choose_filter(
    query: CallbackQuery, *, callback_data: MyFilters, bot: Bot, person: PersonView, texts: Texts
) -> None:
    if query.message is not None:
        _require_asked_by(query, person)
        page = filters_page(texts, callback_data.only)
        await change(bot, query.message, page.text, page.keyboard)


async def show_my_requests(
    query: CallbackQuery, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases
) -> None:
    if query.message is not None:
        _require_asked_by(query, person)
        page = my_requests_page(texts, await use_cases.reading.own_numbers(person.caller, limit=_MOST_REQUESTS))
        await change(bot, query.message, page.text, page.keyboard)


async def find(
    message: Message,
    *,
    command: CommandObject,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    keeper: Keeper,
    searches: Searches,
    timezone: tzinfo,
) -> None:
    """Words, tags and request numbers, among all that the person may see."""
    words = (command.args or "").strip()
    if _criteria(keeper, words) is None:
        await say(bot, message, texts("find-usage"))
        return
    search = await searches.ask(person.telegram_id, words)
    page = await _Search(use_cases, keeper, person, texts, timezone).page(words, search, 0)
    await say(bot, message, page.text, page.keyboard)


async def turn_find_page(
    query: CallbackQuery,
    *,
    callback_data: FindPage,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    use_cases: UseCases,
    keeper: Keeper,
    searches: Searches,
    timezone: tzinfo,
) -> None:
    if query.message is None:
        return
    _require_asked_by(query, person)
    words = await searches.words(person.telegram_id, callback_data.search)
    if words is None:
        await change(bot, query.message, texts("find-over"), None)
        return
    search = _Search(use_cases, keeper, person, texts, timezone)
    page = await search.page(words, callback_data.search, callback_data.page)
    await change(bot, query.message, page.text, page.keyboard)


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


async def usage(message: Message, bot: Bot, person: PersonView, texts: Texts, use_cases: UseCases) -> None:
    kinds = await use_cases.statistics.own(person.caller)
    used = await usage_of(use_cases.sessions, person.caller.owner)
    await say(bot, message, usage_text(texts, kinds, person.caller.quota, used))


async def _my_page(use_cases: UseCases, person: PersonView, texts: Texts, wanted: MyPage, timezone: tzinfo) -> Page:
    criteria = criteria_of(wanted.only)
    if criteria is None:
        raise Refused
    page = max(0, min(wanted.page, _LAST_PAGE))
    views, total = await use_cases.reading.own(
        person.caller, limit=PAGE_SIZE, offset=page * PAGE_SIZE, criteria=criteria
    )
    if not views and page:  # what was there has been deleted meanwhile, or the page was made up
        last = MyPage(page=max(0, -(-total // PAGE_SIZE) - 1), only=wanted.only)
        return await _my_page(use_cases, person, texts, last, timezone)
    return my_page(texts, views, page=page, total=total, only=wanted.only, timezone=timezone)


def _criteria(keeper: Keeper, words: str) -> Criteria | None:
    """None where nothing is asked for."""
    asked = keeper.caption_of(words)
    if not asked:
        return None
    return Criteria(query=asked.description, tags=asked.tags, request_numbers=asked.numbers)


@dataclass(frozen=True, slots=True)
class _Search:
    """What somebody asks, in their language."""

    use_cases: UseCases
    keeper: Keeper
    person: PersonView
    texts: Texts
    timezone: tzinfo

    async def page(self, words: str, search: int, page: int) -> Page:
        """A page, or the last one where there are fewer by now."""
        criteria = _criteria(self.keeper, words)
        assert criteria is not None
        page = max(0, min(page, _LAST_PAGE))
        found = await self.use_cases.search.find(self.person.caller, criteria, limit=PAGE_SIZE, offset=page * PAGE_SIZE)
        if not found.media and page:
            last = max(0, -(-found.total // PAGE_SIZE) - 1)
            return await self.page(words, search, min(last, page - 1))
        return find_page(
            self.texts,
            found.media,
            words=words,
            search=search,
            page=page,
            total=found.total,
            timezone=self.timezone,
        )


def _require_asked_by(query: CallbackQuery, person: PersonView) -> None:
    """Somebody's list must not take the place of the one that somebody else asked for. Raises `Refused`."""
    message = query.message
    if message is None:
        return
    if message.chat.type == PRIVATE:
        if message.chat.id != person.telegram_id:
            raise Refused
        return
    reply = message.reply_to_message if isinstance(message, Message) else None
    if reply is None or reply.from_user is None or reply.from_user.id != person.telegram_id:
        raise Refused
