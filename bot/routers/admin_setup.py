"""`/setup`: from a new bot to a gateway that keeps files; and what an admin shares on the way."""

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.filters import Command
from aiogram.types import CallbackQuery, ChatMemberAdministrator, Message, ReplyKeyboardRemove

from bot.admin.channels import bound_page, cut, offer_page
from bot.admin.setup import ANY_CHANNEL, PURPOSES, STAFF_GROUP, passphrase_markup, progress, steps_markup, steps_text
from bot.admin.tools import AdminTools, ShowPassphrase, actor
from bot.saying import say
from bot.texts import Texts
from storage.callers.people import PersonView
from storage.engine.channel_book import Outcome

_IN_A_GROUP = ("administrator", "member", "restricted", "creator")


def admin_setup_router() -> Router:
    router = Router(name="admin setup")
    router.message.register(setup, Command("setup", ignore_case=True))
    router.message.register(chat_shared, F.chat_shared)
    router.callback_query.register(show_passphrase, ShowPassphrase.filter())
    return router


async def setup(message: Message, bot: Bot, texts: Texts, admin: AdminTools) -> None:
    """Where we are, and the keys for what is left."""
    await lead_on(message, bot, texts, admin)


async def lead_on(message: Message, bot: Bot, texts: Texts, admin: AdminTools, *, step: bool = False) -> None:
    """The same after a ``step``, when the passphrase waits until it is all that is left."""
    done = await progress(admin)
    await say(bot, message, steps_text(texts, done), steps_markup(texts, done))
    if not done.passphrase and (done.chats or (done.archive and not step)):
        await say(bot, message, texts("setup-passphrase"), passphrase_markup(texts))


async def chat_shared(message: Message, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools) -> None:
    assert message.chat_shared is not None
    shared = message.chat_shared
    if shared.request_id == STAFF_GROUP:
        await _name_staff_group(message, bot, person, texts, admin)
    elif shared.request_id == ANY_CHANNEL:
        page = offer_page(texts, shared.chat_id, shared.title or str(shared.chat_id))
        await say(bot, message, texts("channel-chosen"), ReplyKeyboardRemove())
        await say(bot, message, page.text, page.keyboard)
    elif shared.request_id in PURPOSES:
        purpose = PURPOSES[shared.request_id]
        bound = await admin.book.bind(purpose, shared.chat_id, by=actor(person))
        page = bound_page(texts, purpose, shared.chat_id, bound)
        going_on = bound.outcome in (Outcome.BOUND, Outcome.SAME)
        await say(bot, message, page.text, None if going_on else page.keyboard)
        if going_on:
            await lead_on(message, bot, texts, admin, step=True)


async def show_passphrase(query: CallbackQuery, person: PersonView, texts: Texts, admin: AdminTools) -> str | None:
    """Once: another one is made on the command line only, by whoever runs the machine."""
    if query.message is None or query.message.chat.type != "private":
        return None
    if await admin.recovery.made_at() is not None:
        return texts.plain("passphrase-made")
    chat_id, seconds = query.message.chat.id, round(admin.vanishing.shown_for)
    place = await admin.vanishing.place(chat_id, texts("secret-coming"))
    passphrase = await admin.recovery.make(by=actor(person))
    if passphrase is None:  # another admin was faster
        return texts.plain("passphrase-made")
    await admin.vanishing.fill(chat_id, place, texts("passphrase", passphrase=passphrase, seconds=seconds))
    return None


async def _name_staff_group(message: Message, bot: Bot, person: PersonView, texts: Texts, admin: AdminTools) -> None:
    assert message.chat_shared is not None
    chat_id = message.chat_shared.chat_id
    try:
        member = await bot.get_chat_member(chat_id, bot.id)
        title = (await bot.get_chat(chat_id)).title or str(chat_id)
    except (TelegramBadRequest, TelegramForbiddenError):
        await say(bot, message, texts("staff-group-not-in"))
        return
    if member.status not in _IN_A_GROUP:
        await say(bot, message, texts("staff-group-not-in"))
        return
    await admin.groups.bind_staff_chat(chat_id, by=person.telegram_id, title=title)
    bound = await admin.groups.staff_chat() == chat_id
    await say(bot, message, texts("staff-group-bound" if bound else "staff-group-fixed", title=cut(title)))
    if not isinstance(member, ChatMemberAdministrator):
        await say(bot, message, texts("staff-group-no-admin", title=cut(title)))
    await lead_on(message, bot, texts, admin, step=True)
