"""`/block` and `/unblock`: people who get no answers."""

from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.admin.people import blocked_page, person_page
from bot.admin.tools import AdminTools, SetBlocked, actor
from bot.routers.admin_people import who
from bot.saying import PRIVATE, change, say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.callers.roster import Change, Known


def admin_blocking_router() -> Router:
    router = Router(name="admin blocking")
    router.message.register(block, Command("block", "unblock", ignore_case=True))
    router.callback_query.register(press_blocked, SetBlocked.filter())
    return router


async def block(
    message: Message, *, command: CommandObject, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools
) -> None:
    """As a reply, or with an id or ``@name``; alone: who is blocked."""
    blocked = command.command.lower() == "block"
    user, wanted = who(message), (command.args or "").strip()
    known: Known | None = None
    if user is not None or wanted:
        known = await admin.roster.find(wanted or str(user.id if user else 0))
    elif message.chat.type == PRIVATE:
        page = blocked_page(texts, await admin.roster.blocked())
        await say(bot, message, f"{page.text}\n\n{texts('block-how')}", page.keyboard)
        return
    if known is None:
        await say(bot, message, texts("person-unknown"))
        return
    await say(bot, message, await _set(texts, admin, person, known, blocked=blocked))


async def press_blocked(
    query: CallbackQuery,
    *,
    callback_data: SetBlocked,
    bot: Bot,
    person: PersonView,
    texts: Texts,
    admin: AdminTools,
) -> str:
    known = await admin.roster.find(str(callback_data.id))
    if known is None:
        return texts.plain("person-unknown")
    said = await _set(texts, admin, person, known, blocked=callback_data.blocked)
    known = await admin.roster.find(str(callback_data.id))
    if query.message is not None and known is not None:
        page = person_page(texts, known)
        await change(bot, query.message, page.text, page.keyboard)
    return said.replace("<b>", "").replace("</b>", "")


async def _set(texts: Texts, admin: AdminTools, person: PersonView, known: Known, *, blocked: bool) -> str:
    act = admin.roster.block if blocked else admin.roster.unblock
    done = await act(known.telegram_id, by=actor(person))
    match done:
        case Change.FIXED | Change.LAST_ADMIN:
            return texts("block-admin", name=known.name)
        case Change.UNKNOWN:
            return texts("person-unknown")
        case Change.DONE | Change.SAME:
            return texts("person-blocked" if blocked else "person-unblocked", name=known.name)
