"""`/status`: how the gateway is."""

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.admin.status import status_page
from bot.admin.tools import AdminTools, RefreshStatus
from bot.saying import change, say
from bot.texts import Texts
from storage.use_cases import UseCases


def admin_status_router() -> Router:
    router = Router(name="admin status")
    router.message.register(status, Command("status", ignore_case=True))
    router.callback_query.register(refresh, RefreshStatus.filter())
    return router


async def status(message: Message, bot: Bot, texts: Texts, admin: AdminTools, use_cases: UseCases) -> None:
    page = await status_page(texts, admin, use_cases)
    await say(bot, message, page.text, page.keyboard)


async def refresh(query: CallbackQuery, bot: Bot, texts: Texts, admin: AdminTools, use_cases: UseCases) -> None:
    if query.message is not None:
        page = await status_page(texts, admin, use_cases)
        await change(bot, query.message, page.text, page.keyboard)
