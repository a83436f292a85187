"""`/channels`: what the bot keeps where, and binding it."""

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, ReplyKeyboardMarkup

from bot.admin.channels import bound_page, channel_key, channel_page, channels_page
from bot.admin.setup import ANY_CHANNEL
from bot.admin.tools import (
    AddChannel,
    AdminTools,
    BindChannel,
    IgnoreChannel,
    ShowChannel,
    ShowChannels,
    UnbindChannel,
    actor,
)
from bot.media.pages import Page
from bot.saying import change, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.domain import Purpose


def admin_channels_router() -> Router:
    router = Router(name="admin channels")
    router.message.register(channels, Command("channels", ignore_case=True))
    router.callback_query.register(show_channels, ShowChannels.filter())
    router.callback_query.register(show_channel, ShowChannel.filter())
    router.callback_query.register(add_channel, AddChannel.filter())
    router.callback_query.register(bind, BindChannel.filter())
    router.callback_query.register(unbind, UnbindChannel.filter())
    router.callback_query.register(ignore, IgnoreChannel.filter())
    return router


async def channels(message: Message, bot: Bot, texts: Texts, admin: AdminTools) -> None:
    page = channels_page(texts, await admin.book.list())
    await say(bot, message, page.text, page.keyboard)


async def show_channels(query: CallbackQuery, bot: Bot, texts: Texts, admin: AdminTools) -> None:
    await _show(query, bot, channels_page(texts, await admin.book.list()))


async def show_channel(
    query: CallbackQuery, *, callback_data: ShowChannel, bot: Bot, texts: Texts, admin: AdminTools
) -> str | None:
    """One channel, as it is now: whoever opens it wants to know."""
    known = {one.state.chat_id for one in await admin.book.list()}
    if callback_data.chat not in known:  # unbound and empty since, or made up
        return texts.plain("channel-unknown")
    await admin.book.examine(callback_data.chat)
    await _show_one(query, bot, texts, admin, callback_data.chat)
    return None


async def add_channel(query: CallbackQuery, bot: Bot, texts: Texts) -> None:
    if query.message is not None:
        keys = ReplyKeyboardMarkup(
            keyboard=[[channel_key(texts.plain("key-any-channel"), ANY_CHANNEL)]],
            resize_keyboard=True,
            one_time_keyboard=True,
        )
        await say(bot, query.message, texts("channel-add"), keys)


async def bind(
    query: CallbackQuery,
    *,
    callback_data: BindChannel,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    admin: AdminTools,
) -> None:
    if callback_data.purpose not in set(Purpose):
        return
    purpose = Purpose(callback_data.purpose)
    bound = await admin.book.bind(purpose, callback_data.chat, by=actor(person))
    await _show(query, bot, bound_page(texts, purpose, callback_data.chat, bound))


async def unbind(
    query: CallbackQuery,
    *,
    callback_data: UnbindChannel,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    admin: AdminTools,
) -> str:
    gone = await admin.book.unbind(callback_data.chat, by=actor(person))
    await _show_one(query, bot, texts, admin, callback_data.chat)
    return texts.plain("channel-unbound" if gone else "channel-not-unbound")


async def ignore(
    query: CallbackQuery, *, callback_data: IgnoreChannel, bot: Bot, texts: Texts, admin: AdminTools
) -> None:
    title = await admin.book.title_of(callback_data.chat) or str(callback_data.chat)
    await _show(query, bot, Page(text=texts("channel-ignored", title=title)))


async def _show(query: CallbackQuery, bot: Bot, page: Page) -> None:
    if query.message is not None:
        await change(bot, query.message, page.text, page.keyboard)


async def _show_one(query: CallbackQuery, bot: Bot, texts: Texts, admin: AdminTools, chat_id: int) -> None:
    listed = await admin.book.list()
    found = next((one for one in listed if one.state.chat_id == chat_id), None)
    await _show(query, bot, channels_page(texts, listed) if found is None else channel_page(texts, admin, found))
